namespace Integrations.Sandbox.Telegram.World;

/// <summary>A message that somebody wants to send.</summary>
internal sealed record Draft
{
    public required PeerRef Peer { get; init; }

    public required string Text { get; init; }

    public byte[]? Entities { get; init; }

    /// <summary>A number in the sender's own view.</summary>
    public int? ReplyTo { get; init; }

    /// <summary>The client's own number of this message; null when it is typed on the phone page.</summary>
    public long? RandomId { get; init; }

    public long? FileId { get; init; }

    public long? GroupedId { get; init; }

    public ForwardedFrom? Forward { get; init; }

    /// <summary>The topic of a forum that the sender names.</summary>
    public int? TopicId { get; init; }

    /// <summary>Buttons, which only bots have.</summary>
    public InlineKeyboard? Keyboard { get; init; }
}

/// <summary>A message as its sender sees it, and the value of the box that it moved.</summary>
internal readonly record struct SentMessage(StoredMessage Message, int Pts);

/// <summary>Talking.</summary>
internal sealed partial class TelegramWorld
{
    public const int MessageLengthMax = 4096;

    public const int CaptionLengthMax = 1024;

    public SentMessage Send(long fromId, Draft draft, Origin? origin) => SendAll(fromId, [draft], origin)[0];

    /// <summary>Sends several messages to one place, all or none: an album, or what is forwarded together.</summary>
    public IReadOnlyList<SentMessage> SendAll(long fromId, IReadOnlyList<Draft> drafts, Origin? origin)
    {
        lock (_gate)
        {
            var sender = PersonOf(fromId);
            var box = drafts[0].Peer.Kind == PeerKind.Channel ? _state.Channels.GetValueOrDefault(drafts[0].Peer.Id)?.Box ?? sender.Box : sender.Box;
            var uid = _state.LastUid;
            var events = drafts.Select(draft => Accept(sender, draft, ++uid, UnixNow)).ToArray();
            Commit(events.Length == 1 ? events[0] : new Together([.. events]), origin);
            var count = drafts.Count;
            return [.. Enumerable.Range(0, count).Select(i => new SentMessage(box.Messages[^(count - i)], box.Pts - (count - 1 - i)))];
        }
    }

    /// <summary>Looks at everything that Telegram would refuse, and only then makes an event of it.</summary>
    private MessageSent Accept(Person sender, Draft draft, long uid, int date)
    {
        if (draft.RandomId == 0)
            throw TelegramRefusal.BadRequest("RANDOM_ID_EMPTY");
        if (draft.FileId is null && string.IsNullOrWhiteSpace(draft.Text))
            throw TelegramRefusal.BadRequest("MESSAGE_EMPTY");
        if (draft.FileId is null && draft.Text.EnumerateRunes().Count() > MessageLengthMax)
            throw TelegramRefusal.BadRequest("MESSAGE_TOO_LONG");
        if (draft.FileId is not null && draft.Text.EnumerateRunes().Count() > CaptionLengthMax)
            throw TelegramRefusal.BadRequest("MEDIA_CAPTION_TOO_LONG");
        RequireMayWrite(sender, draft.Peer);
        if (draft.RandomId is { } randomId && IsRemembered(sender, randomId))
            throw new TelegramRefusal(500, "RANDOM_ID_DUPLICATE");
        var box = draft.Peer.Kind == PeerKind.Channel ? _state.Channels[draft.Peer.Id].Box : sender.Box;
        if (draft.Peer.Kind == PeerKind.Channel)
            RequireMaySend(sender.Id, _state.Channels[draft.Peer.Id], draft);
        var topic = TopicOf(sender, draft);
        return new MessageSent
        {
            Uid = uid,
            FromId = sender.Id,
            Peer = draft.Peer,
            Text = draft.Text,
            Entities = draft.Entities,
            ReplyToUid = ReplyTarget(box, draft),
            Date = date,
            RandomId = draft.RandomId,
            FileId = draft.FileId,
            GroupedId = draft.GroupedId,
            Forward = draft.Forward,
            TopicId = topic,
            Keyboard = draft.Keyboard,
        };
    }

