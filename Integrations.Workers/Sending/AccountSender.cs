using System.Diagnostics;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
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
    private long _textsFloodUntilTicks;
    private long _filesFloodUntilTicks;

    /// <summary>Completes when Telegram says that the session is gone.</summary>
    public Task<TelegramRefusedException> Suspect => _suspect.Task;

    /// <summary>Opens the mailbox before it returns. Runs until the mailbox is closed and the sends under way have ended, or until cancelled.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        var (texts, files) = mailbox.Open(ct);
        return Task.WhenAll(RunAsync(texts, tools.Accounts.SendsAtOnce, ct), RunAsync(files, tools.Accounts.FileSendsAtOnce, ct));
    }

    private Task RunAsync(IAsyncEnumerable<ClaimedMessage> messages, int atOnce, CancellationToken ct) =>
        Parallel.ForEachAsync(
            messages,
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = ct },
            async (message, token) => await SendAsync(message, token));

    private async Task SendAsync(ClaimedMessage message, CancellationToken ct)
    {
        if (_suspect.Task.IsCompleted)
            return;

        var now = tools.Time.GetUtcNow();
        if (new DateTimeOffset(Volatile.Read(ref FloodOf(message)), TimeSpan.Zero) is var lapse && lapse > now)
        {
            await WriteAsync(message.All, one => Outcome.Again(one, lapse, ErrorCodes.TelegramFlood, "Telegram asks this account to wait."), ct);
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
                    await WriteAsync(message.All, one => Outcome.Failed(one, ErrorCodes.TelegramPeerUnknown, unknown.Detail), ct);
                    return;
                case Resolution.Wait wait:
                    await AgainAsync(message.All, wait.Until, ErrorCodes.TelegramFlood, wait.Detail, ct);
                    return;
                case var other:
                    throw new InvalidOperationException($"Unknown resolution {other.GetType().Name}.");
            }

            if (message.File is null)
                await SendTextAsync(message, peer.Value, ct);
            else
                await tools.Uploads.PassAsync(() => SendFilesAsync(message, peer.Value, ct), ct);
        }
        catch (TelegramRefusedException e)
        {
            await FailedAsync(message, SendJudgement.Of(e), dialog, ct, peer, e);
        }
        catch (TelegramUnavailableException e)
        {
            await FailedAsync(message, SendJudgement.Of(e), dialog, ct);
        }
        catch (Exception e) when (message.File is not null && DatabaseFailures.MayPass(e))
        {
            // While the file was read: nothing is sent before all of it is at Telegram.
            await FailedAsync(message, SendJudgement.FileNotRead, dialog, ct);
        }
        catch (MediaGoneException)
        {
            await WriteAsync([.. message.All.Where(one => inFlight.Drop(one.RandomId))], one => Outcome.Failed(one, ErrorCodes.MediaUnreachable, "The file is not kept any more."), ct);
        }
    }

    private Task<SentText> SendTextAsync(ClaimedMessage message, PeerAddress peer, CancellationToken ct)
    {
        inFlight.Add(message, peer.Key);
        return tools.Telemetry.MeasureAsync(
            FloodWaits.SendMessage,
            () => client.SendTextAsync(new OutgoingText(peer, message.Text, message.RandomId, message.ReplyToMessageId), ct));
    }

    /// <summary>One call for all of an album. Whatever ends it before Telegram has said yes, each goes again under the number that it has.</summary>
    private Task<IReadOnlyList<SentText>> SendFilesAsync(ClaimedMessage message, PeerAddress peer, CancellationToken ct)
    {
        foreach (var one in message.All)
            inFlight.Add(one, peer.Key);

        return tools.Telemetry.MeasureAsync(
            FloodWaits.SendMedia,
            () => client.SendFilesAsync(new OutgoingFilesMessage(peer, [.. message.All.Select(PartOf)], message.ReplyToMessageId), ct));
    }

    private OutgoingFilePart PartOf(ClaimedMessage message)
    {
        var file = message.File!;
        return new(
            async ct => await tools.Media.OpenAsync(message.Tenant, file.Id, ct) ?? throw new MediaGoneException(),
            file.Kind,
            file.Size,
            file.Name,
            file.MimeType,
            file.Width,
            file.Height,
            file.Duration,
            file.Spoiler,
            message.Text,
            message.RandomId);
    }

    private ref long FloodOf(ClaimedMessage message) => ref message.File is null ? ref _textsFloodUntilTicks : ref _filesFloodUntilTicks;

    private async Task FailedAsync(
        ClaimedMessage message, SendJudgement judgement, Guid dialog, CancellationToken ct, PeerAddress? peer = null, TelegramRefusedException? refusal = null)
    {
        // In flight and not there any more: an update told the id before the call failed, and the outcome is being stored.
        IReadOnlyList<ClaimedMessage> left = [.. message.All.Where(one => inFlight.Drop(one.RandomId) || peer is null)];
        if (left.Count == 0)
            return;

        LogFailed(logger, account.Id, message.Id, judgement.Kind, message.Attempts);
        var now = tools.Time.GetUtcNow();
        var method = message.File is null ? FloodWaits.SendMessage : FloodWaits.SendMedia;
        switch (judgement.Kind)
        {
            case FailureKind.Permanent:
                await WriteAsync(left, one => Outcome.Failed(one, judgement.Code!, judgement.Detail!), ct);
                break;
            case FailureKind.Transient:
                var delay = BackOff.After(Math.Max(message.Attempts, 1), tools.Sending.FirstRetryDelay, tools.Sending.MaxRetryDelay, tools.Random);
                await AgainAsync(left, now + delay, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.AccountFlood:
                var until = now + judgement.Wait!.Value;
                InterlockedMax(ref FloodOf(message), until.UtcTicks);
                // First the wait, then the message: were it the other way round, a crash between the two would knock again.
                await tools.Floods.SaveAsync(account, method, null, until, ct);
                await AgainAsync(left, until, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.ChatFlood:
                until = now + judgement.Wait!.Value;
                await tools.Floods.SaveAsync(account, method, dialog, until, ct);
                await AgainAsync(left, until, judgement.Code!, judgement.Detail!, ct);
                break;
            case FailureKind.AlreadySent:
                var sent = await tools.SentEarlier.FindAsync(account, client, left, dialog, peer!.Value, ct);
                await tools.Outcomes.WriteAsync(
                    account.Claim,
                    OutcomeSet.Of(account.Id, [.. left.Zip(sent, (one, found) => Outcome.Delivered(one, found?.MessageId, found?.Date))]),
                    ct);
                break;
            case FailureKind.SessionSuspect:
                // The message stays held; it goes back to the queue when this session ends.
                _suspect.TrySetResult(refusal!);
                break;
            default:
                throw new InvalidOperationException($"Unknown failure {judgement.Kind}.");
        }
    }

    private Task AgainAsync(IReadOnlyList<ClaimedMessage> messages, DateTimeOffset notBefore, string code, string detail, CancellationToken ct) =>
        WriteAsync(
            messages,
            one => notBefore - one.AcceptedAt > tools.Sending.GiveUpAfter
                ? Outcome.Failed(one, code, $"{detail} It was given up after {tools.Sending.GiveUpAfter.TotalHours:0.#} hours.")
                : Outcome.Again(one, notBefore, code, detail),
            ct);

    private Task WriteAsync(IReadOnlyList<ClaimedMessage> messages, Func<ClaimedMessage, Outcome> outcome, CancellationToken ct) =>
        messages.Count == 0 ? Task.CompletedTask : tools.Outcomes.WriteAsync(account.Claim, OutcomeSet.Of(account.Id, [.. messages.Select(outcome)]), ct);

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    [LoggerMessage(EventId = 4211, Level = LogLevel.Information, Message = "Message {MessageId} of account {AccountId} was not sent: {Kind} at attempt {Attempt}")]
    private static partial void LogFailed(ILogger logger, Guid accountId, Guid messageId, FailureKind kind, int attempt);

    /// <summary>The content was erased after the claim.</summary>
    private sealed class MediaGoneException : Exception;
}
