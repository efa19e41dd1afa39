using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;

namespace Integrations.Core.Telegram.Bots;

/// <summary>
/// The Bot API writes a chat as one number: a person's id as it is, a basic group's negative, a supergroup's or channel's below −10¹².
/// Here a peer is written as MTProto does, so that a bot's dialogs and an account's name the same people alike.
/// </summary>
public static class BotChat
{
    internal const long ChannelBase = 1_000_000_000_000;

    public static PeerKey PeerOf(long chatId) => chatId switch
    {
        > 0 => new(PeerKind.User, chatId),
        < -ChannelBase => new(PeerKind.Channel, -chatId - ChannelBase),
        < 0 => new(PeerKind.Chat, -chatId),
        _ => throw new ArgumentOutOfRangeException(nameof(chatId), chatId, "No chat has the number 0."),
    };

    public static long IdOf(PeerKey peer) => peer.Kind switch
    {
        PeerKind.User => peer.Id,
        PeerKind.Chat => -peer.Id,
        PeerKind.Channel => -ChannelBase - peer.Id,
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer.Kind, "Not a kind of peer."),
    };
}
