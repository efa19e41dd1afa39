namespace Integrations.Sandbox.Telegram.World;

/// <summary>One conversation in a list, with what is needed to show it.</summary>
internal sealed record DialogView
{
    public required PeerRef Peer { get; init; }

    public required StoredMessage? Top { get; init; }

    public required int ReadInboxMaxId { get; init; }

    public required int ReadOutboxMaxId { get; init; }

    public required int Unread { get; init; }

    /// <summary>The value of the room's own box; null where the person's box counts.</summary>
    public required int? ChannelPts { get; init; }
}

/// <summary>A piece of a conversation, newest first, out of so many.</summary>
internal sealed record HistoryView(IReadOnlyList<StoredMessage> Messages, int Total, int? ChannelPts);

/// <summary>Where a person's box stands.</summary>
internal readonly record struct BoxPosition(int Pts, int Date, int Unread);

/// <summary>What happened in a box since a position.</summary>
/// <param name="Updates">Oldest first, with the message of each where there is one.</param>
/// <param name="Pts">The position after these updates.</param>
/// <param name="IsFinal">False when more is waiting.</param>
/// <param name="TooLong">So much was missed that the client is to start from <see cref="Pts"/> and read the history instead.</param>
internal sealed record BoxDifference(
    IReadOnlyList<(LoggedUpdate Update, StoredMessage? Message)> Updates, int Pts, bool IsFinal, bool TooLong);

/// <summary>Looking back.</summary>
internal sealed partial class TelegramWorld
{
    public BoxPosition Position(long userId)
    {
        lock (_gate)
        {
            var box = PersonOf(userId).Box;
            return new BoxPosition(box.Pts, UnixNow, box.Dialogs.Values.Sum(dialog => dialog.Unread));
        }
    }

    /// <summary>All conversations of a person, the latest first.</summary>
    public IReadOnlyList<DialogView> Dialogs(long userId)
    {
        lock (_gate)
        {
            var box = PersonOf(userId).Box;
            var own = box.Dialogs.Select(pair => DialogOf(box, pair.Key, pair.Value));
            var rooms = _state.Channels.Values.Where(channel => channel.Members.ContainsKey(userId)).Select(channel => DialogOf(channel, userId));
            return [.. own.Concat(rooms).OrderByDescending(dialog => dialog.Top?.Date ?? 0).ThenByDescending(dialog => dialog.Top?.Uid ?? 0)];
        }
    }

    /// <summary>How many messages each person has not read; people without any are left out.</summary>
    public IReadOnlyDictionary<long, int> Unread()
    {
        lock (_gate)
        {
            var unread = _state.People.Values.ToDictionary(person => person.Id, person => person.Box.Dialogs.Values.Sum(dialog => dialog.Unread));
            foreach (var channel in _state.Channels.Values)
            {
                foreach (var (memberId, member) in channel.Members)
                    unread[memberId] = unread.GetValueOrDefault(memberId) + channel.Box.LastMessageId - member.ReadInboxMaxId;
            }
            return unread.Where(pair => pair.Value > 0).ToDictionary();
        }
    }

    /// <summary>One conversation, also one that has not begun.</summary>
    public DialogView DialogWith(long userId, PeerRef peer)
    {
        lock (_gate)
        {
            var person = PersonOf(userId);
            RequirePeer(person, peer);
            if (peer.Kind == PeerKind.Channel)
                return DialogOf(_state.Channels[peer.Id], userId);
            return DialogOf(person.Box, peer, person.Box.Dialogs.GetValueOrDefault(peer) ?? new Conversation());
        }
    }

    /// <summary>Messages of a conversation, newest first, after skipping some.</summary>
    /// <param name="userId">Who looks.</param>
    /// <param name="peer">The conversation.</param>
    /// <param name="wanted">Which messages count at all.</param>
    /// <param name="offsetId">Begin below this number; 0 begins at the newest.</param>
    /// <param name="addOffset">Skip so many more; a negative number goes back towards the newer ones.</param>
    /// <param name="limit">At most so many.</param>
    public HistoryView History(long userId, PeerRef peer, Func<StoredMessage, bool> wanted, int offsetId, int addOffset, int limit)
    {
        lock (_gate)
        {
            var person = PersonOf(userId);
            RequirePeer(person, peer);
            var channel = peer.Kind == PeerKind.Channel ? _state.Channels[peer.Id] : null;
            var box = channel?.Box ?? person.Box;
            var all = box.Messages.Where(message => message.Peer == peer && wanted(message)).Reverse().ToList();
            var start = offsetId <= 0 ? 0 : all.FindIndex(message => message.Id < offsetId) is var i and >= 0 ? i : all.Count;
            start = Math.Clamp(start + addOffset, 0, all.Count);
            return new HistoryView(all.GetRange(start, Math.Min(limit, all.Count - start)), all.Count, channel?.Box.Pts);
        }
    }

