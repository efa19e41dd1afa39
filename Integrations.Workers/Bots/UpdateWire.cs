using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Core.Telegram.BotApi;

namespace Integrations.Workers.Bots;

/// <summary>An Update of the Bot API, as far as it is read here; what is unknown is passed over.</summary>
internal sealed record WireUpdate(
    WireMessage? Message, WireMessage? EditedMessage, WireMembership? MyChatMember, WireMessage? ChannelPost = null, WireMessage? EditedChannelPost = null);

internal sealed record WireMessage
{
    public required int MessageId { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Date { get; init; }

    public required WireChat Chat { get; init; }
    public WireUser? From { get; init; }

    /// <summary>Who speaks where a group or a channel does.</summary>
    public WireChat? SenderChat { get; init; }

    public WireReply? ReplyToMessage { get; init; }
    public string? Text { get; init; }
    public string? Caption { get; init; }

    /// <summary>Seconds since 1970; null for what was never changed.</summary>
    public long? EditDate { get; init; }

    /// <summary>A number in digits: messages of one album share it.</summary>
    public string? MediaGroupId { get; init; }

    /// <summary>One picture in several sizes, the smallest first.</summary>
    public IReadOnlyList<WireFile>? Photo { get; init; }

    /// <summary>A document of the same file comes with it.</summary>
    public WireFile? Animation { get; init; }

    public WireFile? Video { get; init; }
    public WireFile? VideoNote { get; init; }
    public WireFile? Voice { get; init; }
    public WireFile? Audio { get; init; }
    public WireFile? Document { get; init; }
    public WireFile? Sticker { get; init; }
    public WireContact? Contact { get; init; }
    public WireVenue? Venue { get; init; }
    public WireLocation? Location { get; init; }
    public WirePoll? Poll { get; init; }
    public WireDice? Dice { get; init; }

    /// <summary>Everything else: media that are only named, and the service messages.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Rest { get; set; }
}

/// <summary>A file of any kind; each has some of these.</summary>
/// <param name="FileId">Opens it for this bot.</param>
/// <param name="FileUniqueId">Tells it from others; opens nothing.</param>
/// <param name="Length">A round video's width and height.</param>
internal sealed record WireFile(
    string? FileId, string? FileUniqueId, long? FileSize, int? Width, int? Height, int? Length, int? Duration, string? FileName, string? MimeType, bool? IsAnimated, bool? IsVideo);

internal sealed record WireContact(string? PhoneNumber, string? FirstName, string? LastName);

internal sealed record WireLocation(double Latitude, double Longitude);

internal sealed record WireVenue(WireLocation Location, string? Title, string? Address);

internal sealed record WirePoll(string? Question, IReadOnlyList<WirePollOption>? Options);

internal sealed record WirePollOption(string? Text);

internal sealed record WireDice(string? Emoji, int? Value);

internal sealed record WireReply(int MessageId);

/// <param name="Type">private, group, supergroup or channel.</param>
internal sealed record WireChat(long Id, string Type, string? Title, string? Username, string? FirstName, string? LastName);

internal sealed record WireUser(long Id);

/// <summary>What became of the bot itself in a chat.</summary>
internal sealed record WireMembership(WireChat Chat, BotChatMember NewChatMember);


[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WireUpdate))]
internal sealed partial class UpdateJson : JsonSerializerContext;
