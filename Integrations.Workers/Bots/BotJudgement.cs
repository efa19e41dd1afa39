using Integrations.Core.Errors;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Messages;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.Bots;

/// <summary>What a failed sendMessage means for the message.</summary>
internal static class BotJudgement
{
    /// <summary>Told to people.</summary>
    public const string UnknownDetail = "The connection broke while the message was being sent. Look into the chat; send it again if it is not there.";

    /// <summary>Words of 403 that say that nothing will get through until the other side lets the bot in again.</summary>
    private static readonly string[] Outs = ["blocked by the user", "was kicked", "is not a member", "user is deactivated", "was deleted"];

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    public static BotOutcome Of(BotApiException failure, int attempts, BotOptions options, Random random, DateTimeOffset now) => failure switch
    {
        { MigrateToChatId: { } chat } => new(MessageStatus.Pending) { NotBefore = now, MovedTo = BotChat.PeerOf(chat) },
        { Failure: BotApiFailure.TooManyRequests } => BotOutcome.Again(
            now + (failure.RetryAfter is { } asked && asked > ShortestWait ? asked : ShortestWait), ErrorCodes.TelegramFlood, "Telegram asks this bot to wait."),
        { Failure: BotApiFailure.Unreachable } => BotOutcome.Again(
            now + BackOff.After(Math.Max(attempts, 1), options.FirstRetryDelay, options.MaxRetryDelay, random), ErrorCodes.TelegramUnavailable, "Telegram is not reachable."),
        // Telegram keeps no key of ours by which a second one would be known: what may have been sent is not sent again.
        { Failure: BotApiFailure.NoAnswer or BotApiFailure.ServerError } => BotOutcome.Failed(ErrorCodes.OutcomeUnknown, UnknownDetail),
        { Failure: BotApiFailure.Unauthorized } =>
            BotOutcome.Failed(ErrorCodes.TelegramBotTokenInvalid, "Telegram no longer accepts the bot's token.") with { TokenInvalid = true },
        { Failure: BotApiFailure.Forbidden } => BotOutcome.Failed(ErrorCodes.TelegramPeerForbidden, Words(failure)) with
        {
            Blocked = Array.Exists(Outs, words => failure.Description.Contains(words, StringComparison.OrdinalIgnoreCase)),
        },
        _ when failure.Description.Contains("chat not found", StringComparison.OrdinalIgnoreCase) => BotOutcome.Failed(ErrorCodes.TelegramPeerUnknown, Words(failure)),
        _ => BotOutcome.Failed(ErrorCodes.TelegramMessageRejected, Words(failure)),
    };

    private static string Words(BotApiException failure) => $"Telegram answers: {failure.Description}.";
}
