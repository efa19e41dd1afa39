using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>A request that the Bot API refuses, in its own words: <c>{"ok":false,"error_code":…,"description":…}</c>.</summary>
internal sealed class BotApiRefusal(int code, string description, int? retryAfter = null, long? migrateToChatId = null) : Exception(description)
{
    /// <summary>The HTTP status, which is also <c>error_code</c>.</summary>
    public int Code => code;

    /// <summary>Seconds until a try may succeed, for 429.</summary>
    public int? RetryAfter => retryAfter;

    /// <summary>The supergroup that the group became.</summary>
    public long? MigrateToChatId => migrateToChatId;

    public static BotApiRefusal Migrated(long channelId) =>
        new(400, "Bad Request: group chat was upgraded to a supergroup chat", null, BotChatId.From(PeerRef.Channel(channelId)));

    public static BotApiRefusal BadRequest(string what) => new(400, $"Bad Request: {what}");

    public static BotApiRefusal TooManyRequests(int seconds) =>
        new(429, string.Create(CultureInfo.InvariantCulture, $"Too Many Requests: retry after {seconds}"), seconds);

    /// <summary>What Telegram's server makes of the protocol's own errors; those that it does not know keep their name.</summary>
    public static BotApiRefusal From(TelegramRefusal refusal, BotCall call) => refusal.Name switch
    {
        "MESSAGE_EMPTY" => BadRequest("message text is empty"),
        "MESSAGE_TOO_LONG" => BadRequest("message is too long"),
        "MEDIA_CAPTION_TOO_LONG" => BadRequest("message caption is too long"),
        "REPLY_MESSAGE_ID_INVALID" => BadRequest("message to be replied not found"),
        "MESSAGE_ID_INVALID" => BadRequest($"message to {VerbOf(call.Method)} not found"),
        "MESSAGE_AUTHOR_REQUIRED" => BadRequest("message can't be edited"),
        "MESSAGE_DELETE_FORBIDDEN" => BadRequest("message can't be deleted for everyone"),
        "MESSAGE_NOT_MODIFIED" => BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"),
        "QUERY_ID_INVALID" => BadRequest("query is too old and response timeout expired or query ID is invalid"),
        "CHANNEL_FORUM_MISSING" => BadRequest("the chat is not a forum"),
        "CHAT_ADMIN_REQUIRED" when RightMissing(call) is { } what => BadRequest(what),
        "PEER_ID_INVALID" or "CHAT_ID_INVALID" or "CHANNEL_INVALID" or "USER_ID_INVALID" => BadRequest("chat not found"),
        "CHANNEL_PRIVATE" => new(403, $"Forbidden: bot is not a member of the {call.Room} chat"),
        "USER_BOT_NOT_STARTED" => new(403, "Forbidden: bot can't initiate conversation with a user"),
        "USER_IS_BLOCKED" => new(403, "Forbidden: bot was blocked by the user"),
        "INPUT_USER_DEACTIVATED" => new(403, "Forbidden: user is deactivated"),
        "USER_IS_BOT" => new(403, "Forbidden: the bot can't send messages to the bot"),
        "CHAT_WRITE_FORBIDDEN" => new(403, $"Forbidden: bot is not a member of the {call.Room} chat"),
        "CHAT_SEND_PLAIN_FORBIDDEN" => BadRequest("not enough rights to send text messages to the chat"),
        "CHAT_SEND_PHOTOS_FORBIDDEN" => BadRequest("not enough rights to send photos to the chat"),
        "CHAT_SEND_VIDEOS_FORBIDDEN" => BadRequest("not enough rights to send videos to the chat"),
        "CHAT_SEND_AUDIOS_FORBIDDEN" => BadRequest("not enough rights to send audios to the chat"),
        "CHAT_SEND_VOICES_FORBIDDEN" => BadRequest("not enough rights to send voice notes to the chat"),
        "CHAT_SEND_ROUNDVIDEOS_FORBIDDEN" => BadRequest("not enough rights to send video notes to the chat"),
        "CHAT_SEND_STICKERS_FORBIDDEN" => BadRequest("not enough rights to send stickers to the chat"),
        "CHAT_SEND_DOCS_FORBIDDEN" => BadRequest("not enough rights to send documents to the chat"),
        _ when refusal.Code == 420 => TooManyRequests(int.Parse(refusal.Name.AsSpan(refusal.Name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture)),
        _ when refusal.Code is 401 => new(401, "Unauthorized"),
        _ when refusal.Code is 403 => new(403, $"Forbidden: {refusal.Name}"),
        _ when refusal.Code is 500 => new(500, $"Internal Server Error: {refusal.Name}"),
        _ => BadRequest(refusal.Name),
    };

    private static string VerbOf(string method) => method switch
    {
        _ when method.StartsWith("EDIT", StringComparison.Ordinal) => "edit",
        _ when method.StartsWith("DELETE", StringComparison.Ordinal) => "delete",
        _ when method.StartsWith("COPY", StringComparison.Ordinal) => "copy",
        _ when method.StartsWith("FORWARD", StringComparison.Ordinal) => "forward",
        _ when method.StartsWith("UNPIN", StringComparison.Ordinal) => "unpin",
        _ => "pin",
    };

    /// <summary>What the bot would have to be allowed; null where the protocol's own name is told.</summary>
    private static string? RightMissing(BotCall call) => call.Method switch
    {
        "CREATEFORUMTOPIC" => "not enough rights to create a topic",
        "EDITFORUMTOPIC" or "EDITGENERALFORUMTOPIC" => "not enough rights to edit the topic",
        "DELETEFORUMTOPIC" => "not enough rights to delete the topic",
        _ when call.Method.EndsWith("FORUMTOPIC", StringComparison.Ordinal) => "not enough rights to close or open the topic",
        _ when call.Method.Contains("PIN", StringComparison.Ordinal) => "not enough rights to manage pinned messages in the chat",
        "PROMOTECHATMEMBER" => "not enough rights",
        "RESTRICTCHATMEMBER" or "BANCHATMEMBER" or "KICKCHATMEMBER" or "UNBANCHATMEMBER" => "not enough rights to restrict/unrestrict chat member",
        "SETCHATPERMISSIONS" => "not enough rights to change chat permissions",
        _ => null,
    };
}
