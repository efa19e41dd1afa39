using System.Globalization;
using Integrations.Core.Errors;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>How a call to the Bot API failed, and so what may be done next.</summary>
public enum BotApiFailure
{
    /// <summary>The token is wrong or was revoked. For good.</summary>
    Unauthorized,

    /// <summary>The bot may not: it was blocked, removed, or never met the person.</summary>
    Forbidden,

    /// <summary>The request itself is wrong, for example a chat that does not exist.</summary>
    BadRequest,

    /// <summary>Somebody else takes this bot's updates.</summary>
    Conflict,

    /// <summary>Too many requests: not before <see cref="BotApiException.RetryAfter"/>.</summary>
    TooManyRequests,

    /// <summary>Telegram failed, and said so.</summary>
    ServerError,

    /// <summary>No connection came about: nothing was sent.</summary>
    Unreachable,

    /// <summary>The request went out and no answer that can be read came back: it may have been done.</summary>
    NoAnswer,
}

/// <summary>A call to the Bot API failed. The message has the method and Telegram's words, never the token.</summary>
public sealed class BotApiException(string method, BotApiFailure failure, string description, Exception? inner = null)
    : Exception($"{method}: {description}", inner)
{
    /// <summary>What a caller waits before it asks again where Telegram itself failed.</summary>
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(5);

    public BotApiFailure Failure { get; } = failure;

    /// <summary>Telegram's own words.</summary>
    public string Description { get; } = description;

    /// <summary>How long Telegram asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The group has become a supergroup with this id: send there instead.</summary>
    public long? MigrateToChatId { get; init; }

    /// <summary>Whether the same call may succeed later without anybody doing anything.</summary>
    public bool IsPassing => Failure is BotApiFailure.TooManyRequests or BotApiFailure.ServerError or BotApiFailure.Unreachable or BotApiFailure.NoAnswer;

    /// <summary>The failure in the words of this service, for calls that look after the bot itself.</summary>
    public IntegrationException AsRefusal() => Failure switch
    {
        BotApiFailure.Unauthorized => new(ErrorCodes.TelegramBotTokenInvalid, inner: this),
        BotApiFailure.TooManyRequests => new(
            ErrorCodes.TelegramFlood,
            string.Create(CultureInfo.InvariantCulture, $"Telegram asks to wait {Math.Ceiling((RetryAfter ?? RetryLater).TotalSeconds)} s before this bot is asked again."),
            RetryAfter ?? RetryLater,
            inner: this),
        BotApiFailure.ServerError or BotApiFailure.Unreachable or BotApiFailure.NoAnswer => new(ErrorCodes.TelegramUnavailable, retryAfter: RetryLater, inner: this),
        _ => new(ErrorCodes.TelegramWebhookRefused, $"Telegram refuses: {Description}.", inner: this),
    };
}
