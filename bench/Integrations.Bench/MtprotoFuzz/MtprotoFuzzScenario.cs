using Integrations.Bench.Product;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>Runs <see cref="MtprotoFuzz"/> and writes down what came of it; exit 0 when nothing was found.</summary>
internal sealed class MtprotoFuzzScenario(long inputs, int seed, bool knownBug, string? file)
{
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var report = await MtprotoFuzz.RunAsync(inputs, seed, knownBug, cancellationToken);
        foreach (var finding in report.Findings)
            Console.Error.WriteLine(finding);
        var json = report.ToJson().ToJsonString(Json.Indented);
        Console.WriteLine(json);
        if (file is not null)
            await File.WriteAllTextAsync(file, json + "\n", cancellationToken);
        return report.IsClean ? 0 : 1;
    }
}
