using System.Text.Json.Serialization;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>What every answer of the Bot API looks like.</summary>
internal sealed record BotApiAnswer<T>(bool Ok, T? Result, int ErrorCode, string? Description, BotApiParameters? Parameters);

internal sealed record BotApiParameters(int? RetryAfter, long? MigrateToChatId);

/// <summary>The bot, as <c>getMe</c> tells it.</summary>
public sealed record BotUser(
    long Id,
    bool IsBot,
    string? FirstName,
    string? Username,
    bool CanJoinGroups,
    bool CanReadAllGroupMessages,
    bool SupportsInlineQueries,
    bool CanConnectToBusiness,
    bool HasTopicsEnabled);

/// <summary>Where Telegram is to send a bot's updates.</summary>
/// <param name="SecretToken">Comes back with each of them as <c>X-Telegram-Bot-Api-Secret-Token</c>.</param>
/// <param name="AllowedUpdates">Which kinds; leaving it out would keep what somebody set before.</param>
public sealed record WebhookRequest(string Url, string SecretToken, IReadOnlyList<string> AllowedUpdates);

/// <summary>How a bot's webhook stands at Telegram.</summary>
/// <param name="Url">Empty when there is none.</param>
/// <param name="LastErrorDate">Seconds since 1970.</param>
public sealed record WebhookInfo(
    string? Url,
    int PendingUpdateCount,
    long? LastErrorDate,
    string? LastErrorMessage,
    int? MaxConnections,
    IReadOnlyList<string>? AllowedUpdates,
    string? IpAddress)
{
    [JsonIgnore]
    public DateTimeOffset? LastErrorAt => LastErrorDate is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}

/// <summary>A text that a bot sends, as it is: without markup.</summary>
public sealed record BotText(long ChatId, string Text, BotReply? ReplyParameters);

/// <summary>What a text answers; where that is gone meanwhile, it is sent all the same.</summary>
public sealed record BotReply(int MessageId, bool AllowSendingWithoutReply = true);

/// <summary>A message that Telegram has taken.</summary>
/// <param name="Date">Seconds since 1970.</param>
public sealed record SentBotMessage(int MessageId, long Date);

internal sealed record BotFileRequest(string FileId);

/// <summary>Where a file is to be had.</summary>
/// <param name="FilePath">Below the address of the bot's files; null where there is none.</param>
public sealed record BotFile(string FileId, string? FilePath, long? FileSize);

/// <summary>A chat, as <c>getChat</c> tells it.</summary>
/// <param name="Type">private, group, supergroup or channel.</param>
/// <param name="Permissions">What the members of a group may do.</param>
public sealed record BotChatInfo(long Id, string Type, string? Title, string? Username, bool IsForum, BotChatPermissions? Permissions);

public sealed record BotChatPermissions(bool? CanSendMessages);

/// <summary>Somebody in a chat, and what he may do there.</summary>
/// <param name="Status">creator, administrator, member, restricted, left or kicked.</param>
public sealed record BotChatMember(
    string Status,
    bool? IsMember,
    bool? CanSendMessages,
    bool? CanPostMessages,
    bool? CanEditMessages,
    bool? CanDeleteMessages,
    bool? CanPinMessages,
    bool? CanInviteUsers,
    bool? CanManageTopics);

/// <summary>What a message is to say from now on.</summary>
internal sealed record BotEdit(long ChatId, int MessageId, string? Text, string? Caption);

internal sealed record BotMessageName(long ChatId, int MessageId, bool? DisableNotification);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BotApiAnswer<bool>))]
[JsonSerializable(typeof(BotApiAnswer<BotUser>))]
[JsonSerializable(typeof(BotApiAnswer<WebhookInfo>))]
[JsonSerializable(typeof(BotApiAnswer<SentBotMessage>))]
[JsonSerializable(typeof(BotApiAnswer<BotFile>))]
[JsonSerializable(typeof(BotFileRequest))]
[JsonSerializable(typeof(BotApiAnswer<IReadOnlyList<SentBotMessage>>))]
[JsonSerializable(typeof(BotAlbumItem[]))]
[JsonSerializable(typeof(BotReply))]
[JsonSerializable(typeof(BotApiAnswer<BotChatInfo>))]
[JsonSerializable(typeof(BotApiAnswer<BotChatMember>))]
[JsonSerializable(typeof(BotApiAnswer<int>))]
[JsonSerializable(typeof(BotEdit))]
[JsonSerializable(typeof(BotMessageName))]
[JsonSerializable(typeof(BotText))]
[JsonSerializable(typeof(WebhookRequest))]
internal sealed partial class BotApiJson : JsonSerializerContext;
