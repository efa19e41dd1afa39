namespace Integrations.Sandbox.Telegram.World;

/// <summary>What happens to messages after they were sent.</summary>
internal sealed partial class WorldState
{
    public List<ScheduledMessage> ScheduledOf(long userId)
    {
        if (!Scheduled.TryGetValue(userId, out var scheduled))
            Scheduled[userId] = scheduled = [];
        return scheduled;
    }

    private void Edit(MessageEdited e, Origin? origin, List<WorldNotice> notices)
    {
        foreach (var (owner, box, id) in CopiesOf(e.Peer, e.Uid, onlyOwner: null))
        {
            box.Messages[id - 1] = box.Messages[id - 1] with
            {
                Text = e.Text,
                Entities = e.Entities,
                FileId = e.FileId,
                EditDate = e.Date,
                Keyboard = e.Keyboard,
            };
            Log(owner, box, new LoggedUpdate { Kind = LoggedKind.Edited, Peer = box.Messages[id - 1].Peer, MessageId = id }, e.ActorId, origin, notices);
        }
    }

    private void Pin(MessagePinned e, Origin? origin, List<WorldNotice> notices)
    {
        foreach (var (owner, box, id) in CopiesOf(e.Peer, e.Uid, e.OwnSideOnly ? e.ActorId : null))
        {
            box.Messages[id - 1] = box.Messages[id - 1] with { Pinned = e.Pinned };
            var kind = e.Pinned ? LoggedKind.Pinned : LoggedKind.Unpinned;
            Log(owner, box, new LoggedUpdate { Kind = kind, Peer = box.Messages[id - 1].Peer, MessageIds = [id] }, e.ActorId, origin, notices);
        }
    }

    private void Delete(MessagesDeleted e, Origin? origin, List<WorldNotice> notices)
    {
        var peer = e.Channel ?? PeerRef.User(e.ActorId);
        var gone = e.Uids.SelectMany(uid => CopiesOf(peer, uid, null).Select(copy => (copy.Owner, copy.Box, copy.Id, Uid: uid)))
            .Where(copy => e.Channel is not null || e.Owners.Contains(copy.Owner))
            .GroupBy(copy => copy.Owner)
            .ToList();
        foreach (var ofBox in gone)
        {
            var box = ofBox.First().Box;
            foreach (var (owner, _, id, uid) in ofBox)
            {
                var message = box.Messages[id - 1];
                // Its place stays; a conversation with nobody holds it.
                box.Messages[id - 1] = new StoredMessage { Id = id, Uid = uid, Peer = default, FromId = 0, Date = message.Date, Deleted = true };
                Copies[uid].Remove((owner, id));
                if (e.Channel is null)
                    Forget(box, message);
            }

            var ids = ofBox.Select(copy => copy.Id).Order().ToArray();
            var update = new LoggedUpdate { Kind = LoggedKind.Deleted, Peer = peer, MessageIds = ids, PtsCount = ids.Length };
            Log(ofBox.Key, box, update, e.ActorId, origin, notices);
        }
    }

    private static void Forget(MessageBox box, StoredMessage message)
    {
        if (!box.Dialogs.TryGetValue(message.Peer, out var dialog))
            return;
        if (!message.Out && message.Id > dialog.ReadInboxMaxId)
            dialog.Unread--;
        if (dialog.TopMessageId == message.Id)
            dialog.TopMessageId = box.Messages.FindLast(other => other.Peer == message.Peer)?.Id ?? 0;
    }

    private static void Log(long owner, MessageBox box, LoggedUpdate update, long actorId, Origin? origin, List<WorldNotice> notices)
    {
        var logged = box.Append(update);
        notices.Add(owner == 0
            ? new ChannelMoved(update.Peer.Id, logged, origin, actorId)
            : new BoxMoved(owner, logged, owner == actorId ? origin : null));
    }

    /// <summary>Where a message stands: in the box of its channel, or in those of people.</summary>
    private List<(long Owner, MessageBox Box, int Id)> CopiesOf(PeerRef peer, long uid, long? onlyOwner)
    {
        if (peer.Kind == PeerKind.Channel)
            return CopyIn(0, uid) is { } id ? [(0, Channels[peer.Id].Box, id)] : [];
        return
        [
            .. Copies.GetValueOrDefault(uid, [])
                .Where(copy => copy.Owner != 0 && (onlyOwner is null || onlyOwner == copy.Owner))
                .Select(copy => (copy.Owner, People[copy.Owner].Box, copy.Id)),
        ];
    }
}
