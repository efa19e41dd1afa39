using System.Globalization;
using System.Text.Json;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;

namespace Integrations.Workers.Bots;

/// <summary>What an update says, in the product's words.</summary>
internal abstract record Happening(PeerKey Chat)
{
    /// <summary>What comes without anything more to say; stored as its name, so that the order of the conversation is told.</summary>
    private static readonly string[] Named =
        ["photo", "animation", "video", "video_note", "voice", "audio", "document", "sticker", "story", "paid_media", "checklist", "game", "invoice", "giveaway"];

    /// <summary>Null for what has no consequence here: service messages, queries, reactions, and kinds to come.</summary>
    /// <exception cref="JsonException">It is no Update.</exception>
    public static Happening? In(string payload)
    {
        var update = JsonSerializer.Deserialize(payload, UpdateJson.Default.WireUpdate) ?? throw new JsonException("An update is an object.");
        // A post is a message of its channel.
        update = update with { Message = update.Message ?? update.ChannelPost, EditedMessage = update.EditedMessage ?? update.EditedChannelPost };
        return update switch
        {
            { Message: { } message } when MovedTo(message) is { } chat => new Moved(BotChat.PeerOf(message.Chat.Id), BotChat.PeerOf(chat)),
            { Message: { } message } when TextOf(message) is { } text => new Said(
                BotChat.PeerOf(message.Chat.Id),
                TitleOf(message.Chat),
                message.Chat.Username,
                message.MessageId,
                FromOf(message),
                text,
                DateTimeOffset.FromUnixTimeSeconds(message.Date),
                message.ReplyToMessage?.MessageId,
                FileOf(message),
                AlbumOf(message)),
            { EditedMessage: { } message } when TextOf(message) is { } text => new Edited(
                BotChat.PeerOf(message.Chat.Id),
                message.MessageId,
                text,
                message.EditDate is { } edited ? DateTimeOffset.FromUnixTimeSeconds(edited) : null,
                FileOf(message),
                AlbumOf(message)),
            { MyChatMember: { } membership } => new Membership(BotChat.PeerOf(membership.Chat.Id), IsOut(membership.NewChatMember)) { Channel = SightOf(membership) },
            _ => null,
        };
    }

    /// <summary>Empty only beside a file; null for what is no message of anybody.</summary>
    private static string? TextOf(WireMessage message) => message switch
    {
        { Text: { } text } => text,
        { Caption: { } caption } => caption,
        _ when FileOf(message) is not null => "",
        { Contact: { } contact } => Spoken.Contact(contact.FirstName, contact.LastName, contact.PhoneNumber),
        // A venue comes with its place as a location, hence before it.
        { Venue: { Location: { } place } venue } => Spoken.Venue(venue.Title, venue.Address, place.Latitude, place.Longitude),
        { Location: { } place } => Spoken.Location(place.Latitude, place.Longitude),
        { Poll: { } poll } => Spoken.Poll(poll.Question, (poll.Options ?? []).Select(option => option.Text)),
        { Dice: { } dice } => Spoken.Dice(dice.Emoji, dice.Value),
        _ when NameOf(message) is { } kind => Spoken.Say(kind),
        _ => null,
    };

    /// <summary>A file whose id is missing is no file that anybody could fetch.</summary>
    private static string? NameOf(WireMessage message) => message switch
    {
        { Photo: not null } => "photo",
        { Animation: not null } => "animation",
        { Video: not null } => "video",
        { VideoNote: not null } => "video_note",
        { Voice: not null } => "voice",
        { Audio: not null } => "audio",
        { Document: not null } => "document",
        { Sticker: not null } => "sticker",
        _ => Array.Find(Named, kind => message.Rest?.ContainsKey(kind) is true),
    };

