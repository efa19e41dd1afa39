using Integrations.Bench.MtprotoFuzz;

namespace Integrations.Mtproto.Tests;

/// <summary>A short piece of <c>bench/run mtproto-fuzz</c>.</summary>
public sealed class WireFuzzTests
{
    private const int Inputs = 200_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_read_off_the_wire_is_refused_in_the_documented_way_and_within_its_size()
    {
        var report = await MtprotoFuzz.RunAsync(Inputs, Testing.LongRun.Seed ?? 1, knownBug: false, Token);

        Assert.True(report.IsClean, string.Join(Environment.NewLine, report.Findings));
        Assert.True(report.Inputs.Values.Sum() >= Inputs);
    }

    [Fact]
    public async Task A_reader_with_known_bugs_is_found_out()
    {
        var report = await MtprotoFuzz.RunAsync(5_000, 1, knownBug: true, Token);

        Assert.Contains(report.Findings, finding => finding.Contains("bytes of memory", StringComparison.Ordinal));
        Assert.Contains(report.Findings, finding => finding.Contains("ArgumentOutOfRangeException", StringComparison.Ordinal));
    }
}