    /// <summary>Messages of a conversation above a number, oldest first.</summary>
    public IReadOnlyList<StoredMessage> MessagesAfter(long userId, PeerRef peer, int afterId, int limit)
    {
        lock (_gate)
        {
            var person = PersonOf(userId);
            RequirePeer(person, peer);
            var box = peer.Kind == PeerKind.Channel ? _state.Channels[peer.Id].Box : person.Box;
            return [.. box.Messages.Skip(Math.Max(0, afterId)).Where(message => message.Peer == peer).Take(limit)];
        }
    }

    /// <summary>Messages by number in a person's own box.</summary>
    public IReadOnlyList<StoredMessage?> MessagesById(long userId, IReadOnlyList<int> ids)
    {
        lock (_gate)
        {
            var box = PersonOf(userId).Box;
            return [.. ids.Select(box.Find)];
        }
    }

    /// <summary>Messages by number in a supergroup or channel.</summary>
    public IReadOnlyList<StoredMessage?> ChannelMessagesById(long userId, long channelId, IReadOnlyList<int> ids)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
            var box = _state.Channels[channelId].Box;
            return [.. ids.Select(box.Find)];
        }
    }

    /// <summary>The common box since a position.</summary>
    /// <param name="userId">Whose box.</param>
    /// <param name="pts">Where the client stands.</param>
    /// <param name="slice">Updates in one answer.</param>
    /// <param name="totalLimit">The client's own limit on what it wants replayed at all.</param>
    public BoxDifference Difference(long userId, int pts, int slice, int? totalLimit)
    {
        lock (_gate)
        {
            var box = PersonOf(userId).Box;
            if (pts <= 0)
                throw TelegramRefusal.BadRequest("PERSISTENT_TIMESTAMP_EMPTY");
            return Since(box, pts, slice, totalLimit);
        }
    }

    /// <summary>A supergroup's or channel's box since a position.</summary>
    public BoxDifference ChannelDifference(long userId, long channelId, int pts, int limit)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
            if (pts <= 0)
                throw TelegramRefusal.BadRequest("PERSISTENT_TIMESTAMP_EMPTY");
            return Since(_state.Channels[channelId].Box, pts, limit, null);
        }
    }

    private static BoxDifference Since(MessageBox box, int pts, int slice, int? totalLimit)
    {
        if (pts > box.Pts)
            throw TelegramRefusal.BadRequest("PERSISTENT_TIMESTAMP_INVALID");
        var oldest = box.Log.Count == 0 ? box.Pts : box.Log[0].Pts - box.Log[0].PtsCount;
        if (pts < oldest || (totalLimit is { } most && box.Pts - pts > most))
            return new BoxDifference([], box.Pts, true, TooLong: true);
        var first = FirstAfter(box.Log, pts);
        var count = Math.Min(slice, box.Log.Count - first);
        var updates = box.Log.GetRange(first, count)
            .ConvertAll(update => (update, update.Kind is LoggedKind.NewMessage or LoggedKind.Edited ? box.Find(update.MessageId) : null));
        var isFinal = first + count == box.Log.Count;
        return new BoxDifference(updates, isFinal ? box.Pts : updates[^1].update.Pts, isFinal, TooLong: false);
    }

    private static int FirstAfter(List<LoggedUpdate> log, int pts)
    {
        var (low, high) = (0, log.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (log[middle].Pts <= pts)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static DialogView DialogOf(MessageBox box, PeerRef peer, Conversation dialog) => new()
    {
        Peer = peer,
        Top = box.Find(dialog.TopMessageId),
        ReadInboxMaxId = dialog.ReadInboxMaxId,
        ReadOutboxMaxId = dialog.ReadOutboxMaxId,
        Unread = dialog.Unread,
        ChannelPts = null,
    };

    private static DialogView DialogOf(ChannelRoom channel, long userId)
    {
        var read = channel.Members.GetValueOrDefault(userId)?.ReadInboxMaxId ?? channel.Box.LastMessageId;
        return new DialogView
        {
            Peer = channel.Peer,
            Top = channel.Box.Messages.FindLast(message => !message.Deleted),
            ReadInboxMaxId = read,
            ReadOutboxMaxId = channel.Box.LastMessageId,
            Unread = channel.Box.LastMessageId - read,
            ChannelPts = channel.Box.Pts,
        };
    }
}