    private static SaidFile? FileOf(WireMessage message) => message switch
    {
        { Photo: { Count: > 0 } sizes } => FileOf(MediaKind.Photo, sizes.MaxBy(size => (long)(size.Width ?? 0) * (size.Height ?? 0))!, "image/jpeg"),
        { Animation: { } file } => FileOf(MediaKind.Animation, file, file.MimeType),
        { Video: { } file } => FileOf(MediaKind.Video, file, file.MimeType),
        { VideoNote: { } file } => FileOf(MediaKind.VideoNote, file, "video/mp4"),
        { Voice: { } file } => FileOf(MediaKind.Voice, file, file.MimeType ?? "audio/ogg"),
        { Audio: { } file } => FileOf(MediaKind.Audio, file, file.MimeType),
        { Document: { } file } => FileOf(MediaKind.Document, file, file.MimeType),
        { Sticker: { } file } => FileOf(MediaKind.Sticker, file, file switch
        {
            { IsAnimated: true } => "application/x-tgsticker",
            { IsVideo: true } => "video/webm",
            _ => "image/webp",
        }),
        _ => null,
    };

    private static SaidFile? FileOf(MediaKind kind, WireFile file, string? type) => file is { FileId: { Length: > 0 } id, FileUniqueId: { Length: > 0 and <= 64 } key }
        ? new(id, key, new MediaTraits(kind, file.FileName, type, file.FileSize, file.Width ?? file.Length, file.Height ?? file.Length, file.Duration).Storable())
        : null;

    private static long? AlbumOf(WireMessage message) => long.TryParse(message.MediaGroupId, CultureInfo.InvariantCulture, out var album) ? album : null;

    private static string? TitleOf(WireChat chat) =>
        chat.Title ?? (string.Join(' ', new[] { chat.FirstName, chat.LastName }.Where(name => !string.IsNullOrEmpty(name))) is { Length: > 0 } name ? name : null);

    private static PeerKey? FromOf(WireMessage message) => message switch
    {
        { SenderChat: { } chat } => BotChat.PeerOf(chat.Id),
        { From: { } user } => new PeerKey(PeerKind.User, user.Id),
        _ => null,
    };

    /// <summary>A group that became a supergroup says so, with the number of that one.</summary>
    private static long? MovedTo(WireMessage message) =>
        message.Rest?.GetValueOrDefault("migrate_to_chat_id") is { ValueKind: JsonValueKind.Number } chat && chat.TryGetInt64(out var moved) ? moved : null;

    /// <summary>Null for a private chat.</summary>
    private static ChannelSight? SightOf(WireMembership membership) => BotChannels.TypeOf(membership.Chat.Type) is { } type
        ? new(membership.Chat.Id, type, membership.Chat.Title ?? "", membership.Chat.Username, 0, BotChannels.RightsOf(membership.NewChatMember, type, everybodyWrites: true))
        : null;

    private static bool IsOut(BotChatMember member) => member.Status is "kicked" or "left" || (member.Status is "restricted" && member.IsMember is false);
}

/// <summary>Somebody wrote where the bot reads, a person or another bot; bots are stored alike, and nothing here answers by itself.</summary>
internal sealed record Said(
    PeerKey Chat, string? Title, string? Username, int MessageId, PeerKey? From, string Text, DateTimeOffset Date, int? ReplyTo,
    SaidFile? File, long? AlbumId) : Happening(Chat);

/// <summary>A message has another text, or another file, now.</summary>
internal sealed record Edited(PeerKey Chat, int MessageId, string Text, DateTimeOffset? At, SaidFile? File, long? AlbumId) : Happening(Chat);

/// <summary>The file of a message.</summary>
/// <param name="FileId">Opens it for the bot.</param>
/// <param name="RemoteKey">Tells it from others.</param>
internal sealed record SaidFile(string FileId, string RemoteKey, MediaTraits Traits);

/// <summary>The bot was blocked by a person or put out of a group, or let in again.</summary>
internal sealed record Membership(PeerKey Chat, bool Out) : Happening(Chat)
{
    /// <summary>What the bot may do there now; null for a private chat.</summary>
    public ChannelSight? Channel { get; init; }
}

/// <summary>A group is a supergroup from now on.</summary>
internal sealed record Moved(PeerKey Chat, PeerKey To) : Happening(Chat);
