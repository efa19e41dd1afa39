using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>messages.*</c> that change something: sending, reading, typing.</summary>
internal static class MessageMethods
{
    private const int AlbumMax = 10;
    private const int ForwardMax = 100;
    private const int ScheduleNearest = 10;

    public static void AddMessages(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesSendMessage, UpdatesBase>(SendMessage);
        dispatcher.Register<MessagesSendMedia, UpdatesBase>(SendMedia);
        dispatcher.Register<MessagesSendMultiMedia, UpdatesBase>(SendAlbum);
        dispatcher.Register<MessagesUploadMedia, MessageMedia>((call, request) =>
        {
            call.World.RequirePeer(call.User, Peers.Resolve(call, request.Peer));
            return Media.Show(call.World, call.User.Id, Media.Take(call, request.Media));
        });
        dispatcher.Register<MessagesForwardMessages, UpdatesBase>(Forward);
        dispatcher.Register<MessagesEditMessage, UpdatesBase>(Edit);
        dispatcher.Register<MessagesDeleteMessages, MessagesAffectedMessages>((call, request) =>
        {
            var (pts, ptsCount) = call.World.Delete(call.User.Id, request.Id, request.Revoke, call.Origin);
            return new MessagesAffectedMessages { Pts = pts, PtsCount = ptsCount };
        });
        dispatcher.Register<MessagesUpdatePinnedMessage, UpdatesBase>(Pin);
        dispatcher.Register<MessagesUnpinAllMessages, MessagesAffectedHistory>(UnpinAll);
        dispatcher.Register<MessagesReadHistory, MessagesAffectedMessages>((call, request) =>
        {
            var (pts, ptsCount) = call.World.Read(call.User.Id, Peers.Resolve(call, request.Peer), request.MaxId, call.Origin);
            return new MessagesAffectedMessages { Pts = pts, PtsCount = ptsCount };
        });
        dispatcher.Register<MessagesSetTyping, bool>((call, request) =>
        {
            call.World.ShowTyping(call.User.Id, Peers.Resolve(call, request.Peer), request.Action is SendMessageCancelAction);
            return true;
        });
        dispatcher.Register<MessagesReceivedMessages, IReadOnlyList<ReceivedNotifyMessage>>((call, _) => call.User is null ? throw new InvalidOperationException() : []);
    }

    private static UpdatesBase SendMessage(RpcCall call, MessagesSendMessage request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var reply = request.ReplyTo as InputReplyToMessage;
        var draft = new Draft
        {
            Peer = peer,
            Text = request.Message,
            Entities = Store(call, request.Entities),
            ReplyTo = reply?.ReplyToMsgId,
            TopicId = Topic(call, peer, reply),
            RandomId = request.RandomId,
        };
        if (IsLater(call, request.ScheduleDate))
            return Schedule(call, draft, request.ScheduleDate!.Value);
        var sent = call.World.Send(call.User.Id, draft, call.Origin);
        var isPlain = peer.Kind != PeerKind.Channel && peer != PeerRef.User(call.User.Id);
        if (isPlain)
        {
            // The compact form: the client knows the rest, for it has just sent it.
            return new UpdateShortSentMessage
            {
                Out = true,
                Id = sent.Message.Id,
                Pts = sent.Pts,
                PtsCount = 1,
                Date = sent.Message.Date,
                Entities = View.Entities(sent.Message),
            };
        }

        return Sent(call, [draft], [sent]);
    }

    private static UpdatesBase SendMedia(RpcCall call, MessagesSendMedia request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var reply = request.ReplyTo as InputReplyToMessage;
        var draft = new Draft
        {
            Peer = peer,
            Text = request.Message,
            Entities = Store(call, request.Entities),
            ReplyTo = reply?.ReplyToMsgId,
            TopicId = Topic(call, peer, reply),
            RandomId = request.RandomId,
            FileId = Media.Take(call, request.Media).Id,
        };
        return IsLater(call, request.ScheduleDate)
            ? Schedule(call, draft, request.ScheduleDate!.Value)
            : Sent(call, [draft], [call.World.Send(call.User.Id, draft, call.Origin)]);
    }

