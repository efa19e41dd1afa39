namespace Integrations.Testing;

/// <summary>What <c>./test --long</c> does more of: seeds, fuzzing, kill rounds.</summary>
public static class LongRun
{
    private static readonly bool IsOn = Environment.GetEnvironmentVariable("INTEGRATIONS_LONG") == "1";

    /// <summary>The only seed to run, as <c>./test --seed N</c> says; null runs all.</summary>
    public static int? Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("INTEGRATIONS_SEED"), out var seed) ? seed : null;

    /// <summary>How often: as a rule, or in a long run.</summary>
    public static int Rounds(int usually, int inLongRun) => IsOn ? inLongRun : usually;
}
