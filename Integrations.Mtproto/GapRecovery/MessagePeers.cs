using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>The users and chats that a message names and that the receiver needs to know.</summary>
internal static class MessagePeers
{
    public static long? ChannelOf(MessageBase message) => PeerOf(message) is PeerChannel channel ? channel.ChannelId : null;

    public static (PeerKey Chat, int Id)? PlaceOf(MessageBase message) => (message, PeerOf(message)) switch
    {
        (Message m, { } peer) => (PeerKey.Of(peer), m.Id),
        (MessageService m, { } peer) => (PeerKey.Of(peer), m.Id),
        _ => null,
    };

    public static IEnumerable<PeerKey> Of(MessageBase message)
    {
        if (PeerOf(message) is { } peer)
            yield return PeerKey.Of(peer);
        switch (message)
        {
            case Message m:
                if (m.FromId is { } from)
                    yield return PeerKey.Of(from);
                if (m.FwdFrom?.FromId is { } forwarded)
                    yield return PeerKey.Of(forwarded);
                if (m.ViaBotId is { } bot)
                    yield return new(PeerKind.User, bot);
                foreach (var mention in (m.Entities ?? []).OfType<MessageEntityMentionName>())
                    yield return new(PeerKind.User, mention.UserId);
                break;
            case MessageService m:
                if (m.FromId is { } actor)
                    yield return PeerKey.Of(actor);
                foreach (var user in ActionUsers(m.Action))
                    yield return new(PeerKind.User, user);
                break;
            default:
                break;
        }
    }

    private static Peer? PeerOf(MessageBase message) => message switch
    {
        Message m => m.PeerId,
        MessageService m => m.PeerId,
        MessageEmpty m => m.PeerId,
        _ => null,
    };

    private static IReadOnlyList<long> ActionUsers(MessageAction action) => action switch
    {
        MessageActionChatAddUser a => a.Users,
        MessageActionChatCreate a => a.Users,
        MessageActionChatDeleteUser a => [a.UserId],
        MessageActionChatJoinedByLink a => [a.InviterId],
        _ => [],
    };
}
