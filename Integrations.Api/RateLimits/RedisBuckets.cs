using Integrations.Api.Redis;
using Integrations.Core.RateLimits;
using StackExchange.Redis;

namespace Integrations.Api.RateLimits;

/// <summary>Token buckets that all copies of the service share.</summary>
internal sealed class RedisBuckets(RedisConnection redis)
{
    // A bucket is one number: the moment, in microseconds, at which it will be full again. A token moves that moment one step away; a bucket
    // that is full is one that is not there, so the key's own expiry is all the cleaning there is. Redis' clock is the only one that all copies
    // have in common. Numbers are whole, and formatted by hand: Lua would print them with 14 digits and lose the microseconds.
    private const string TakeScript =
        """
        local step = math.ceil(60000000 / ARGV[1])
        local depth = step * ARGV[2]
        local now = tonumber(ARGV[3])
        if not now then
          local time = redis.call('TIME')
          now = time[1] * 1000000 + time[2]
        end
        local full = tonumber(redis.call('GET', KEYS[1])) or now
        full = math.min(math.max(full, now), now + depth)
        local admitted = full + step - now <= depth
        if admitted then
          full = full + step
          redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
        end
        return { admitted and 1 or 0, math.floor((depth - (full - now)) / step), math.max(0, full + step - depth - now), full - now }
        """;

    /// <param name="at">What time it is; null asks Redis.</param>
    public async Task<BucketAnswer> TakeAsync(string bucket, RateLimit limit, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        RedisKey[] keys = ["integrations:limit:" + bucket];
        RedisValue[] values = [limit.PerMinute, limit.Burst, at is { } now ? Microseconds(now) : ""];
        var answer = (long[])(await redis.UseAsync(database => database.ScriptEvaluateAsync(TakeScript, keys, values), cancellationToken))!;
        return new(answer[0] == 1, (int)answer[1], TimeSpan.FromMicroseconds(answer[2]), TimeSpan.FromMicroseconds(answer[3]));
    }

    internal static long Microseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
