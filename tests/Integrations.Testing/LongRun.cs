namespace Integrations.Testing;

/// <summary>What <c>./test --long</c> does more of: seeds, fuzzing, kill rounds.</summary>
public static class LongRun
{
    private static readonly bool IsOn = Environment.GetEnvironmentVariable("INTEGRATIONS_LONG") == "1";

    /// <summary>How often: as a rule, or in a long run.</summary>
    public static int Rounds(int usually, int inLongRun) => IsOn ? inLongRun : usually;
}
