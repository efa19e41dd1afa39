using Integrations.Core.Errors;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Sending;

/// <summary>What a refused or unanswered send means for the message.</summary>
internal enum FailureKind
{
    /// <summary>It may pass by itself: no answer, or a fault on Telegram's side.</summary>
    Transient,

    /// <summary>Telegram asks the account to wait with this call.</summary>
    AccountFlood,

    /// <summary>Telegram asks to wait with this chat.</summary>
    ChatFlood,

    /// <summary>The message is there already: an earlier try succeeded and its answer was lost.</summary>
    AlreadySent,

    /// <summary>The session is said to be gone; the message waits until a second connection has confirmed or denied that.</summary>
    SessionSuspect,

    /// <summary>It will be refused every time.</summary>
    Permanent,
}

/// <param name="Kind">What to do.</param>
/// <param name="Code">For the customer, from the catalogue; null where nothing is to be told.</param>
/// <param name="Detail">One plain sentence, with Telegram's own word for it.</param>
/// <param name="Wait">How long Telegram asked to wait.</param>
internal sealed record SendJudgement(FailureKind Kind, string? Code, string? Detail, TimeSpan? Wait)
{
    /// <summary>The content did not come out of the database.</summary>
    public static SendJudgement FileNotRead { get; } = new(FailureKind.Transient, ErrorCodes.ServiceUnavailable, "The file could not be read from the database.", null);

    public static SendJudgement Of(TelegramUnavailableException exception) =>
        new(FailureKind.Transient, ErrorCodes.TelegramUnavailable, $"Telegram gave no answer: {exception.Message}", null);

    public static SendJudgement Of(TelegramRefusedException refusal) => refusal switch
    {
        { Type: "RANDOM_ID_DUPLICATE" } => new(FailureKind.AlreadySent, null, null, null),
        { SaysSessionIsGone: true } => new(FailureKind.SessionSuspect, null, null, null),
        { Type: "SLOWMODE_WAIT", Wait: { } wait } =>
            new(FailureKind.ChatFlood, ErrorCodes.TelegramFlood, $"The chat is in slow mode; Telegram asks to wait {Seconds(wait)} s.", wait),
        { Wait: { } wait } =>
            new(FailureKind.AccountFlood, ErrorCodes.TelegramFlood, $"Telegram asks this account to wait {Seconds(wait)} s before it sends again.", wait),
        // A 420 of a kind we do not know is still a request for patience.
        { Code: 420 } => new(FailureKind.AccountFlood, ErrorCodes.TelegramFlood, $"Telegram asks this account to wait ({refusal.Type}).", TimeSpan.FromMinutes(1)),
        { Code: >= 500 or < 0 } or { Type: "MSG_WAIT_FAILED" or "MSG_WAIT_TIMEOUT" or "TIMEOUT" } =>
            new(FailureKind.Transient, ErrorCodes.TelegramUnavailable, $"Telegram failed inside ({refusal.Code} {refusal.Type}).", null),
        // A part of an upload was lost on Telegram's side: the next attempt brings all of them again.
        { Type: var type } when type.StartsWith("FILE_PART_", StringComparison.Ordinal) && type.EndsWith("_MISSING", StringComparison.Ordinal) =>
            new(FailureKind.Transient, ErrorCodes.TelegramUnavailable, $"Telegram lost a part of the file ({type}).", null),
        _ => new(FailureKind.Permanent, CodeOf(refusal.Type), SentenceOf(refusal.Type), null),
    };

