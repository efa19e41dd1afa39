using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>A request that the Bot API refuses, in its own words: <c>{"ok":false,"error_code":…,"description":…}</c>.</summary>
internal sealed class BotApiRefusal(int code, string description, int? retryAfter = null) : Exception(description)
{
    /// <summary>The HTTP status, which is also <c>error_code</c>.</summary>
    public int Code => code;

    /// <summary>Seconds until a try may succeed, for 429.</summary>
    public int? RetryAfter => retryAfter;

    public static BotApiRefusal BadRequest(string what) => new(400, $"Bad Request: {what}");

    public static BotApiRefusal TooManyRequests(int seconds) =>
        new(429, string.Create(CultureInfo.InvariantCulture, $"Too Many Requests: retry after {seconds}"), seconds);

    /// <summary>What Telegram's server makes of the protocol's own errors; those that it does not know keep their name.</summary>
    /// <param name="room">Where it was to go, in words: user, group, supergroup or channel.</param>
    public static BotApiRefusal From(TelegramRefusal refusal, string room) => refusal.Name switch
    {
        "MESSAGE_EMPTY" => BadRequest("message text is empty"),
        "MESSAGE_TOO_LONG" => BadRequest("message is too long"),
        "REPLY_MESSAGE_ID_INVALID" => BadRequest("message to be replied not found"),
        "PEER_ID_INVALID" or "CHAT_ID_INVALID" or "CHANNEL_INVALID" or "USER_ID_INVALID" => BadRequest("chat not found"),
        "CHANNEL_PRIVATE" => new(403, $"Forbidden: bot is not a member of the {room} chat"),
        "USER_BOT_NOT_STARTED" => new(403, "Forbidden: bot can't initiate conversation with a user"),
        "USER_IS_BOT" => new(403, "Forbidden: the bot can't send messages to the bot"),
        "CHAT_WRITE_FORBIDDEN" when room is "channel" => new(403, "Forbidden: bot is not a member of the channel chat"),
        "CHAT_WRITE_FORBIDDEN" => BadRequest("not enough rights to send text messages to the chat"),
        _ when refusal.Code == 420 => TooManyRequests(int.Parse(refusal.Name.AsSpan(refusal.Name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture)),
        _ when refusal.Code is 401 => new(401, "Unauthorized"),
        _ when refusal.Code is 403 => new(403, $"Forbidden: {refusal.Name}"),
        _ when refusal.Code is 500 => new(500, $"Internal Server Error: {refusal.Name}"),
        _ => BadRequest(refusal.Name),
    };
}
