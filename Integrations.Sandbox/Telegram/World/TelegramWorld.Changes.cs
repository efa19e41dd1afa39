namespace Integrations.Sandbox.Telegram.World;

/// <summary>What an edit makes of a message: what is null stays, but the keyboard, which goes.</summary>
internal sealed record MessageChange(string? Text, byte[]? Entities, long? FileId, InlineKeyboard? Keyboard);

/// <summary>Changing, deleting and pinning what was said.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>Changes a message of one's own, or a post of a channel whose posts one may edit.</summary>
    /// <returns>The message as its author sees it, and the value of the box that it moved.</returns>
    public SentMessage Edit(long userId, PeerRef peer, int id, MessageChange change, Origin? origin)
    {
        lock (_gate)
        {
            var (box, message) = RequireMessage(userId, peer, id);
            if (!MayEdit(userId, message) || message.Action is not null || message.Forward is not null)
                throw TelegramRefusal.Forbidden("MESSAGE_AUTHOR_REQUIRED");
            var newText = change.Text ?? message.Text;
            var newEntities = change.Text is null ? message.Entities : change.Entities;
            var newFile = change.FileId ?? message.FileId;
            if (newFile is null && string.IsNullOrWhiteSpace(newText))
                throw TelegramRefusal.BadRequest("MESSAGE_EMPTY");
            if (newText.EnumerateRunes().Count() > (newFile is null ? MessageLengthMax : CaptionLengthMax))
                throw TelegramRefusal.BadRequest(newFile is null ? "MESSAGE_TOO_LONG" : "MEDIA_CAPTION_TOO_LONG");
            var isSame = newText == message.Text && newFile == message.FileId && (newEntities ?? []).AsSpan().SequenceEqual(message.Entities ?? [])
                && (change.Keyboard?.IsSameAs(message.Keyboard) ?? message.Keyboard is null);
            if (isSame)
                throw TelegramRefusal.BadRequest("MESSAGE_NOT_MODIFIED");
            Commit(new MessageEdited(message.Uid, userId, peer, newText, newEntities, newFile, UnixNow, change.Keyboard), origin);
            return new SentMessage(box.Find(id)!, box.Pts);
        }
    }

    /// <summary>Deletes messages of private chats and basic groups, from one's own box or from everybody's.</summary>
    /// <returns>The box after it, and by how much it moved.</returns>
    public (int Pts, int PtsCount) Delete(long userId, IReadOnlyList<int> ids, bool revoke, Origin? origin)
    {
        lock (_gate)
        {
            var box = PersonOf(userId).Box;
            var found = ids.Distinct().Select(box.Find).OfType<StoredMessage>().ToList();
            if (found.Count == 0)
                return (box.Pts, 0);
            // Of a basic group only what one wrote oneself, unless it is one's own group.
            if (revoke && found.Exists(message => message.Peer.Kind == PeerKind.Group && message.FromId != userId
                && _state.Groups[message.Peer.Id].CreatorId != userId))
                throw TelegramRefusal.Forbidden("MESSAGE_DELETE_FORBIDDEN");
            long[] owners = revoke ? [.. found.SelectMany(message => _state.Copies[message.Uid]).Select(copy => copy.Owner).Distinct()] : [userId];
            Commit(new MessagesDeleted(userId, null, [.. found.Select(message => message.Uid)], owners), origin);
            return (box.Pts, found.Count);
        }
    }

    /// <summary>Deletes messages of a supergroup or channel, for everybody.</summary>
    /// <inheritdoc cref="Delete" path="/returns"/>
    public (int Pts, int PtsCount) DeleteInChannel(long userId, long channelId, IReadOnlyList<int> ids, Origin? origin)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
            var channel = _state.Channels[channelId];
            var found = ids.Distinct().Select(channel.Box.Find).OfType<StoredMessage>().ToList();
            if (!May(userId, channel.Peer, AdminRights.DeleteMessages) && found.Exists(message => message.FromId != userId))
                throw TelegramRefusal.Forbidden("MESSAGE_DELETE_FORBIDDEN");
            if (found.Count > 0)
                Commit(new MessagesDeleted(userId, channel.Peer, [.. found.Select(message => message.Uid)], []), origin);
            return (channel.Box.Pts, found.Count);
        }
    }

    /// <summary>Pins a message, or takes the pin off.</summary>
    /// <returns>The message and the value of its box, then, where one is pinned for all, the message that says so; nothing where it was so already.</returns>
    public IReadOnlyList<SentMessage> Pin(long userId, PeerRef peer, int id, bool pinned, bool ownSideOnly, Origin? origin)
    {
        lock (_gate)
        {
            var (box, message) = RequireMessage(userId, peer, id);
            if (peer.Kind == PeerKind.Channel && !May(userId, peer, _state.Channels[peer.Id].Broadcast ? AdminRights.EditMessages : AdminRights.PinMessages))
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            if (message.Pinned == pinned)
                return [];
            var change = new MessagePinned(message.Uid, userId, peer, pinned, ownSideOnly);
            if (!pinned || ownSideOnly)
            {
                Commit(change, origin);
                return [new SentMessage(box.Find(id)!, box.Pts)];
            }

            var said = new MessageSent
            {
                Uid = _state.LastUid + 1,
                FromId = userId,
                Peer = peer,
                Action = ServiceAction.Pinned,
                ReplyToUid = message.Uid,
                TopicId = message.TopicId,
                Date = UnixNow,
            };
            Commit(new Together([change, said]), origin);
            return [new SentMessage(box.Find(id)!, box.Pts - 1), new SentMessage(box.Messages[^1], box.Pts)];
        }
    }

    /// <summary>Pinned messages of a conversation, newest first.</summary>
    public IReadOnlyList<StoredMessage> Pinned(long userId, PeerRef peer) => History(userId, peer, message => message.Pinned, 0, 0, int.MaxValue).Messages;

    private bool MayEdit(long userId, StoredMessage message) =>
        message.FromId == userId
        || (message.Peer.Kind is PeerKind.Channel && _state.Channels[message.Peer.Id].Broadcast && May(userId, message.Peer, AdminRights.EditMessages));

    private (MessageBox Box, StoredMessage Message) RequireMessage(long userId, PeerRef peer, int id)
    {
        var person = PersonOf(userId);
        RequirePeer(person, peer);
        var box = peer.Kind == PeerKind.Channel ? _state.Channels[peer.Id].Box : person.Box;
        return box.Find(id) is { } message && message.Peer == peer ? (box, message) : throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");
    }
}
