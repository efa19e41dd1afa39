namespace Integrations.Core.Webhooks;

/// <summary>When a delivery that failed is tried again. It reads no clock and draws no chance of its own.</summary>
public sealed class RetrySchedule
{
    /// <summary>Ten tries over three days and four hours: the example of Standard Webhooks 1.0.0.</summary>
    public static readonly RetrySchedule Standard = new(
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24));

    /// <summary>Of each step, either way: what failed together does not come back together.</summary>
    public const double Jitter = 0.2;

    /// <summary>Least wait after an overload.</summary>
    public static readonly TimeSpan OverloadPause = TimeSpan.FromMinutes(1);

    /// <summary>
    /// What <c>Retry-After</c> may ask for at least, whichever step it is: the first steps are shorter than a receiver needs for a restart.
    /// </summary>
    public static readonly TimeSpan LeastCap = TimeSpan.FromHours(1);

    private readonly TimeSpan[] _steps;

    /// <param name="steps">The wait after the first failure, after the second…; one try more than there are steps.</param>
    public RetrySchedule(params IReadOnlyList<TimeSpan> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        foreach (var step in steps)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(step, TimeSpan.Zero, nameof(steps));
        _steps = [.. steps];
    }

    public int MaxTries => _steps.Length + 1;

    /// <summary>How long to wait before the next try.</summary>
    /// <param name="tries">How many there have been, the one that came to this outcome included.</param>
    /// <remarks>
    /// What the receiver asked for is kept to, never earlier and up to a fifth later, but not beyond twice the step or <see cref="LeastCap"/>:
    /// a header cannot put a delivery off for ever.
    /// </remarks>
    /// <returns>Null when there is no next: it arrived, the endpoint is gone, or this was the last try.</returns>
    public TimeSpan? DelayAfter(int tries, WebhookOutcome outcome, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tries, 1);
        ArgumentNullException.ThrowIfNull(random);
        if (tries >= MaxTries || outcome.Result is WebhookResult.Delivered or WebhookResult.Gone)
            return null;

        var step = _steps[tries - 1];
        var chance = random.NextDouble();
        var delay = step * (1 - Jitter + 2 * Jitter * chance);
        if (outcome.Result is WebhookResult.Overloaded)
            delay = Max(delay, OverloadPause);
        if (outcome.RetryAfter is { } asked)
            delay = Max(delay, Min(asked, Max(2 * step, LeastCap)) * (1 + Jitter * chance));
        return delay;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
