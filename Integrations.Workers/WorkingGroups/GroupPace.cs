using Integrations.Core.Telegram.WorkingGroups;

namespace Integrations.Workers.WorkingGroups;

/// <summary>Keeps the managing bots of one group within Telegram's limits, which count by bot and group; so that several bots post the more.</summary>
internal sealed class GroupPace(TimeProvider time)
{
    private readonly Dictionary<Guid, PostTimes> _posts = [];
    private readonly Dictionary<Guid, DateTimeOffset> _paused = [];

    /// <summary>What another worker posted within the last minute takes room, too.</summary>
    public void Know(Guid bot, DateTimeOffset at) => Of(bot).Add(at);

    /// <summary>Telegram asks this bot to wait.</summary>
    public void Pause(Guid bot, TimeSpan wait) => _paused[bot] = time.GetUtcNow() + wait;

    /// <summary>When the bot may post next; a moment that has passed if it may at once, and not this one, which a caller's own clock has not reached yet.</summary>
    public DateTimeOffset FreeAt(Guid bot)
    {
        var free = Of(bot).FreeAt(time.GetUtcNow());
        return _paused.TryGetValue(bot, out var until) && until > free ? until : free;
    }

    /// <summary>The bot that may post first; of several that may at once the one that has posted least.</summary>
    /// <returns>Null when there is none.</returns>
    public Guid? First(IEnumerable<Guid> bots)
    {
        var now = time.GetUtcNow();
        return bots.Select(bot => (Guid?)bot).MinBy(bot => FreeAt(bot!.Value) is var free && free > now ? (free, 0) : (now, Of(bot.Value).Count));
    }

    public void Posted(Guid bot) => Of(bot).Add(time.GetUtcNow());

    /// <summary>Whether the bots have posted less than half of what they may in a minute.</summary>
    public bool HasPlenty(IReadOnlyCollection<Guid> bots)
    {
        foreach (var bot in bots)
            _ = FreeAt(bot);
        return bots.Sum(bot => Of(bot).Count) * 2 < bots.Count * GroupLimits.Posts;
    }

    private PostTimes Of(Guid bot)
    {
        if (!_posts.TryGetValue(bot, out var times))
            _posts[bot] = times = new();
        return times;
    }
}
