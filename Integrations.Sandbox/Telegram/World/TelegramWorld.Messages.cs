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
}

/// <summary>A message as its sender sees it, and the value of the box that it moved.</summary>
internal readonly record struct SentMessage(StoredMessage Message, int Pts);

/// <summary>Talking.</summary>
internal sealed partial class TelegramWorld
{
    public const int MessageLengthMax = 4096;

    public SentMessage Send(long fromId, Draft draft, Origin? origin)
    {
        lock (_gate)
        {
            var sender = PersonOf(fromId);
            if (draft.RandomId == 0)
                throw TelegramRefusal.BadRequest("RANDOM_ID_EMPTY");
            if (string.IsNullOrWhiteSpace(draft.Text))
                throw TelegramRefusal.BadRequest("MESSAGE_EMPTY");
            if (draft.Text.EnumerateRunes().Count() > MessageLengthMax)
                throw TelegramRefusal.BadRequest("MESSAGE_TOO_LONG");
            RequireMayWrite(sender, draft.Peer);
            if (draft.RandomId is { } randomId && IsRemembered(sender, randomId))
                throw new TelegramRefusal(500, "RANDOM_ID_DUPLICATE");
            var box = draft.Peer.Kind == PeerKind.Channel ? _state.Channels[draft.Peer.Id].Box : sender.Box;
            Commit(
                new MessageSent
                {
                    Uid = _state.LastUid + 1,
                    FromId = fromId,
                    Peer = draft.Peer,
                    Text = draft.Text,
                    Entities = draft.Entities,
                    ReplyToUid = ReplyTarget(box, draft),
                    Date = UnixNow,
                    RandomId = draft.RandomId,
                },
                origin);
            return new SentMessage(box.Messages[^1], box.Pts);
        }
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
        if (peer.Kind != PeerKind.Channel)
            return;
        var channel = _state.Channels[peer.Id];
        if (!channel.Members.TryGetValue(sender.Id, out var member) || (channel.Broadcast && channel.CreatorId != sender.Id))
            throw TelegramRefusal.Forbidden("CHAT_WRITE_FORBIDDEN");
        var wait = member.LastSentDate + channel.SlowModeSeconds - UnixNow;
        if (channel.SlowModeSeconds > 0 && member.LastSentDate > 0 && wait > 0 && channel.CreatorId != sender.Id)
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
