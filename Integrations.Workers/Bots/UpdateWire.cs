using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Workers.Bots;

/// <summary>An Update of the Bot API, as far as it is read here; what is unknown is passed over.</summary>
internal sealed record WireUpdate(WireMessage? Message, WireMessage? EditedMessage, WireMembership? MyChatMember);

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

    /// <summary>Everything else: what kind of media it is, and the service messages.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Rest { get; set; }
}

internal sealed record WireReply(int MessageId);

/// <param name="Type">private, group, supergroup or channel.</param>
internal sealed record WireChat(long Id, string Type, string? Title, string? Username, string? FirstName, string? LastName);

internal sealed record WireUser(long Id);

/// <summary>What became of the bot itself in a chat.</summary>
internal sealed record WireMembership(WireChat Chat, WireMember NewChatMember);

/// <param name="Status">creator, administrator, member, restricted, left or kicked.</param>
internal sealed record WireMember(string Status, bool? IsMember);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WireUpdate))]
internal sealed partial class UpdateJson : JsonSerializerContext;
