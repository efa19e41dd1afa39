using System.Diagnostics;

namespace Integrations.Sandbox.Telegram.World;

internal sealed partial class WorldState
{
    private void Send(MessageSent e, Origin? origin, List<WorldNotice> notices)
    {
        LastUid = Math.Max(LastUid, e.Uid);
        if (e.RandomId is { } randomId)
            RememberRandomId(People[e.FromId], randomId);
        switch (e.Peer.Kind)
        {
            case PeerKind.User when e.Peer.Id == e.FromId:
                Deliver(People[e.FromId], e, e.Peer, isOut: true, origin, notices);
                break;
            case PeerKind.User:
                Deliver(People[e.FromId], e, e.Peer, isOut: true, origin, notices);
                Deliver(People[e.Peer.Id], e, PeerRef.User(e.FromId), isOut: false, null, notices);
                break;
            case PeerKind.Group:
                foreach (var memberId in Groups[e.Peer.Id].Members)
                    Deliver(People[memberId], e, e.Peer, memberId == e.FromId, memberId == e.FromId ? origin : null, notices);
                break;
            case PeerKind.Channel:
                Post(Channels[e.Peer.Id], e, origin, notices);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void Deliver(Person owner, MessageSent e, PeerRef peer, bool isOut, Origin? origin, List<WorldNotice> notices)
    {
        var box = owner.Box;
        var message = Stored(e, owner.Id, box.LastMessageId + 1, peer, isOut);
        box.Messages.Add(message);
        RememberCopy(e.Uid, owner.Id, message.Id);
        var dialog = ConversationIn(box, peer);
        dialog.TopMessageId = message.Id;
        if (!isOut)
            dialog.Unread++;
        var update = box.Append(new LoggedUpdate { Kind = LoggedKind.NewMessage, Peer = peer, MessageId = message.Id });
        notices.Add(new BoxMoved(owner.Id, update, origin));
    }

    private void Post(ChannelRoom channel, MessageSent e, Origin? origin, List<WorldNotice> notices)
    {
        var box = channel.Box;
        // The copy in a channel is nobody's own: `out` is decided for each reader.
        var message = Stored(e, 0, box.LastMessageId + 1, channel.Peer, isOut: false) with { RandomId = e.RandomId };
        box.Messages.Add(message);
        RememberCopy(e.Uid, 0, message.Id);
        if (channel.Members.TryGetValue(e.FromId, out var sender))
        {
            sender.LastSentDate = e.Date;
            if (sender.ReadInboxMaxId == message.Id - 1)
                sender.ReadInboxMaxId = message.Id;
        }
        var update = box.Append(new LoggedUpdate { Kind = LoggedKind.NewMessage, Peer = channel.Peer, MessageId = message.Id });
        notices.Add(new ChannelMoved(channel.Id, update, origin, e.FromId));
    }

    private StoredMessage Stored(MessageSent e, long owner, int id, PeerRef peer, bool isOut) => new()
    {
        Id = id,
        Uid = e.Uid,
        Peer = peer,
        FromId = e.FromId,
        Out = isOut,
        Date = e.Date,
        Text = e.Text,
        Entities = e.Entities,
        Action = e.Action,
        FileId = e.FileId,
        GroupedId = e.GroupedId,
        Forward = e.Forward,
        TopicId = e.TopicId,
        Keyboard = e.Keyboard,
        Facts = e.Facts,
        ReplyTo = e.ReplyToUid is { } uid ? CopyIn(owner, uid) : null,
        RandomId = isOut ? e.RandomId : null,
    };

    private void Read(MessagesRead e, Origin? origin, List<WorldNotice> notices)
    {
        if (e.Peer.Kind == PeerKind.Channel)
        {
            var channel = Channels[e.Peer.Id];
            channel.Members[e.ReaderId].ReadInboxMaxId = e.MaxId;
            notices.Add(new ChannelRead(
                e.ReaderId, channel.Id, e.MaxId, channel.Box.LastMessageId - e.MaxId, channel.Box.Pts, origin));
            return;
        }

        var box = People[e.ReaderId].Box;
        var dialog = ConversationIn(box, e.Peer);
        var senders = new HashSet<long>();
        long lastUid = 0;
        var unread = 0;
        for (var id = box.LastMessageId; id > dialog.ReadInboxMaxId; id--)
        {
            if (box.Messages[id - 1] is not { Out: false } message || message.Peer != e.Peer)
                continue;
            if (id > e.MaxId)
            {
                unread++;
                continue;
            }
            senders.Add(message.FromId);
            lastUid = Math.Max(lastUid, message.Uid);
        }
        dialog.ReadInboxMaxId = e.MaxId;
        dialog.Unread = unread;
        var update = box.Append(new LoggedUpdate { Kind = LoggedKind.ReadInbox, Peer = e.Peer, MessageId = e.MaxId, StillUnread = unread });
        notices.Add(new BoxMoved(e.ReaderId, update, origin));
        foreach (var senderId in senders)
            ShowAsRead(senderId, e, lastUid, notices);
    }

    /// <summary>Tells a sender that the messages up to one were read, under the number that the sender knows it by.</summary>
    private void ShowAsRead(long senderId, MessagesRead e, long uid, List<WorldNotice> notices)
    {
        if (senderId == e.ReaderId || CopyIn(senderId, uid) is not { } maxId)
            return;
        var box = People[senderId].Box;
        var peer = e.Peer.Kind == PeerKind.User ? PeerRef.User(e.ReaderId) : e.Peer;
        var dialog = ConversationIn(box, peer);
        if (dialog.ReadOutboxMaxId >= maxId)
            return;
        dialog.ReadOutboxMaxId = maxId;
        var update = box.Append(new LoggedUpdate { Kind = LoggedKind.ReadOutbox, Peer = peer, MessageId = maxId });
        notices.Add(new BoxMoved(senderId, update, null));
    }

    private void RememberRandomId(Person person, long randomId)
    {
        person.RandomIds.Add(randomId);
        if (person.RandomIds.Count > RandomIdMemory + (RandomIdMemory / 10))
            person.RandomIds.RemoveRange(0, person.RandomIds.Count - RandomIdMemory);
    }

    private static Conversation ConversationIn(MessageBox box, PeerRef peer)
    {
        if (!box.Dialogs.TryGetValue(peer, out var dialog))
            box.Dialogs[peer] = dialog = new Conversation();
        return dialog;
    }
}
