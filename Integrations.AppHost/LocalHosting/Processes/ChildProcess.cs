using System.Diagnostics;
using System.Globalization;

namespace Integrations.AppHost.LocalHosting.Processes;

/// <summary>What to start.</summary>
/// <param name="FileName">Full path of the program.</param>
internal sealed record ProcessPlan(string FileName, IReadOnlyList<string> Arguments)
{
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>The whole environment; nothing is inherited besides.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Opened for the program as descriptor 9.</summary>
    public string? Directory { get; init; }

    /// <summary>Runs the program as this user instead of the caller.</summary>
    public SystemUser? User { get; init; }

    /// <summary>The signal that asks the program to end in good order.</summary>
    public int StopSignal { get; init; } = Posix.SignalTerminate;

    /// <summary>How long it may take to end before it is killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// A process of ours, in a session of its own: a Ctrl-C on the terminal reaches only the application host, and one signal reaches the
/// process with all of its children.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly string LaunchScript = ReadLaunchScript();

    private readonly Process _process;
    private readonly ProcessPlan _plan;
    private readonly string _record;

    private ChildProcess(Process process, ProcessPlan plan, string record)
    {
        _process = process;
        _plan = plan;
        _record = record;
    }

    public int Pid => _process.Id;

    /// <summary>Starts the program and writes <paramref name="record"/>.</summary>
    /// <param name="output">Takes each line of standard output and error.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The launcher cannot be started.</exception>
    public static ChildProcess Start(ProcessPlan plan, string record, Action<string> output)
    {
        var start = new ProcessStartInfo("/usr/bin/setsid")
        {
            WorkingDirectory = plan.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        List<string> arguments =
            ["/bin/sh", "-c", LaunchScript, "sh", record, plan.StopSignal.ToString(CultureInfo.InvariantCulture), plan.Directory ?? ""];
        if (plan.User is { } user)
        {
            arguments.AddRange(["/usr/bin/setpriv", $"--reuid={user.Id}", $"--regid={user.Group}", "--clear-groups", "--"]);
        }

        arguments.Add(plan.FileName);
        arguments.AddRange(plan.Arguments);
        arguments.ForEach(start.ArgumentList.Add);
        start.Environment.Clear();
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The launcher did not start.");
        process.StandardInput.Close();
        _ = LineReader.PumpAsync(process.StandardOutput, output);
        _ = LineReader.PumpAsync(process.StandardError, output);
        return new ChildProcess(process, plan, record);
    }

    /// <summary>Waits for the end and returns the exit code, 128 + n when signal n ended it.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        // What the program itself started does not outlive it.
        Posix.SignalGroup(Pid, Posix.SignalKill);
        File.Delete(_record);
        return _process.ExitCode;
    }

    /// <summary>Asks the process to end, and kills its group when it has not after the plan's grace.</summary>
    public async Task StopAsync(TimeProvider time)
    {
        if (_process.HasExited)
        {
            return;
        }

        Posix.Signal(Pid, _plan.StopSignal);
        using var grace = new CancellationTokenSource(_plan.Grace, time);
        try
        {
            await WaitAsync(grace.Token);
        }
        catch (OperationCanceledException) when (grace.IsCancellationRequested)
        {
            Posix.SignalGroup(Pid, Posix.SignalKill);
            await WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Kills the process and its group without waiting.</summary>
    public void Kill() => Posix.SignalGroup(Pid, Posix.SignalKill);

    public void Dispose() => _process.Dispose();

    private static string ReadLaunchScript()
    {
        using var stream = typeof(ChildProcess).Assembly.GetManifestResourceStream("launch.sh")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
