using System.Security.Cryptography;
using System.Text;
using Integrations.Api.Redis;
using StackExchange.Redis;

namespace Integrations.Api.Authentication;

/// <summary>
/// Slows down guessing: so many failed tries, then a wait. Counted per account and address together, per account from wherever, and per
/// address for whomever; all copies of the service count together in Redis, and each for itself while it does not answer.
/// </summary>
/// <remarks>
/// It counts names, not people: an account that there is not waits like one that there is, so that a refusal tells nothing. The limits for
/// whole routes are another matter.
/// </remarks>
internal sealed partial class SignInThrottle
{
    /// <summary>Failed tries that a person may need to remember his password.</summary>
    internal const int FreeTries = 5;

    /// <summary>Failed tries at one account from all addresses. It bounds guessing by a crowd; that a crowd can also hold up a person's next sign-in is the price.</summary>
    internal const int FreeTriesOfAccount = 20;

    /// <summary>Failed tries from one address at all accounts: an office shares one.</summary>
    internal const int FreeTriesOfAddress = 100;

    /// <summary>How long a try is held against whoever made it.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>Counters of this process. When full, the oldest half is forgotten, which a guesser with that many addresses could reach anyway.</summary>
    internal const int Capacity = 60_000;

    // Looks at all counters before it moves any: who has to wait is not counted further, so that the wait ends.
    private const string EnterScript =
        """
        local wait = 0
        for i = 1, #KEYS do
          if (tonumber(redis.call('GET', KEYS[i])) or 0) >= tonumber(ARGV[i + 1]) then
            wait = math.max(wait, redis.call('PTTL', KEYS[i]), 1)
          end
        end
        if wait == 0 then
          for i = 1, #KEYS do
            if redis.call('INCR', KEYS[i]) == 1 then redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
          end
        end
        return wait
        """;

    // The first counter starts anew; the others only get this try back, so that who knows one password does not clear his guesses at others.
    private const string SucceededScript =
        """
        redis.call('DEL', KEYS[1])
        for i = 2, #KEYS do
          if (tonumber(redis.call('GET', KEYS[i])) or 0) > 0 then redis.call('DECR', KEYS[i]) end
        end
        return 0
        """;

    private readonly RedisConnection _redis;
    private readonly RedisFallback _fallback;
    private readonly TimeProvider _time;
    private readonly ILogger<SignInThrottle> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Failures, DateTimeOffset Since)> _tries = new(StringComparer.Ordinal);

    public SignInThrottle(RedisConnection redis, TimeProvider time, ILogger<SignInThrottle> logger)
    {
        (_redis, _time, _logger) = (redis, time, logger);
        _fallback = new(time, LogAway, LogBack);
    }

    /// <summary>Counts a try before it is judged, so that many at once are not all free. Null when it may go on, else how long to wait.</summary>
    public async ValueTask<TimeSpan?> EnterAsync(string address, string account, CancellationToken cancellationToken)
    {
        var counters = CountersOf(address, account);
        return await _fallback.AskAsync(
            async () =>
            {
                RedisKey[] keys = [.. counters.Select(counter => KeyOf(counter.Name))];
                RedisValue[] values = [(long)Window.TotalMilliseconds, .. counters.Select(counter => (RedisValue)counter.Free)];
                var wait = (long)await _redis.UseAsync(database => database.ScriptEvaluateAsync(EnterScript, keys, values), cancellationToken);
                return wait == 0 ? (TimeSpan?)null : TimeSpan.FromMilliseconds(wait);
            },
            () => Enter(counters),
            cancellationToken);
    }

    /// <summary>The try was right after all: nothing is held against it.</summary>
    public async ValueTask SucceededAsync(string address, string account, CancellationToken cancellationToken)
    {
        var counters = CountersOf(address, account);
        await _fallback.AskAsync(
            async () =>
            {
                RedisKey[] keys = [.. counters.Select(counter => KeyOf(counter.Name))];
                await _redis.UseAsync(database => database.ScriptEvaluateAsync(SucceededScript, keys), cancellationToken);
                return true;
            },
            () => Forgive(counters),
            cancellationToken);
    }

    private TimeSpan? Enter((string Name, int Free)[] counters)
    {
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            TimeSpan? wait = null;
            foreach (var (name, free) in counters)
            {
                if (_tries.TryGetValue(name, out var entry) && entry.Failures >= free && entry.Since + Window > now && (wait is null || entry.Since + Window - now > wait))
                    wait = entry.Since + Window - now;
            }

            if (wait is not null)
                return wait;

            if (_tries.Count >= Capacity)
                ForgetOldest();
            foreach (var (name, _) in counters)
                _tries[name] = _tries.TryGetValue(name, out var entry) && entry.Since + Window > now ? (entry.Failures + 1, entry.Since) : (1, now);
            return null;
        }
    }

    private bool Forgive((string Name, int Free)[] counters)
    {
        lock (_lock)
        {
            _tries.Remove(counters[0].Name);
            foreach (var (name, _) in counters[1..])
            {
                if (_tries.TryGetValue(name, out var entry) && entry.Failures > 0)
                    _tries[name] = entry with { Failures = entry.Failures - 1 };
            }
        }

        return true;
    }

    private void ForgetOldest()
    {
        foreach (var key in _tries.OrderBy(entry => entry.Value.Since).Take(Capacity / 2).Select(entry => entry.Key).ToList())
            _tries.Remove(key);
    }

    private static (string Name, int Free)[] CountersOf(string address, string account)
    {
        var name = account.ToUpperInvariant();
        return [($"pair {address} {name}", FreeTries), ($"account {name}", FreeTriesOfAccount), ($"address {address}", FreeTriesOfAddress)];
    }

    /// <summary>By its hash: who signs in, and from where, is nobody's business in Redis.</summary>
    private static RedisKey KeyOf(string counter) => "integrations:tries:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(counter)));

    [LoggerMessage(EventId = 3013, Level = LogLevel.Warning, Message = "Redis does not answer: each copy of the service counts failed sign-ins for itself")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(EventId = 3014, Level = LogLevel.Information, Message = "Redis answers again: all copies of the service count failed sign-ins together")]
    private partial void LogBack();
}
