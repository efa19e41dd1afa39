using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Integrations.Workers.Tests.Ownership;

/// <summary>A worker as the operator runs it: a process of its own.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private WorkerProcess(Process process) => _process = process;

    /// <summary>Returns once the host says that it has started.</summary>
    public static async Task<WorkerProcess> StartAsync(TestInstallation installation, params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Integrations.Workers.dll")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in installation.WorkerSettings().Concat(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))))
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;

        var worker = new WorkerProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        worker._process.EnableRaisingEvents = true;
        worker._process.Exited += (_, _) => started.TrySetException(new InvalidOperationException(string.Join('\n', worker._lines)));
        worker._process.OutputDataReceived += (_, line) => worker.Read(line.Data, started);
        worker._process.ErrorDataReceived += (_, line) => worker.Read(line.Data, started);
        worker._process.BeginOutputReadLine();
        worker._process.BeginErrorReadLine();
        await started.Task.WaitAsync(TimeSpan.FromSeconds(180), TestContext.Current.CancellationToken);
        return worker;
    }

    public bool HasExited => _process.HasExited;

    /// <param name="name">Of a signal, as <c>STOP</c>.</param>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Also one that is stopped; how a worker ends in good order is another test's business.
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        foreach (var line in _lines)
            TestContext.Current.TestOutputHelper?.WriteLine($"{_process.Id}: {line}");
        _process.Dispose();
    }

    private void Read(string? line, TaskCompletionSource started)
    {
        if (line is null)
            return;

        _lines.Enqueue(line);
        if (line.Contains("Application started", StringComparison.Ordinal))
            started.TrySetResult();
    }
}
