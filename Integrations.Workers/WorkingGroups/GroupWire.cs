using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Workers.WorkingGroups;

/// <summary>An Update of the Bot API, as far as it is about a group that a bot is in.</summary>
internal sealed record GroupUpdate(GroupMessage? Message, GroupMessage? EditedMessage, GroupCallback? CallbackQuery, GroupMembership? MyChatMember)
{
    /// <exception cref="JsonException">It is no Update.</exception>
    public static GroupUpdate Read(string payload) =>
        JsonSerializer.Deserialize(payload, GroupJson.Default.GroupUpdate) ?? throw new JsonException("An update is an object.");
}

internal sealed record GroupMessage
{
    /// <summary>What people attach; anything else without words is a service message.</summary>
    private static readonly string[] Media =
        ["photo", "animation", "video", "video_note", "voice", "audio", "document", "sticker", "contact", "venue", "location", "poll", "dice", "story", "paid_media", "checklist"];

    public required int MessageId { get; init; }

    /// <summary>Only together with <see cref="IsTopicMessage"/> it is a topic's; the general topic has none.</summary>
    public int? MessageThreadId { get; init; }
    public bool IsTopicMessage { get; init; }
    public required GroupChatOf Chat { get; init; }
    public GroupPerson? From { get; init; }

    /// <summary>The group itself where an administrator speaks anonymously.</summary>
    public GroupChatOf? SenderChat { get; init; }
    public string? AuthorSignature { get; init; }
    public GroupReply? ReplyToMessage { get; init; }
    public string? Text { get; init; }
    public string? Caption { get; init; }
    public JsonElement? ForumTopicClosed { get; init; }
    public JsonElement? ForumTopicReopened { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Rest { get; set; }

    public bool HasMedia => Array.Exists(Media, kind => Rest?.ContainsKey(kind) is true);

    /// <summary>A person's, and not a bot's: an anonymous administrator writes as the group.</summary>
    public bool IsOfPerson => SenderChat is { } chat ? chat.Id == Chat.Id : From is { IsBot: false };

    public long AuthorId => SenderChat?.Id ?? From?.Id ?? 0;

    public string? AuthorName => SenderChat is { } chat ? AuthorSignature ?? chat.Title : From?.Name;
}

internal sealed record GroupReply(int MessageId);

internal sealed record GroupChatOf(long Id, string? Type, string? Title, string? Username, bool IsForum);

internal sealed record GroupPerson(long Id, bool IsBot, string? FirstName, string? LastName, string? Username)
{
    public string? Name => string.Join(' ', new[] { FirstName, LastName }.Where(part => !string.IsNullOrEmpty(part))) is { Length: > 0 } name ? name : Username;
}

internal sealed record GroupCallback(string Id, GroupPerson From, GroupMessage? Message, string? Data);

internal sealed record GroupMembership(GroupChatOf Chat, Core.Telegram.BotApi.BotChatMember NewChatMember);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GroupUpdate))]
internal sealed partial class GroupJson : JsonSerializerContext;
