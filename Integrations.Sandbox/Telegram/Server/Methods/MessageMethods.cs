using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>messages.*</c> that change something: sending, reading, typing.</summary>
internal static class MessageMethods
{
    public static void AddMessages(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesSendMessage, UpdatesBase>(SendMessage);
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
        var sent = call.World.Send(
            call.User.Id,
            new Draft
            {
                Peer = peer,
                Text = request.Message,
                Entities = Store(call, request.Entities),
                ReplyTo = (request.ReplyTo as InputReplyToMessage)?.ReplyToMsgId,
                RandomId = request.RandomId,
            },
            call.Origin);
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
        var view = new View(call.World, call.User);
        var message = view.Message(sent.Message);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return view.Wrap(
            call.UnixNow,
            new UpdateMessageID { Id = sent.Message.Id, RandomId = request.RandomId },
            peer.Kind == PeerKind.Channel
                ? new UpdateNewChannelMessage { Message = message, Pts = sent.Pts, PtsCount = 1 }
                : new UpdateNewMessage { Message = message, Pts = sent.Pts, PtsCount = 1 });
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
