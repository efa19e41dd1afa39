using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>How the Bot API numbers chats: people as they are, basic groups negative, supergroups and channels as <c>-100…</c>.</summary>
internal static class BotChatId
{
    private const long FirstChannel = -1_000_000_000_000;

    public static long From(PeerRef peer) => peer.Kind switch
    {
        PeerKind.User => peer.Id,
        PeerKind.Group => -peer.Id,
        _ => FirstChannel - peer.Id,
    };

    /// <summary>Reads a number or an <c>@username</c>.</summary>
    /// <exception cref="BotApiRefusal">Nobody has this name, or it is neither.</exception>
    public static PeerRef Parse(string text, TelegramWorld world)
    {
        if (text.StartsWith('@'))
        {
            return world.FindUsername(text[1..]) is { Kind: PeerKind.Channel } room ? room : throw BotApiRefusal.BadRequest("chat not found");
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) || id == 0)
            throw BotApiRefusal.BadRequest("chat not found");
        return id switch
        {
            > 0 => PeerRef.User(id),
            > FirstChannel => PeerRef.Group(-id),
            _ => PeerRef.Channel(FirstChannel - id),
        };
    }
}
