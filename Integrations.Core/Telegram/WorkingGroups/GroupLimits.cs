namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What Telegram lets a bot post into one group (https://core.telegram.org/bots/faq).</summary>
public static class GroupLimits
{
    public const int Posts = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Two posts of one bot follow each other no sooner.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromSeconds(1);

    /// <summary>How long it takes until that many posts are made, each by the bot that may post first.</summary>
    /// <param name="bots">For each bot that can post, when it posted within the last minute, the oldest first.</param>
    /// <returns>Null while no bot can post.</returns>
    public static TimeSpan? DelayOf(int posts, IReadOnlyCollection<IReadOnlyCollection<DateTimeOffset>> bots, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(bots);
        if (bots.Count == 0)
            return posts == 0 ? TimeSpan.Zero : null;

        // A full minute of all bots repeats itself: what is beyond one is not tried post by post.
        var minutes = Math.Max(0, (posts - 1) / (Posts * bots.Count) - 1);
        var ahead = bots.Select(recent => new PostTimes(recent)).ToArray();
        var last = now;
        for (var left = posts - minutes * Posts * bots.Count; left > 0; left--)
        {
            var first = ahead.MinBy(times => times.FreeAt(last))!;
            last = first.FreeAt(last) is var free && free > last ? free : last;
            first.Add(last);
        }

        return last - now + minutes * Window;
    }
}

/// <summary>When one bot posted into a group within the last minute, and so when it may again.</summary>
/// <param name="recent">The oldest first.</param>
public sealed class PostTimes(IEnumerable<DateTimeOffset> recent)
{
    private readonly Queue<DateTimeOffset> _posts = new(recent);
    private DateTimeOffset _last = DateTimeOffset.MinValue;

    public PostTimes()
        : this([])
    {
    }

    /// <summary>Posts that still take room, as of the last look.</summary>
    public int Count => _posts.Count;

    public void Add(DateTimeOffset at) => _posts.Enqueue(_last = at);

    /// <summary>When the bot may post next; long ago if it may at once.</summary>
    public DateTimeOffset FreeAt(DateTimeOffset now)
    {
        while (_posts.TryPeek(out var first) && first + GroupLimits.Window <= now)
            _posts.Dequeue();
        if (_posts.Count == 0)
            return DateTimeOffset.MinValue;
        if (_last == DateTimeOffset.MinValue)
            _last = _posts.Max();
        var free = _posts.Count < GroupLimits.Posts ? DateTimeOffset.MinValue : _posts.Peek() + GroupLimits.Window;
        return _last + GroupLimits.Gap > free ? _last + GroupLimits.Gap : free;
    }
}
