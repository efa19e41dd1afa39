using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using WireKey = Integrations.Mtproto.GapRecovery.PeerKey;
using WireKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Core.Telegram.Clients;

/// <summary>People and chats from the library's words into the product's.</summary>
internal static class MtprotoPeers
{
    public static TelegramSelf Self(User user) => new(user.Id, Username(user), user.Phone, Name(user));

    public static PeerKey Key(WireKey key) => new(
        key.Kind switch
        {
            WireKind.User => Dialogs.PeerKind.User,
            WireKind.Chat => Dialogs.PeerKind.Chat,
            WireKind.Channel => Dialogs.PeerKind.Channel,
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "Not a peer."),
        },
        key.Id);

    public static WireKey Key(PeerKey key) => new(
        key.Kind switch
        {
            Dialogs.PeerKind.User => WireKind.User,
            Dialogs.PeerKind.Chat => WireKind.Chat,
            Dialogs.PeerKind.Channel => WireKind.Channel,
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "Not a peer."),
        },
        key.Id);

    /// <summary>Null for what names nobody any more.</summary>
    public static KnownPeer? Known(LearntPeer peer) => peer.Object switch
    {
        User user => new(Key(peer.Key), user.AccessHash, Username(user), user.Phone, Name(user), false),
        Chat chat => new(Key(peer.Key), null, null, null, chat.Title, false),
        ChatForbidden chat => new(Key(peer.Key), null, null, null, chat.Title, false),
        Channel channel => new(Key(peer.Key), channel.AccessHash, channel.Username ?? channel.Usernames?.FirstOrDefault(name => name.Active)?.UsernameValue, null, channel.Title, channel.Broadcast),
        ChannelForbidden channel => new(Key(peer.Key), channel.AccessHash, null, null, channel.Title, channel.Broadcast),
        _ => null,
    };

    public static KnownPeer? Resolved(ContactsResolvedPeer answer)
    {
        var key = WireKey.Of(answer.Peer);
        return answer.Peer switch
        {
            PeerUser => answer.Users.OfType<User>().Where(user => user.Id == key.Id).Select(user => Known(new LearntPeer(key, user.AccessHash, false, user, null))).FirstOrDefault(),
            PeerChannel => answer.Chats.OfType<Channel>().Where(chat => chat.Id == key.Id).Select(chat => Known(new LearntPeer(key, chat.AccessHash, false, chat, null))).FirstOrDefault(),
            _ => null,
        };
    }

    private static string? Username(User user) => user.Username ?? user.Usernames?.FirstOrDefault(name => name.Active)?.UsernameValue;

    private static string? Name(User user) =>
        string.Join(' ', new[] { user.FirstName, user.LastName }.Where(part => !string.IsNullOrWhiteSpace(part))) is { Length: > 0 } name ? name : null;
}
