using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;

namespace Integrations.Workers.Bots;

/// <summary>
/// Keeps one shard's bots within Telegram's limits, so that Telegram need not: 30 messages a second of one bot, one a second into one private
/// chat, 20 a minute into one group (https://core.telegram.org/bots/faq). A bot is on one shard, so nobody else sends for it.
/// </summary>
internal sealed class BotPace(TimeProvider time)
{
    private const int OfBot = 30;
    private const int OfGroup = 20;

    /// <summary>Beyond so many chats those are forgotten that are free anyway.</summary>
    private const int MostChats = 10_000;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Queue<DateTimeOffset>> _bots = [];
    private readonly Dictionary<(Guid Bot, PeerKey Chat), Queue<DateTimeOffset>> _chats = [];

    /// <summary>Those that may send nothing now.</summary>
    public Guid[] Full()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return [.. _bots.Where(bot => Free(bot.Value, OfBot, Second, now) > now).Select(bot => bot.Key)];
        }
    }

    /// <summary>Null when the message may go now, and is counted; else when to ask again.</summary>
    /// <param name="count">Of an album each file counts; one that is more than a limit goes when nothing else did.</param>
    public DateTimeOffset? Take(Guid bot, PeerKey chat, int count = 1)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_chats.Count >= MostChats)
                Forget(now);
            var all = QueueOf(_bots, bot);
            var own = QueueOf(_chats, (bot, chat));
            var (limit, window) = chat.Kind is PeerKind.User ? (1, Second) : (OfGroup, Minute);
            var free = Free(all, OfBot, Second, now, count) is var first && Free(own, limit, window, now, count) is var second && first > second ? first : second;
            if (free > now)
                return free;

            for (var one = 0; one < count; one++)
            {
                all.Enqueue(now);
                // What is over the limit uses up the windows after this one.
                own.Enqueue(now + (one / limit * window));
            }

            return null;
        }
    }

    private static Queue<DateTimeOffset> QueueOf<TKey>(Dictionary<TKey, Queue<DateTimeOffset>> queues, TKey key) where TKey : notnull
    {
        if (!queues.TryGetValue(key, out var queue))
            queues[key] = queue = new();
        return queue;
    }

    private static DateTimeOffset Free(Queue<DateTimeOffset> sent, int limit, TimeSpan window, DateTimeOffset now, int count = 1)
    {
        while (sent.TryPeek(out var first) && first + window <= now)
            sent.Dequeue();
        var room = Math.Max(limit - count, 0);
        return sent.Count <= room ? now : sent.ElementAt(sent.Count - room - 1) + window;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (key, sent) in _chats.ToArray())
        {
            _ = Free(sent, int.MaxValue, key.Chat.Kind is PeerKind.User ? Second : Minute, now);
            if (sent.Count == 0)
                _chats.Remove(key);
        }
    }
}
