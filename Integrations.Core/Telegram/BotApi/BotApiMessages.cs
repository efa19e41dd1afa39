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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BotApiAnswer<bool>))]
[JsonSerializable(typeof(BotApiAnswer<BotUser>))]
[JsonSerializable(typeof(BotApiAnswer<WebhookInfo>))]
[JsonSerializable(typeof(BotApiAnswer<SentBotMessage>))]
[JsonSerializable(typeof(BotText))]
[JsonSerializable(typeof(WebhookRequest))]
internal sealed partial class BotApiJson : JsonSerializerContext;
