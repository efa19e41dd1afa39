using Integrations.Core.Errors;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;

namespace Integrations.Workers.Channels;

/// <summary>What a refused change means for it. What Telegram already has as it was asked for is done.</summary>
internal static class ChangeJudgement
{
    /// <param name="later">When to try again where it may pass by itself.</param>
    public static ChangeOutcome Of(TelegramRefusedException refusal, MessageChangeKind kind, DateTimeOffset later, DateTimeOffset now) => refusal switch
    {
        { Type: "MESSAGE_NOT_MODIFIED" or "CHAT_NOT_MODIFIED" } => ChangeOutcome.Done,
        { Type: "MESSAGE_ID_INVALID" or "MSG_ID_INVALID" } => Gone(kind),
        { Wait: { } wait } => new(ErrorCodes.TelegramFlood, $"Telegram asks this account to wait {Math.Ceiling(wait.TotalSeconds)} s.", now + wait),
        { Code: 420 or >= 500 or < 0 } or { SaysSessionIsGone: true } => new(ErrorCodes.TelegramUnavailable, "Telegram does not answer now.", later),
        { Type: "MESSAGE_AUTHOR_REQUIRED" } => new(ErrorCodes.ChannelRightsMissing, ChannelRefusals.Sentence(ChannelRights.EditRight)),
        { Type: "MESSAGE_DELETE_FORBIDDEN" } => new(ErrorCodes.ChannelRightsMissing, ChannelRefusals.Sentence(ChannelRights.DeleteRight)),
        { Type: "CHAT_ADMIN_REQUIRED" or "CHAT_WRITE_FORBIDDEN" or "RIGHT_FORBIDDEN" } => new(ErrorCodes.ChannelRightsMissing, ChannelRefusals.Sentence(RightFor(kind))),
        { Type: "MESSAGE_EDIT_TIME_EXPIRED" } => new(ErrorCodes.MessageNotChangeable, "Telegram lets this message be edited no more: too much time has passed (MESSAGE_EDIT_TIME_EXPIRED)."),
        _ when IsAway(refusal) => new(ErrorCodes.ChannelNotFound, $"The account is not in the channel or group any more ({refusal.Type})."),
        _ => new(ErrorCodes.TelegramMessageRejected, $"Telegram refuses the change ({refusal.Type})."),
    };

    public static ChangeOutcome Of(BotApiException refusal, MessageChangeKind kind, PeerKind peer, DateTimeOffset later, DateTimeOffset now) => refusal switch
    {
        _ when Says(refusal, "message is not modified") || Says(refusal, "CHAT_NOT_MODIFIED") => ChangeOutcome.Done,
        _ when Says(refusal, "message to edit not found") || Says(refusal, "message to delete not found") || Says(refusal, "message to pin not found") || Says(refusal, "message to unpin not found") || Says(refusal, "MESSAGE_ID_INVALID") => Gone(kind),
        { Failure: BotApiFailure.TooManyRequests } => new(ErrorCodes.TelegramFlood, "Telegram asks this bot to wait.", refusal.RetryAfter is { } wait ? now + wait : later),
        { IsPassing: true } => new(ErrorCodes.TelegramUnavailable, "Telegram does not answer now.", later),
        { Failure: BotApiFailure.Unauthorized } => new(ErrorCodes.TelegramBotTokenInvalid, "Telegram no longer accepts the bot's token."),
        { Failure: BotApiFailure.Forbidden } => new(ErrorCodes.ChannelNotFound, $"Telegram answers: {refusal.Description}."),
        _ when Says(refusal, "not enough rights") || Says(refusal, "CHAT_ADMIN_REQUIRED") || Says(refusal, "administrator rights") || Says(refusal, "message can't be deleted") || Says(refusal, "MESSAGE_DELETE_FORBIDDEN") => new(
            ErrorCodes.ChannelRightsMissing,
            ChannelRefusals.Sentence(peer is PeerKind.Channel && kind is MessageChangeKind.Pin or MessageChangeKind.Unpin && Says(refusal, "channel") ? ChannelRights.EditRight : RightFor(kind))),
        _ when Says(refusal, "can't be edited") => new(ErrorCodes.MessageNotChangeable, $"Telegram answers: {refusal.Description}."),
        _ => new(ErrorCodes.TelegramMessageRejected, $"Telegram answers: {refusal.Description}."),
    };

    private static bool Says(BotApiException refusal, string words) => refusal.Description.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the account sees nothing of the channel or group any more.</summary>
    public static bool IsAway(TelegramRefusedException refusal) => refusal.Type
        is "CHANNEL_PRIVATE" or "CHANNEL_INVALID" or "CHANNEL_ID_INVALID" or "CHAT_ID_INVALID" or "PEER_ID_INVALID" or "CHAT_FORBIDDEN" or "USER_NOT_PARTICIPANT" or "INPUT_PEER_INVALID"
            or "CHANNEL_PUBLIC_GROUP_NA" or "USER_BANNED_IN_CHANNEL";

    /// <summary>What is gone cannot be changed; but whoever wanted it deleted has what he wanted.</summary>
    private static ChangeOutcome Gone(MessageChangeKind kind) =>
        kind is MessageChangeKind.Delete or MessageChangeKind.Unpin ? ChangeOutcome.Done : new(ErrorCodes.MessageGone, "The message was deleted in Telegram.");

    private static string RightFor(MessageChangeKind kind) => kind switch
    {
        MessageChangeKind.Edit => ChannelRights.EditRight,
        MessageChangeKind.Delete => ChannelRights.DeleteRight,
        _ => ChannelRights.PinRight,
    };
}
