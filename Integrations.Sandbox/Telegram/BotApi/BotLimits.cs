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

    /// <summary>Counts one message.</summary>
    /// <exception cref="BotApiRefusal">One too many; it is not counted.</exception>
    public void Take(long botId, PeerRef chat)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var (all, own) = (Recent((botId, null), now - Second), Recent((botId, chat), now - (chat.Kind is PeerKind.User ? PrivateBurst * Second : Minute)));
            Refuse(all, AllPerSecond, Second, now);
            Refuse(own, chat.Kind is PeerKind.User ? PrivateBurst : GroupPerMinute, chat.Kind is PeerKind.User ? PrivateBurst * Second : Minute, now);
            all.Enqueue(now);
            own.Enqueue(now);
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

    private static void Refuse(Queue<DateTimeOffset> times, int most, TimeSpan window, DateTimeOffset now)
    {
        if (times.Count >= most)
            throw BotApiRefusal.TooManyRequests(Math.Max(1, (int)Math.Ceiling((times.Peek() + window - now).TotalSeconds)));
    }
}