    private static UpdatesBase SendAlbum(RpcCall call, MessagesSendMultiMedia request)
    {
        if (request.MultiMedia.Count is 0 or > AlbumMax)
            throw TelegramRefusal.BadRequest(request.MultiMedia.Count == 0 ? "MEDIA_EMPTY" : "MULTI_MEDIA_TOO_LONG");
        var peer = Peers.Resolve(call, request.Peer);
        var reply = request.ReplyTo as InputReplyToMessage;
        var album = call.Parts.NextUniqueId() & long.MaxValue;
        Draft[] drafts =
        [
            .. request.MultiMedia.Select(single => new Draft
            {
                Peer = peer,
                Text = single.Message,
                Entities = Store(call, single.Entities),
                ReplyTo = reply?.ReplyToMsgId,
                TopicId = Topic(call, peer, reply),
                RandomId = single.RandomId,
                FileId = Media.Take(call, single.Media).Id,
                GroupedId = album,
            }),
        ];
        return Sent(call, drafts, call.World.SendAll(call.User.Id, drafts, call.Origin));
    }

    private static UpdatesBase Forward(RpcCall call, MessagesForwardMessages request)
    {
        if (request.Id.Count is 0 or > ForwardMax || request.Id.Count != request.RandomId.Count)
            throw TelegramRefusal.BadRequest("MESSAGE_IDS_EMPTY");
        var from = Peers.Resolve(call, request.FromPeer);
        var to = Peers.Resolve(call, request.ToPeer);
        call.World.RequirePeer(call.User, from);
        var found = from.Kind == PeerKind.Channel
            ? call.World.ChannelMessagesById(call.User.Id, from.Id, request.Id)
            : call.World.MessagesById(call.User.Id, request.Id);
        Draft[] drafts =
        [
            .. found.Zip(request.RandomId, (message, randomId) => message is { Action: null } && message.Peer == from
                ? new Draft
                {
                    Peer = to,
                    Text = request is { DropMediaCaptions: true } && message.FileId is not null ? "" : message.Text,
                    Entities = message.Entities,
                    FileId = message.FileId,
                    GroupedId = message.GroupedId,
                    RandomId = randomId,
                    TopicId = request.TopMsgId,
                    Forward = request.DropAuthor ? null : message.Forward ?? Origin(call, message),
                }
                : throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID")),
        ];
        return Sent(call, drafts, call.World.SendAll(call.User.Id, drafts, call.Origin));
    }

    private static ForwardedFrom Origin(RpcCall call, StoredMessage message) =>
        message.Peer.Kind == PeerKind.Channel && call.World.FindChannel(message.Peer.Id) is { Broadcast: true } channel
            ? new ForwardedFrom(null, channel.Id, message.Id, message.Date)
            : new ForwardedFrom(message.FromId, null, null, message.Date);

    private static UpdatesBase Edit(RpcCall call, MessagesEditMessage request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var fileId = request.Media is { } media ? Media.Take(call, media).Id : (long?)null;
        var edited = call.World.Edit(
            call.User.Id, peer, request.Id, new MessageChange(request.Message, Store(call, request.Entities), fileId, null), call.Origin);
        var view = new View(call.World, call.User);
        var message = view.Message(edited.Message);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return view.Wrap(call.UnixNow, peer.Kind == PeerKind.Channel
            ? new UpdateEditChannelMessage { Message = message, Pts = edited.Pts, PtsCount = 1 }
            : new UpdateEditMessage { Message = message, Pts = edited.Pts, PtsCount = 1 });
    }

    private static UpdatesBase Pin(RpcCall call, MessagesUpdatePinnedMessage request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var view = new View(call.World, call.User).Mention(peer);
        var done = call.World.Pin(call.User.Id, peer, request.Id, !request.Unpin, request.PmOneside, call.Origin);
        if (done.Count == 0)
            return view.Wrap(call.UnixNow);
        var changed = done[0];
        Update pin = peer.Kind == PeerKind.Channel
            ? new UpdatePinnedChannelMessages { Pinned = !request.Unpin, ChannelId = peer.Id, Messages = [request.Id], Pts = changed.Pts, PtsCount = 1 }
            : new UpdatePinnedMessages { Pinned = !request.Unpin, Peer = View.Peer(peer), Messages = [request.Id], Pts = changed.Pts, PtsCount = 1 };
        return view.Wrap(call.UnixNow, [pin, .. done.Skip(1).Select(one => New(view, one))]);
    }

    private static MessagesAffectedHistory UnpinAll(RpcCall call, MessagesUnpinAllMessages request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var pinned = call.World.Pinned(call.User.Id, peer).Where(message => request.TopMsgId is null || message.TopicId == request.TopMsgId).ToList();
        var pts = peer.Kind == PeerKind.Channel ? call.World.FindChannel(peer.Id)!.Box.Pts : call.World.Position(call.User.Id).Pts;
        foreach (var message in pinned)
            pts = call.World.Pin(call.User.Id, peer, message.Id, pinned: false, ownSideOnly: false, call.Origin) is [var changed] ? changed.Pts : pts;
        return new MessagesAffectedHistory { Pts = pts, PtsCount = pinned.Count, Offset = 0 };
    }

    /// <summary>What its sender is answered with: each number that the client gave, and each message.</summary>
    internal static Updates Sent(RpcCall call, IReadOnlyList<Draft> drafts, IReadOnlyList<SentMessage> sent)
    {
        var view = new View(call.World, call.User);
        Update[] updates =
        [
            .. drafts.Zip(sent).Where(pair => pair.First.RandomId is not null)
                .Select(pair => new UpdateMessageID { Id = pair.Second.Message.Id, RandomId = pair.First.RandomId!.Value }),
            .. sent.Select(one => New(view, one)),
        ];
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return view.Wrap(call.UnixNow, updates);
    }

    private static Update New(View view, SentMessage sent) => sent.Message.Peer.Kind == PeerKind.Channel
        ? new UpdateNewChannelMessage { Message = view.Message(sent.Message), Pts = sent.Pts, PtsCount = 1 }
        : new UpdateNewMessage { Message = view.Message(sent.Message), Pts = sent.Pts, PtsCount = 1 };

    /// <summary>A date that is as good as now is no date.</summary>
    private static bool IsLater(RpcCall call, int? scheduleDate) => scheduleDate > call.UnixNow + ScheduleNearest;

    private static Updates Schedule(RpcCall call, Draft draft, int dueDate)
    {
        var scheduled = call.World.Schedule(call.User.Id, draft, dueDate);
        var view = new View(call.World, call.User);
        var message = view.Scheduled(scheduled);
        return view.Wrap(
            call.UnixNow,
            new UpdateMessageID { Id = scheduled.Id, RandomId = draft.RandomId ?? 0 },
            new UpdateNewScheduledMessage { Message = message });
    }

    /// <summary>The topic that the client names: by <c>top_msg_id</c>, or by answering the message that began it.</summary>
    private static int? Topic(RpcCall call, PeerRef peer, InputReplyToMessage? reply)
    {
        if (reply is null || peer.Kind != PeerKind.Channel || call.World.FindChannel(peer.Id) is not { Forum: true } forum)
            return null;
        return reply.TopMsgId ?? (forum.Topics.ContainsKey(reply.ReplyToMsgId) ? reply.ReplyToMsgId : null);
    }

    private static byte[]? Store(RpcCall call, IReadOnlyList<MessageEntity>? entities)
    {
        if (entities is not { Count: > 0 })
            return null;
        using var writer = new TlWriter();
        writer.WriteVector(entities.Select(entity => Stored(call, entity)).ToArray());
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>A mention arrives with the sender's access hash, which is no one else's business.</summary>
    private static MessageEntity Stored(RpcCall call, MessageEntity entity) => entity is InputMessageEntityMentionName mention
        ? new MessageEntityMentionName { Offset = mention.Offset, Length = mention.Length, UserId = Peers.Resolve(call, mention.UserId).Id }
        : entity;
}
