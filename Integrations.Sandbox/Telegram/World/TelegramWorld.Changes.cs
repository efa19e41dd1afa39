namespace Integrations.Sandbox.Telegram.World;

/// <summary>Changing, deleting and pinning what was said.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>Changes a message of one's own.</summary>
    /// <returns>The message as its author sees it, and the value of the box that it moved.</returns>
    public SentMessage Edit(long userId, PeerRef peer, int id, string? text, byte[]? entities, long? fileId, Origin? origin)
    {
        lock (_gate)
        {
            var (box, message) = RequireMessage(userId, peer, id);
            if (message.FromId != userId || message.Action is not null || message.Forward is not null)
                throw TelegramRefusal.Forbidden("MESSAGE_AUTHOR_REQUIRED");
            var newText = text ?? message.Text;
            var newEntities = text is null ? message.Entities : entities;
            var newFile = fileId ?? message.FileId;
            if (newFile is null && string.IsNullOrWhiteSpace(newText))
                throw TelegramRefusal.BadRequest("MESSAGE_EMPTY");
            if (newText.EnumerateRunes().Count() > (newFile is null ? MessageLengthMax : CaptionLengthMax))
                throw TelegramRefusal.BadRequest(newFile is null ? "MESSAGE_TOO_LONG" : "MEDIA_CAPTION_TOO_LONG");
            var isSame = newText == message.Text && newFile == message.FileId && (newEntities ?? []).AsSpan().SequenceEqual(message.Entities ?? []);
            if (isSame)
                throw TelegramRefusal.BadRequest("MESSAGE_NOT_MODIFIED");
            Commit(new MessageEdited(message.Uid, userId, peer, newText, newEntities, newFile, UnixNow), origin);
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
            if (channel.CreatorId != userId && found.Exists(message => message.FromId != userId))
                throw TelegramRefusal.Forbidden("MESSAGE_DELETE_FORBIDDEN");
            if (found.Count > 0)
                Commit(new MessagesDeleted(userId, channel.Peer, [.. found.Select(message => message.Uid)], []), origin);
            return (channel.Box.Pts, found.Count);
        }
    }

    /// <summary>Pins a message, or takes the pin off.</summary>
    /// <returns>The message and the value of its box; null where it was so already.</returns>
    public SentMessage? Pin(long userId, PeerRef peer, int id, bool pinned, bool ownSideOnly, Origin? origin)
    {
        lock (_gate)
        {
            var (box, message) = RequireMessage(userId, peer, id);
            if (peer.Kind == PeerKind.Channel && _state.Channels[peer.Id].CreatorId != userId)
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            if (message.Pinned == pinned)
                return null;
            Commit(new MessagePinned(message.Uid, userId, peer, pinned, ownSideOnly), origin);
            return new SentMessage(box.Find(id)!, box.Pts);
        }
    }

    /// <summary>Pinned messages of a conversation, newest first.</summary>
    public IReadOnlyList<StoredMessage> Pinned(long userId, PeerRef peer) => History(userId, peer, message => message.Pinned, 0, 0, int.MaxValue).Messages;

    private (MessageBox Box, StoredMessage Message) RequireMessage(long userId, PeerRef peer, int id)
    {
        var person = PersonOf(userId);
        RequirePeer(person, peer);
        var box = peer.Kind == PeerKind.Channel ? _state.Channels[peer.Id].Box : person.Box;
        return box.Find(id) is { } message && message.Peer == peer ? (box, message) : throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");
    }
}