    private static string CodeOf(string type) => type switch
    {
        "PEER_ID_INVALID" or "USER_ID_INVALID" or "CHAT_ID_INVALID" or "CHANNEL_INVALID" or "CHANNEL_ID_INVALID" or "INPUT_USER_DEACTIVATED"
            or "USERNAME_INVALID" or "USERNAME_NOT_OCCUPIED" or "PHONE_NOT_OCCUPIED" or "INPUT_PEER_INVALID" => ErrorCodes.TelegramPeerUnknown,
        "USER_IS_BLOCKED" or "YOU_BLOCKED_USER" or "CHAT_WRITE_FORBIDDEN" or "CHAT_SEND_PLAIN_FORBIDDEN" or "CHAT_GUEST_SEND_FORBIDDEN"
            or "USER_BANNED_IN_CHANNEL" or "CHAT_ADMIN_REQUIRED" or "CHAT_RESTRICTED" or "CHANNEL_PRIVATE" or "CHAT_FORBIDDEN"
            or "USER_PRIVACY_RESTRICTED" or "PRIVACY_PREMIUM_REQUIRED" or "PEER_FLOOD" or "USER_IS_BOT" or "BOT_DOMAIN_INVALID"
            or "ALLOW_PAYMENT_REQUIRED" or "TOPIC_CLOSED" or "TOPIC_DELETED"
            or "VOICE_MESSAGES_FORBIDDEN" => ErrorCodes.TelegramPeerForbidden,
        // Of a kind of its own for each kind of file: CHAT_SEND_PHOTOS_FORBIDDEN.
        _ when IsForbiddenKind(type) => ErrorCodes.TelegramPeerForbidden,
        _ => ErrorCodes.TelegramMessageRejected,
    };

    private static string SentenceOf(string type) => type switch
    {
        "USER_IS_BLOCKED" => "The recipient has blocked this account (USER_IS_BLOCKED).",
        "YOU_BLOCKED_USER" => "This account has blocked the recipient; lift that in the Telegram app first (YOU_BLOCKED_USER).",
        "CHAT_WRITE_FORBIDDEN" or "CHAT_SEND_PLAIN_FORBIDDEN" or "CHAT_GUEST_SEND_FORBIDDEN" or "CHAT_RESTRICTED" =>
            $"This account may not write in the chat ({type}).",
        "VOICE_MESSAGES_FORBIDDEN" => "The recipient takes no voice messages from this account (VOICE_MESSAGES_FORBIDDEN).",
        _ when IsForbiddenKind(type) => $"This kind of message may not be sent into the chat ({type}).",
        "CHAT_ADMIN_REQUIRED" => "Only administrators may write in this channel (CHAT_ADMIN_REQUIRED).",
        "USER_BANNED_IN_CHANNEL" => "Telegram has restricted this account in public groups (USER_BANNED_IN_CHANNEL).",
        "CHANNEL_PRIVATE" => "This account is no longer a member of the channel or group (CHANNEL_PRIVATE).",
        "USER_PRIVACY_RESTRICTED" or "PRIVACY_PREMIUM_REQUIRED" => $"The recipient's privacy settings do not let this account write ({type}).",
        "PEER_FLOOD" => "Telegram has limited this account to people who wrote to it first (PEER_FLOOD).",
        "INPUT_USER_DEACTIVATED" => "The recipient has deleted the Telegram account (INPUT_USER_DEACTIVATED).",
        "USERNAME_INVALID" or "USERNAME_NOT_OCCUPIED" => $"Nobody on Telegram has this username ({type}).",
        "PHONE_NOT_OCCUPIED" => "Nobody on Telegram can be found by this phone number (PHONE_NOT_OCCUPIED).",
        "MESSAGE_EMPTY" => "Telegram took the text for empty (MESSAGE_EMPTY).",
        "MESSAGE_TOO_LONG" => "The text is longer than Telegram allows (MESSAGE_TOO_LONG).",
        "REPLY_MESSAGE_ID_INVALID" or "REPLY_TO_INVALID" or "MSG_ID_INVALID" => $"The message that this one answers is gone ({type}).",
        _ => $"Telegram refused the message ({type}).",
    };

    private static bool IsForbiddenKind(string type) =>
        type.StartsWith("CHAT_SEND_", StringComparison.Ordinal) && type.EndsWith("_FORBIDDEN", StringComparison.Ordinal);

    private static long Seconds(TimeSpan wait) => (long)Math.Ceiling(wait.TotalSeconds);
}
