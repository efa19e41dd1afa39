using System.Text.Json;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;

namespace Integrations.Workers.Bots;

/// <summary>What an update says, in the product's words.</summary>
internal abstract record Happening(PeerKey Chat)
{
    /// <summary>
    /// Media without words are stored as their kind, so that the order of the conversation is told. An animation comes with a document of the
    /// same file, hence before it.
    /// </summary>
    private static readonly string[] Media =
    [
        "photo", "animation", "video", "video_note", "voice", "audio", "document", "sticker", "contact", "venue", "location", "poll", "dice", "story",
        "paid_media", "checklist", "game", "invoice", "giveaway",
    ];

    /// <summary>Null for what has no consequence here: service messages, queries, reactions, posts of channels, and kinds to come.</summary>
    /// <exception cref="JsonException">It is no Update.</exception>
    public static Happening? In(string payload)
    {
        var update = JsonSerializer.Deserialize(payload, UpdateJson.Default.WireUpdate) ?? throw new JsonException("An update is an object.");
        return update switch
        {
            { Message: { } message } when TextOf(message) is { } text => new Said(
                BotChat.PeerOf(message.Chat.Id),
                TitleOf(message.Chat),
                message.Chat.Username,
                message.MessageId,
                FromOf(message),
                text,
                DateTimeOffset.FromUnixTimeSeconds(message.Date),
                message.ReplyToMessage?.MessageId),
            { EditedMessage: { } message } when TextOf(message) is { } text => new Edited(BotChat.PeerOf(message.Chat.Id), message.MessageId, text),
            { MyChatMember: { } membership } => new Membership(BotChat.PeerOf(membership.Chat.Id), IsOut(membership.NewChatMember)),
            _ => null,
        };
    }

    private static string? TextOf(WireMessage message) =>
        message.Text ?? message.Caption ?? (Array.Find(Media, kind => message.Rest?.ContainsKey(kind) is true) is { } kind ? $"[{kind}]" : null);

    private static string? TitleOf(WireChat chat) =>
        chat.Title ?? (string.Join(' ', new[] { chat.FirstName, chat.LastName }.Where(name => !string.IsNullOrEmpty(name))) is { Length: > 0 } name ? name : null);

    private static PeerKey? FromOf(WireMessage message) => message switch
    {
        { SenderChat: { } chat } => BotChat.PeerOf(chat.Id),
        { From: { } user } => new PeerKey(PeerKind.User, user.Id),
        _ => null,
    };

    private static bool IsOut(WireMember member) => member.Status is "kicked" or "left" || (member.Status is "restricted" && member.IsMember is false);
}

/// <summary>Somebody wrote where the bot reads, a person or another bot; bots are stored alike, and nothing here answers by itself.</summary>
internal sealed record Said(
    PeerKey Chat, string? Title, string? Username, int MessageId, PeerKey? From, string Text, DateTimeOffset Date, int? ReplyTo) : Happening(Chat);

/// <summary>A message has another text now.</summary>
internal sealed record Edited(PeerKey Chat, int MessageId, string Text) : Happening(Chat);

/// <summary>The bot was blocked by a person or put out of a group, or let in again.</summary>
internal sealed record Membership(PeerKey Chat, bool Out) : Happening(Chat);
