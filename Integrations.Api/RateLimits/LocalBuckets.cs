using Integrations.Core.RateLimits;

namespace Integrations.Api.RateLimits;

/// <summary>Token buckets of this process alone, for while Redis does not answer: the same numbers, of a bounded number of callers.</summary>
internal sealed class LocalBuckets(TimeProvider time)
{
    /// <summary>Buckets. Past it the full ones are dropped, which loses nothing, and if that is not enough the fuller half.</summary>
    internal const int Capacity = 20_000;

    private readonly Lock _lock = new();

    /// <summary>When each will be full, in microseconds; the same arithmetic as the script's in <see cref="RedisBuckets"/>.</summary>
    private readonly Dictionary<string, long> _full = new(StringComparer.Ordinal);

    internal int Count
    {
        get
        {
            lock (_lock)
                return _full.Count;
        }
    }

    public BucketAnswer Take(string bucket, RateLimit limit)
    {
        var step = (60_000_000L + limit.PerMinute - 1) / limit.PerMinute;
        var depth = step * limit.Burst;
        var now = RedisBuckets.Microseconds(time.GetUtcNow());
        lock (_lock)
        {
            var full = Math.Clamp(_full.GetValueOrDefault(bucket, now), now, now + depth);
            var admitted = full + step - now <= depth;
            if (admitted)
            {
                full += step;
                if (_full.Count >= Capacity && !_full.ContainsKey(bucket))
                    Forget(now);
                _full[bucket] = full;
            }

            return new(
                admitted,
                (int)((depth - (full - now)) / step),
                TimeSpan.FromMicroseconds(Math.Max(0, full + step - depth - now)),
                TimeSpan.FromMicroseconds(full - now));
        }
    }

    /// <summary>Redis counts again; what was counted here is over.</summary>
    public void Clear()
    {
        lock (_lock)
            _full.Clear();
    }

    private void Forget(long now)
    {
        foreach (var bucket in _full.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToList())
            _full.Remove(bucket);
        if (_full.Count < Capacity)
            return;

        foreach (var bucket in _full.OrderBy(entry => entry.Value).Take(Capacity / 2).Select(entry => entry.Key).ToList())
            _full.Remove(bucket);
    }
}
