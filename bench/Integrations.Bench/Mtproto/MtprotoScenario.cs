using System.Text.Json;
using Integrations.Bench.Product;

namespace Integrations.Bench.Mtproto;

/// <summary>Measures the Telegram client library beside Telethon: each client in a process of its own, the sandbox in another.</summary>
internal sealed class MtprotoScenario(MtprotoScenarioOptions options)
{
    /// <summary>Debian's, which has python3-telethon.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly string TelethonScript = Path.Combine(AppContext.BaseDirectory, "Mtproto", "telethon_client.py");
    private readonly Dictionary<string, double> _figures = [];

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("integrations-bench-mtproto-");
        try
        {
            _figures["ige_mb_s"] = CipherFigures.IgeMbPerSecond();
            _figures["alloc_per_message"] = CipherFigures.AllocatedPerMessage();

            // One more than is counted: the first account pays for what every process has once, the compiled code above all.
            var world = Path.Combine(directory.FullName, "world.json");
            await using var sandbox = ChildProcess.StartOwn(
                null, "mtproto-sandbox", "--accounts", $"{options.Accounts + 1}", "--dialogs", $"{options.Dialogs}", "--file", world);
            await sandbox.HearAsync(ct);

            _figures["connect_1000_s"] = await ConnectAsync(() => Ours(world), ct);
            _figures["idle_account_kb"] = await IdleAsync(() => Ours(world), ct);
            _figures["rpc_per_cpu_s"] = await AskAsync(() => Ours(world), ct);
            _figures["rpc_per_cpu_s_telethon"] = await AskAsync(() => Telethon(world), ct);
            _figures["idle_account_kb_telethon"] = await IdleAsync(() => Telethon(world), ct);
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        var isClean = await FuzzAsync(ct);
        var json = JsonSerializer.Serialize(_figures.ToDictionary(pair => pair.Key, pair => Math.Round(pair.Value, 2)), Json.Indented);
        Console.WriteLine(json);
        if (options.File is not null)
            await File.WriteAllTextAsync(options.File, json + "\n", ct);
        return isClean ? 0 : 1;
    }

    /// <summary>Last, for it takes both cores; <c>bench/run mtproto-fuzz</c> tells the same by target.</summary>
    private async Task<bool> FuzzAsync(CancellationToken ct)
    {
        var report = await MtprotoFuzz.MtprotoFuzz.RunAsync(options.FuzzInputs, seed: 1, knownBug: false, ct);
        foreach (var finding in report.Findings)
            Console.Error.WriteLine(finding);
        _figures["fuzz_inputs"] = report.Inputs.Values.Sum();
        _figures["fuzz_failures"] = report.Failures.Values.Sum();
        return report.IsClean;
    }

    /// <summary>Sessions as a worker finds them at its start, in a process that has run nothing yet.</summary>
    private async Task<double> ConnectAsync(Func<ChildProcess> start, CancellationToken ct)
    {
        await using var client = start();
        return await client.StepAsync($"connect {options.Accounts}", ct);
    }

    private async Task<double> IdleAsync(Func<ChildProcess> start, CancellationToken ct)
    {
        await using var client = start();
        await client.StepAsync("connect 1", ct);
        await client.StepAsync("dialogs", ct);
        var before = client.PssKb();
        await client.StepAsync($"connect {options.Accounts}", ct);
        var dialogs = await client.StepAsync("dialogs", ct);
        if (dialogs < options.Dialogs)
            throw new ScenarioException($"an account has {dialogs} dialogs, not {options.Dialogs}");
        await Task.Delay(TimeSpan.FromSeconds(options.IdleSeconds), ct);
        return (client.PssKb() - before) / options.Accounts;
    }

    private async Task<double> AskAsync(Func<ChildProcess> start, CancellationToken ct)
    {
        await using var client = start();
        await client.StepAsync("connect 1", ct);
        // The first calls pay for the compiler, of the one as of the other.
        await client.StepAsync($"rpc {options.Calls}", ct);
        return await client.StepAsync($"rpc {options.Calls}", ct);
    }

    /// <summary>With the collector as the product's workers have it.</summary>
    private ChildProcess Ours(string world) =>
        ChildProcess.StartOwn(WorkersRuntimeConfig(), "mtproto-client", "--file", world, "--depth", $"{options.Depth}");

    private ChildProcess Telethon(string world) => ChildProcess.Start(Python, [TelethonScript, world, $"{options.Depth}"]);

    private static string WorkersRuntimeConfig() =>
        Directory.EnumerateFiles(Path.Combine(ProductProcess.RepositoryRoot(), "Integrations.Workers", "bin"), "Integrations.Workers.runtimeconfig.json", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .FirstOrDefault() ?? throw new ScenarioException("Integrations.Workers is not built; bench/run builds it");
}

/// <summary>How much is measured.</summary>
internal sealed record MtprotoScenarioOptions
{
    public required int Accounts { get; init; }

    public required int IdleSeconds { get; init; }

    public required long FuzzInputs { get; init; }

    public required string? File { get; init; }

    public int Dialogs { get; init; } = 50;

    /// <summary>Calls of a round; Telethon makes as many.</summary>
    public int Calls { get; init; } = 500_000;

    /// <summary>Calls under way at once.</summary>
    public int Depth { get; init; } = 64;
}
