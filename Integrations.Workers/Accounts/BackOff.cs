namespace Integrations.Workers.Accounts;

/// <summary>How long to wait after a number of failures in a row: doubling up to a limit, 20 % to either side at random.</summary>
internal static class BackOff
{
    /// <param name="failures">1 after the first.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan limit, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var steady = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)), limit.TotalMilliseconds);
        // Jitter, so that accounts that failed together do not come back together.
        return TimeSpan.FromMilliseconds(steady * (0.8 + 0.4 * random.NextDouble()));
    }
}
