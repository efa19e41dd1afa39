using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Core.Telegram.Clients;

/// <summary>Groups and channels, and what is done with messages that are there.</summary>
public sealed partial class MtprotoTelegramClient
{
    /// <inheritdoc/>
    public Task EditTextAsync(PeerAddress peer, int messageId, string text, CancellationToken cancellationToken) =>
        CallAsync(ct => _client.EditTextAsync(Address(peer), messageId, FormattedText.Plain(text), ct), cancellationToken);

    /// <inheritdoc/>
    public Task DeleteMessageAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken) =>
        CallAsync(ct => _client.DeleteMessagesAsync(Address(peer), [messageId], forEverybody: true, ct), cancellationToken);

    /// <inheritdoc/>
    public Task PinMessageAsync(PeerAddress peer, int messageId, bool pinned, CancellationToken cancellationToken) =>
        CallAsync(ct => _client.PinMessageAsync(Address(peer), messageId, pinned, silently: true, ct), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SeenChannel>> ListChannelsAsync(int limit, CancellationToken cancellationToken) => CallAsync<IReadOnlyList<SeenChannel>>(
        async ct =>
        {
            List<SeenChannel> seen = [];
            await foreach (var page in _client.GetDialogsAsync(ct))
            {
                var chats = page switch
                {
                    MessagesDialogs all => all.Chats,
                    MessagesDialogsSlice part => part.Chats,
                    _ => [],
                };
                seen.AddRange(chats.Select(chat => SeenOf(chat, null)).OfType<SeenChannel>().Where(channel => channel.Sight.Rights.IsIn));
                if (seen.Count >= limit)
                    break;
            }

            return [.. seen.DistinctBy(channel => channel.Peer.Key).Take(limit)];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<SeenChannel> LookAtChannelAsync(PeerAddress peer, CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            var full = await _client.GetFullChatAsync(Address(peer), ct);
            var members = full.FullChat switch
            {
                ChannelFull channel => channel.ParticipantsCount,
                ChatFull { Participants: ChatParticipants participants } => participants.Participants.Count,
                _ => null,
            };
            return full.Chats.Where(chat => KeyOf(chat) == peer.Key).Select(chat => SeenOf(chat, members)).OfType<SeenChannel>().FirstOrDefault()
                ?? throw new TelegramRefusedException(400, "CHANNEL_INVALID", null);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<KnownPeer?> FollowInviteAsync(string invite, CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            try
            {
                return await _client.CheckInviteAsync(invite, ct) is ChatInviteAlready { Chat: var chat } ? SeenOf(chat, null)?.Peer : null;
            }
            catch (RpcException e) when (e.Is("INVITE_HASH_EXPIRED", "INVITE_HASH_INVALID", "INVITE_HASH_EMPTY"))
            {
                return null;
            }
        },
        cancellationToken);

    private static Mtproto.PeerAddress Address(PeerAddress peer) => new(MtprotoPeers.Key(peer.Key), peer.AccessHash);

    private static PeerKey? KeyOf(ChatBase chat) => chat switch
    {
        Channel channel => new(Dialogs.PeerKind.Channel, channel.Id),
        ChannelForbidden channel => new(Dialogs.PeerKind.Channel, channel.Id),
        Chat group => new(Dialogs.PeerKind.Chat, group.Id),
        ChatForbidden group => new(Dialogs.PeerKind.Chat, group.Id),
        _ => null,
    };

    /// <summary>Null for what is neither: a group that became a supergroup, and what the account knows too little of.</summary>
    private static SeenChannel? SeenOf(ChatBase chat, int? members)
    {
        if (KeyOf(chat) is not { } key || MtprotoPeers.Known(new LearntPeer(MtprotoPeers.Key(key), (chat as Channel)?.AccessHash, false, chat, null)) is not { } peer)
            return null;

        return chat switch
        {
            Channel { Min: true } or Chat { Deactivated: true } => null,
            Channel channel => Seen(
                channel.Broadcast ? ChannelType.Channel : ChannelType.Supergroup,
                members ?? channel.ParticipantsCount ?? 0,
                RightsOf(channel.Left, channel.Creator, channel.AdminRights, channel.Broadcast, Silent(channel.BannedRights) || Silent(channel.DefaultBannedRights))),
            Chat group => Seen(
                ChannelType.Group, members ?? group.ParticipantsCount, RightsOf(group.Left, group.Creator, group.AdminRights, false, Silent(group.DefaultBannedRights))),
            ChannelForbidden channel => Seen(channel.Broadcast ? ChannelType.Channel : ChannelType.Supergroup, 0, ChannelRights.None("kicked")),
            ChatForbidden => Seen(ChannelType.Group, 0, ChannelRights.None("kicked")),
            _ => null,
        };

        SeenChannel Seen(ChannelType type, int count, ChannelRights rights) =>
            new(peer, new(BotChat.IdOf(key), type, peer.Title ?? "", peer.Username, count, rights));
    }

    private static bool Silent(ChatBannedRights? rights) => rights is { SendMessages: true } or { ViewMessages: true };

    private static ChannelRights RightsOf(bool left, bool creator, ChatAdminRights? admin, bool broadcast, bool silenced) => (left, creator, admin) switch
    {
        (true, false, _) => ChannelRights.None("left"),
        (_, true, _) => new("creator", true, true, true, true, true, true),
        (_, _, { } given) => new(
            "administrator",
            !broadcast || given.PostMessages,
            broadcast && given.EditMessages,
            given.DeleteMessages,
            broadcast ? given.EditMessages : given.PinMessages,
            given.InviteUsers,
            given.ManageTopics),
        _ => ChannelRights.None(silenced ? "restricted" : "member") with { Post = !broadcast && !silenced },
    };
}
