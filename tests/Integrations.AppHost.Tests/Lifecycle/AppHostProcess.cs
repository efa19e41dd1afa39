using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.TestHost;

namespace Integrations.AppHost.Tests.Lifecycle;

/// <summary>An application host as a process of its own, with data in a temporary directory.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    /// <summary>For a machine that is busy with other tests.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private AppHostProcess(Process process, string data)
    {
        _process = process;
        Data = data;
    }

    public static HttpClient Http { get; } = new();

    public string Data { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts the test application, on free ports unless told otherwise.</summary>
    public static AppHostProcess Start(string data, params string[] options)
    {
        string[] ports = options.Contains("--ports") ? [] : ["--ports", "auto"];
        return StartProgram(typeof(TestApplication).Assembly.Location, data, ["apphost", "--data", data, .. ports, .. options]);
    }

    public static AppHostProcess StartProgram(string assembly, string data, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", assembly, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var host = new AppHostProcess(Process.Start(start)!, data);
        host._process.OutputDataReceived += host.Append;
        host._process.ErrorDataReceived += host.Append;
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Waits until everything is ready, and returns the addresses for scripts.</summary>
    public Task<JsonObject> ReadyAsync() => EventuallyAsync(
        () => ReadAddresses() is { } addresses && (bool)addresses["ready"]! ? addresses : null, "that everything is ready");

    /// <summary>Waits until the state of one copy satisfies the condition, and returns it.</summary>
    public Task<RunStateOfCopy> StateAsync(string id, Func<RunStateOfCopy, bool> condition) => EventuallyAsync(
        () => Read() is { } state && state.Resources.TryGetValue(id, out var copy) && condition(copy) ? copy : null, $"a state of {id}");

    /// <summary>Polls until there is a value; fails with what the application host printed.</summary>
    public async Task<T> EventuallyAsync<T>(Func<T?> ask, string what)
        where T : class
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        var began = Stopwatch.StartNew();
        while (began.Elapsed < Limit)
        {
            if (ask() is { } answer)
            {
                return answer;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        var state = File.Exists(DataDirectory.StateOf(Data)) ? await File.ReadAllTextAsync(DataDirectory.StateOf(Data)) : "no state file";
        throw new TimeoutException($"Waited {Limit.TotalSeconds} s for {what}. It printed:\n{Output}\n{state}");
    }

    /// <summary>What this application host says; an earlier one that was killed may have left its own.</summary>
    public RunState? Read() => AddressFile.ReadState(DataDirectory.StateOf(Data)) is { } state && state.Pid == Pid ? state : null;

    public JsonObject? ReadAddresses()
    {
        var path = Path.Combine(Data, "run", "addresses.json");
        return File.Exists(path) && JsonNode.Parse(File.ReadAllText(path))!.AsObject() is var addresses && (int)addresses["pid"]! == Pid
            ? addresses
            : null;
    }

    public Dictionary<string, string> Parameters() =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Data, "parameters.json")))!;

    /// <summary>Who was recorded as started.</summary>
    public IReadOnlyList<ProcessIdentity> Children() =>
    [
        .. Directory.GetFiles(Path.Combine(Data, "run", "processes")).Select(ProcessRecord.Read).OfType<ProcessRecord>()
            .Select(record => record.Process),
    ];

    public void Signal(int signal) => Posix.Signal(Pid, signal);

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal(Posix.SignalTerminate);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        await Leftovers.StopAsync(Path.Combine(Data, "run", "processes"), TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