    /// <summary>Marks a conversation read up to a message.</summary>
    /// <returns>The reader's box after it, and by how much it moved; a channel moves nothing.</returns>
    public (int Pts, int PtsCount) Read(long readerId, PeerRef peer, int maxId, Origin? origin)
    {
        lock (_gate)
        {
            var reader = PersonOf(readerId);
            RequirePeer(reader, peer);
            if (peer.Kind == PeerKind.Channel)
            {
                var channel = _state.Channels[peer.Id];
                maxId = maxId <= 0 ? channel.Box.LastMessageId : Math.Min(maxId, channel.Box.LastMessageId);
                if (channel.Members.TryGetValue(readerId, out var member) && member.ReadInboxMaxId < maxId)
                    Commit(new MessagesRead(readerId, peer, maxId), origin);
                return (channel.Box.Pts, 0);
            }
            if (!reader.Box.Dialogs.TryGetValue(peer, out var dialog))
                return (reader.Box.Pts, 0);
            // A zero reads everything; otherwise as far as the conversation goes.
            maxId = maxId <= 0 ? dialog.TopMessageId : Math.Min(maxId, dialog.TopMessageId);
            if (maxId <= dialog.ReadInboxMaxId)
                return (reader.Box.Pts, 0);
            Commit(new MessagesRead(readerId, peer, maxId), origin);
            return (reader.Box.Pts, 1);
        }
    }

    /// <summary>Shows the other side that somebody types; nothing is stored.</summary>
    public void ShowTyping(long userId, PeerRef peer, bool stopped)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), peer);
            _notices.Add(new TypingShown(userId, peer, stopped));
            Publish();
        }
    }

    /// <summary>Refuses a conversation that a person cannot see.</summary>
    public void RequirePeer(Person person, PeerRef peer)
    {
        lock (_gate)
        {
            switch (peer.Kind)
            {
                case PeerKind.User when !_state.People.ContainsKey(peer.Id):
                    throw TelegramRefusal.BadRequest("PEER_ID_INVALID");
                case PeerKind.Group when _state.Groups.GetValueOrDefault(peer.Id)?.Members.Contains(person.Id) != true:
                    throw TelegramRefusal.BadRequest("CHAT_ID_INVALID");
                case PeerKind.Channel:
                    var channel = _state.Channels.GetValueOrDefault(peer.Id) ?? throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
                    // A room with a public name may be read by anybody.
                    if (!channel.Members.ContainsKey(person.Id) && channel.Username is null)
                        throw TelegramRefusal.BadRequest("CHANNEL_PRIVATE");
                    break;
                default:
                    break;
            }
        }
    }

    private void RequireMayWrite(Person sender, PeerRef peer)
    {
        RequirePeer(sender, peer);
        if (peer.Kind == PeerKind.User && sender.Bot is not null)
            RequireBotMayWrite(sender, peer.Id);
        if (peer.Kind == PeerKind.User && sender.Blocked.Contains(peer.Id))
            throw TelegramRefusal.BadRequest("YOU_BLOCKED_USER");
        if (peer.Kind == PeerKind.Group && _state.Groups[peer.Id].MigratedTo is not null)
            throw TelegramRefusal.BadRequest("CHAT_ID_INVALID");
        if (peer.Kind != PeerKind.Channel)
            return;
        var channel = _state.Channels[peer.Id];
        if (!channel.Members.TryGetValue(sender.Id, out var member) || (channel.Broadcast && !May(sender.Id, peer, AdminRights.PostMessages)))
            throw TelegramRefusal.Forbidden("CHAT_WRITE_FORBIDDEN");
        var wait = member.LastSentDate + channel.SlowModeSeconds - UnixNow;
        if (channel.SlowModeSeconds > 0 && member.LastSentDate > 0 && wait > 0 && PlaceOf(sender.Id, peer).Rank is not (MemberRank.Creator or MemberRank.Administrator))
            throw TelegramRefusal.SlowMode(wait);
    }

    private static long? ReplyTarget(MessageBox box, Draft draft)
    {
        if (draft.ReplyTo is not { } replyTo)
            return null;
        return box.Find(replyTo) is { } target && target.Peer == draft.Peer
            ? target.Uid
            : throw TelegramRefusal.BadRequest("REPLY_MESSAGE_ID_INVALID");
    }

    private bool IsRemembered(Person sender, long randomId)
    {
        var from = Math.Max(0, sender.RandomIds.Count - _options.RandomIdMemory);
        return sender.RandomIds.IndexOf(randomId, from) >= 0;
    }
}
