using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Finds what a client points at, and checks the access hash that shows that the account has met it.</summary>
internal static class Peers
{
    public static PeerRef Resolve(RpcCall call, InputPeer peer) => peer switch
    {
        InputPeerSelf => PeerRef.User(call.User.Id),
        InputPeerUser user => User(call, user.UserId, user.AccessHash, "PEER_ID_INVALID"),
        InputPeerChat chat => PeerRef.Group(chat.ChatId),
        InputPeerChannel channel => Channel(call, channel.ChannelId, channel.AccessHash),
        InputPeerUserFromMessage user => FromMessage(call, user.Peer, user.MsgId, PeerRef.User(user.UserId)),
        InputPeerChannelFromMessage channel => FromMessage(call, channel.Peer, channel.MsgId, PeerRef.Channel(channel.ChannelId)),
        _ => throw TelegramRefusal.BadRequest("PEER_ID_INVALID"),
    };

    public static Person Resolve(RpcCall call, InputUserBase user)
    {
        var peer = user switch
        {
            InputUserSelf => PeerRef.User(call.User.Id),
            InputUser known => User(call, known.UserId, known.AccessHash, "USER_ID_INVALID"),
            InputUserFromMessage seen => FromMessage(call, seen.Peer, seen.MsgId, PeerRef.User(seen.UserId)),
            _ => throw TelegramRefusal.BadRequest("USER_ID_INVALID"),
        };
        return call.World.FindPerson(peer.Id) ?? throw TelegramRefusal.BadRequest("USER_ID_INVALID");
    }

    public static ChannelRoom Resolve(RpcCall call, InputChannelBase channel)
    {
        var peer = channel switch
        {
            InputChannel known => Channel(call, known.ChannelId, known.AccessHash),
            InputChannelFromMessage seen => FromMessage(call, seen.Peer, seen.MsgId, PeerRef.Channel(seen.ChannelId)),
            _ => throw TelegramRefusal.BadRequest("CHANNEL_INVALID"),
        };
        call.World.RequirePeer(call.User, peer);
        return call.World.FindChannel(peer.Id) ?? throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
    }

    private static PeerRef User(RpcCall call, long id, long accessHash, string refusal)
    {
        var peer = PeerRef.User(id);
        var isKnown = call.World.FindPerson(id) is not null
            && (id == call.User.Id || accessHash == call.World.AccessHash(call.User.Id, peer));
        return isKnown ? peer : throw TelegramRefusal.BadRequest(refusal);
    }

    private static PeerRef Channel(RpcCall call, long id, long accessHash)
    {
        var peer = PeerRef.Channel(id);
        return accessHash == call.World.AccessHash(call.User.Id, peer) ? peer : throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
    }

    /// <summary>A peer without its access hash, known from a message of its own in a chat that the account sees.</summary>
    private static PeerRef FromMessage(RpcCall call, InputPeer chat, int messageId, PeerRef peer)
    {
        var place = Resolve(call, chat);
        var message = place.Kind == PeerKind.Channel
            ? call.World.ChannelMessagesById(call.User.Id, place.Id, [messageId])[0]
            : call.World.MessagesById(call.User.Id, [messageId])[0];
        return message is not null && message.Peer == place && (PeerRef.User(message.FromId) == peer || place == peer)
            ? peer
            : throw TelegramRefusal.BadRequest("PEER_ID_INVALID");
    }
}
