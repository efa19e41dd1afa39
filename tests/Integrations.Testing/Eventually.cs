using Xunit;

namespace Integrations.Testing;

/// <summary>For what no signal tells: asks again and again until it is so, or fails with what it saw last.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Generous, because test machines are busy; a passing test never waits for it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Returns the first value that satisfies <paramref name="isSo"/>.</summary>
    /// <param name="what">The expectation in words, for the failure.</param>
    /// <param name="look">Asked every 50 ms; its exceptions end the wait.</param>
    /// <param name="isSo">The condition.</param>
    /// <param name="within">Two minutes unless given.</param>
    public static async Task<T> BecomesAsync<T>(
        string what, Func<CancellationToken, Task<T>> look, Predicate<T> isSo, TimeSpan? within = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var limit = within ?? Limit;
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look(cancellationToken);
            if (isSo(seen))
                return seen;

            if (TimeProvider.System.GetElapsedTime(began) >= limit)
                throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what}. Seen last: {seen}");

            await Task.Delay(Pause, cancellationToken);
        }
    }
}
