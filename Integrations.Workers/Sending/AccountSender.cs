using System.Diagnostics;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Accounts;
using Integrations.Workers.Telemetry;

namespace Integrations.Workers.Sending;

/// <summary>Sends what comes into one account's mailbox. At most one message of a dialog is in it, so order within a dialog is kept.</summary>
/// <remarks>
/// A success is not stored here: the batch that carries the result is, with the position that the result moved (see AccountReceiver).
/// Everything else goes to the host's outcome writer.
/// </remarks>
internal sealed partial class AccountSender(OwnedAccount account, ITelegramClient client, Mailbox mailbox, InFlight inFlight, AccountTools tools, ILogger logger)
{
    private readonly TaskCompletionSource<TelegramRefusedException> _suspect = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _floodUntilTicks;

    /// <summary>Completes when Telegram says that the session is gone.</summary>
    public Task<TelegramRefusedException> Suspect => _suspect.Task;

    /// <summary>Opens the mailbox before it returns. Runs until the mailbox is closed and the sends under way have ended, or until cancelled.</summary>
    public Task RunAsync(CancellationToken ct) =>
        Parallel.ForEachAsync(
            mailbox.Open(ct),
            new ParallelOptions { MaxDegreeOfParallelism = tools.Accounts.SendsAtOnce, CancellationToken = ct },
            async (message, token) => await SendAsync(message, token));

    private async Task SendAsync(ClaimedMessage message, CancellationToken ct)
    {
        if (_suspect.Task.IsCompleted)
            return;

        var now = tools.Time.GetUtcNow();
        if (new DateTimeOffset(Volatile.Read(ref _floodUntilTicks), TimeSpan.Zero) is var lapse && lapse > now)
        {
            await WriteAsync(Outcome.Again(message, lapse, ErrorCodes.TelegramFlood, "Telegram asks this account to wait."), ct);
            return;
        }

        using var activity = WorkerTelemetry.Activities.StartActivity("telegram send", ActivityKind.Client);
        activity?.SetTag("account.id", account.Id).SetTag("message.id", message.Id).SetTag("attempt", message.Attempts);
        var dialog = message.DialogId;
        PeerAddress? peer = null;
        try
        {
            switch (await tools.Resolver.ResolveAsync(account, client, message, ct))
            {
                case Resolution.Found found:
                    (peer, dialog) = (found.Peer, found.DialogId);
                    break;
                case Resolution.Unknown unknown:
                    await WriteAsync(Outcome.Failed(message, ErrorCodes.TelegramPeerUnknown, unknown.Detail), ct);
                    return;
                case Resolution.Wait wait:
                    await AgainAsync(message, wait.Until, ErrorCodes.TelegramFlood, wait.Detail, ct);
                    return;
                case var other:
                    throw new InvalidOperationException($"Unknown resolution {other.GetType().Name}.");
            }

            inFlight.Add(message, peer.Value.Key);
            await tools.Telemetry.MeasureAsync(
                FloodWaits.SendMessage,
                () => client.SendTextAsync(new OutgoingText(peer.Value, message.Text, message.RandomId, message.ReplyToMessageId), ct));
        }
        catch (TelegramRefusedException e)
        {
            await FailedAsync(message, SendJudgement.Of(e), dialog, ct, peer, e);
        }
        catch (TelegramUnavailableException e)
        {
            await FailedAsync(message, SendJudgement.Of(e), dialog, ct);
        }
    }

    private async Task FailedAsync(
        ClaimedMessage message, SendJudgement judgement, Guid dialog, CancellationToken ct, PeerAddress? peer = null, TelegramRefusedException? refusal = null)
    {
        // In flight and not there any more: an update told the id before the call failed, and the outcome is being stored.
        if (peer is not null && !inFlight.Drop(message.RandomId))
            return;

        if (peer is null)
            inFlight.Drop(message.RandomId);

        LogFailed(logger, account.Id, message.Id, judgement.Kind, message.Attempts);
        var now = tools.Time.GetUtcNow();
        switch (judgement.Kind)
        {
            case FailureKind.Permanent:
                await WriteAsync(Outcome.Failed(message, judgement.Code!, judgement.Detail!), ct);
                break;
            case FailureKind.Transient:
                var delay = BackOff.After(Math.Max(message.Attempts, 1), tools.Sending.FirstRetryDelay, tools.Sending.MaxRetryDelay, tools.Random);
                await AgainAsync(message, now + delay, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.AccountFlood:
                var until = now + judgement.Wait!.Value;
                InterlockedMax(ref _floodUntilTicks, until.UtcTicks);
                // First the wait, then the message: were it the other way round, a crash between the two would knock again.
                await tools.Floods.SaveAsync(account, FloodWaits.SendMessage, null, until, ct);
                await AgainAsync(message, until, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.ChatFlood:
                until = now + judgement.Wait!.Value;
                await tools.Floods.SaveAsync(account, FloodWaits.SendMessage, dialog, until, ct);
                await AgainAsync(message, until, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.AlreadySent:
                var sent = await tools.SentEarlier.FindAsync(account, client, message, dialog, peer!.Value, ct);
                await WriteAsync(Outcome.Delivered(message, sent?.MessageId, sent?.Date), ct);
                break;
            case FailureKind.SessionSuspect:
                // The message stays held; it goes back to the queue when this session ends.
                _suspect.TrySetResult(refusal!);
                break;
            default:
                throw new InvalidOperationException($"Unknown failure {judgement.Kind}.");
        }
    }

    private Task AgainAsync(ClaimedMessage message, DateTimeOffset notBefore, string code, string detail, CancellationToken ct) =>
        WriteAsync(
            notBefore - message.AcceptedAt > tools.Sending.GiveUpAfter
                ? Outcome.Failed(message, code, $"{detail} It was given up after {tools.Sending.GiveUpAfter.TotalHours:0.#} hours.")
                : Outcome.Again(message, notBefore, code, detail),
            ct);

    private Task WriteAsync(Outcome outcome, CancellationToken ct) =>
        tools.Outcomes.WriteAsync(account.Claim, OutcomeSet.Of(account.Id, outcome), ct);

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    [LoggerMessage(EventId = 4211, Level = LogLevel.Information, Message = "Message {MessageId} of account {AccountId} was not sent: {Kind} at attempt {Attempt}")]
    private static partial void LogFailed(ILogger logger, Guid accountId, Guid messageId, FailureKind kind, int attempt);
}
