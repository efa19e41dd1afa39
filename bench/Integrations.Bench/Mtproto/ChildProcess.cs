using System.Diagnostics;
using System.Globalization;
using Integrations.Bench.Product;

namespace Integrations.Bench.Mtproto;

/// <summary>A process that is told steps by lines and answers each with a figure.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly string _name;
    private readonly Queue<string> _lastErrors = new();

    private ChildProcess(Process process, string name)
    {
        (_process, _name) = (process, name);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_lastErrors)
            {
                if (line.Data is { } text)
                    _lastErrors.Enqueue(text);
                if (_lastErrors.Count > 20)
                    _lastErrors.Dequeue();
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>This program again, as another part of the measurement.</summary>
    /// <param name="runtimeConfig">Another program's <c>runtimeconfig.json</c>, whose settings of the collector are to hold; null for this program's own.</param>
    public static ChildProcess StartOwn(string? runtimeConfig, params string[] arguments)
    {
        var dll = typeof(ChildProcess).Assembly.Location;
        string[] host = runtimeConfig is null
            ? [dll]
            : ["exec", "--runtimeconfig", runtimeConfig, "--depsfile", Path.ChangeExtension(dll, ".deps.json"), dll];
        return Start("dotnet", [.. host, .. arguments]);
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new ChildProcess(Process.Start(start) ?? throw new ScenarioException($"{program} did not start"), start.ArgumentList.Last());
    }

    /// <summary>The memory that is this process's own share, in kB: what it shares with others counts in parts.</summary>
    public double PssKb()
    {
        // Pss:               12345 kB
        var line = File.ReadLines($"/proc/{_process.Id}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
        return double.Parse(line.AsSpan(4).TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
    }

    /// <summary>Tells a step and waits for its figure.</summary>
    public async Task<double> StepAsync(string step, CancellationToken ct)
    {
        await _process.StandardInput.WriteLineAsync(step.AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
        return double.Parse(await HearAsync(ct), CultureInfo.InvariantCulture);
    }

    public async Task<string> HearAsync(CancellationToken ct) => await _process.StandardOutput.ReadLineAsync(ct) ?? throw Ended();

    public async ValueTask DisposeAsync()
    {
        // The end of its input is the order to stop.
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private ScenarioException Ended()
    {
        lock (_lastErrors)
            return new ScenarioException($"the process {_name} ended too early:\n{string.Join('\n', _lastErrors)}");
    }
}
