using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Session;

/// <summary>How long to wait before connecting again: not at all at first, then 1, 2, 4, … seconds, with jitter.</summary>
internal sealed class ReconnectDelay(SessionTimings timings, IRandomSource random)
{
    private int _failures;

    /// <summary>A connection lived long enough to count as good.</summary>
    public void Succeeded() => _failures = 0;

    public TimeSpan Next(bool flooded)
    {
        var doublings = Math.Min(_failures - 1, 16);
        var delay = _failures == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1) * Math.Pow(2, doublings);
        _failures++;
        if (delay > timings.LongestReconnectDelay)
            delay = timings.LongestReconnectDelay;
        if (flooded && delay < timings.FloodDelay)
            delay = timings.FloodDelay;

        // ±20 %, so that a thousand accounts cut off together do not come back together.
        return delay * (0.8 + (0.4 * random.NextFraction()));
    }
}
