using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>
/// Telegram's limits for what bots send (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): 30 messages a second in all,
/// 20 a minute into one group, one a second into one private chat with a short burst.
/// </summary>
internal sealed class BotLimits(TimeProvider time)
{
    private const int AllPerSecond = 30;
    private const int GroupPerMinute = 20;
    private const int PrivateBurst = 5;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(long Bot, PeerRef? Chat), Queue<DateTimeOffset>> _sent = [];

    /// <summary>Counts messages, each of an album for one.</summary>
    /// <exception cref="BotApiRefusal">One too many; none is counted.</exception>
    public void Take(long botId, PeerRef chat, int count)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var (window, most) = chat.Kind is PeerKind.User ? (PrivateBurst * Second, PrivateBurst) : (Minute, GroupPerMinute);
            var (all, own) = (Recent((botId, null), now - Second), Recent((botId, chat), now - window));
            Refuse(all, count, AllPerSecond, Second, now);
            Refuse(own, count, most, window, now);
            for (var i = 0; i < count; i++)
            {
                all.Enqueue(now);
                own.Enqueue(now);
            }
        }
    }

    private Queue<DateTimeOffset> Recent((long, PeerRef?) key, DateTimeOffset since)
    {
        if (!_sent.TryGetValue(key, out var times))
            _sent[key] = times = new Queue<DateTimeOffset>();
        while (times.TryPeek(out var first) && first <= since)
            times.Dequeue();
        return times;
    }

    private static void Refuse(Queue<DateTimeOffset> times, int count, int most, TimeSpan window, DateTimeOffset now)
    {
        // An album larger than all that may be sent at once goes where nothing else was.
        if (times.Count > 0 && times.Count + count > most)
        {
            var freed = times.ElementAt(Math.Min(times.Count, times.Count + count - most) - 1);
            throw BotApiRefusal.TooManyRequests(Math.Max(1, (int)Math.Ceiling((freed + window - now).TotalSeconds)));
        }
    }
}
