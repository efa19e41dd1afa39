using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Messages;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Telemetry;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>Sends what the bots of one shard are to send: of one dialog one message at a time, in order.</summary>
/// <remarks>
/// A message is marked as being sent before the first byte leaves, and its outcome is stored after the answer. Whatever comes between the two
/// leaves it marked, and whoever owns the shard next says that its outcome is unknown: it is never sent twice by itself.
/// </remarks>
internal sealed partial class BotSender(ShardClaim claim, Action wake, BotTools tools) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, Task> _sending = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly BotPace _pace = new(tools.Time);
    private readonly ILogger<BotSender> _logger = tools.Logger<BotSender>();
    private readonly Lock _lock = new();

    /// <summary>When what was put back becomes due; the moments that have passed are taken out by the pass.</summary>
    private readonly PriorityQueue<DateTimeOffset, DateTimeOffset> _due = new();
    private bool _settled;
    private bool _doubt;

    /// <summary>How long nothing of this shard becomes due that is known of here.</summary>
    public TimeSpan Pause(TimeSpan longest)
    {
        lock (_lock)
        {
            if (!_due.TryPeek(out var due, out _))
                return longest;

            var pause = due - tools.Time.GetUtcNow();
            return pause < TimeSpan.Zero ? TimeSpan.Zero : pause < longest ? pause : longest;
        }
    }

    /// <summary>Begins to send what is due, as far as there is room.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task PassAsync(CancellationToken ct)
    {
        if (!_settled)
        {
            var unknown = await tools.Messages.SettleAsync(claim, ct);
            _settled = true;
            if (unknown > 0)
                LogSettled(_logger, claim.Shard, unknown);
        }

        if (_doubt)
        {
            await tools.Messages.ReturnUnheldAsync(claim, [.. _sending.Keys], ct);
            _doubt = false;
        }

        lock (_lock)
        {
            while (_due.TryPeek(out var due, out _) && due <= tools.Time.GetUtcNow())
                _due.Dequeue();
        }

        while (tools.Options.SendsAtOnce - _sending.Count is > 0 and var room && await ClaimAsync(room, ct) > 0)
        {
        }
    }

    /// <summary>Waits for what is under way; what has not ended by the deadline is cut off, and its outcome is unknown.</summary>
    public async Task EndAsync(CancellationToken deadline)
    {
        await using var cut = deadline.Register(Abort);
        await Task.WhenAll(_sending.Values);
    }

    /// <summary>Not one more byte leaves, and nothing is stored.</summary>
    public void Abort() => _abort.Cancel();

    public void Dispose() => _abort.Dispose();

    private async Task<int> ClaimAsync(int room, CancellationToken ct)
    {
        List<BotMessage> claimed;
        try
        {
            // Without a token: a claim that was cancelled may have been committed all the same.
            ct.ThrowIfCancellationRequested();
            claimed = await tools.Messages.ClaimAsync(claim, tools.Telegram.World, room, tools.Options.SendsOfOneBot, _pace.Full(), CancellationToken.None);
        }
        catch (Exception e) when (DatabaseFailures.MayPass(e))
        {
            _doubt = true;
            throw;
        }

        foreach (var message in claimed)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _sending[message.Id] = SendAsync(message, begun.Task);
            begun.SetResult();
        }

        return claimed.Count;
    }

    private async Task SendAsync(BotMessage message, Task begun)
    {
        await begun;
        try
        {
            if (await TryAsync(message) is { } outcome)
                await StoreAsync(message, outcome);
        }
        catch (StaleEpochException)
        {
            // Lost; the next owner says that the outcome is unknown.
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            // The same.
        }
        catch (Exception e)
        {
            // Not stored: the message stays marked as being sent, and its outcome is unknown to the next owner.
            LogNotStored(_logger, e, message.Id);
        }

        _sending.TryRemove(message.Id, out _);
        wake();
    }

    /// <returns>Null when the shard is lost.</returns>
    private async Task<BotOutcome?> TryAsync(BotMessage message)
    {
        if (message.TokenSealed is not { } sealedToken)
            return BotOutcome.Failed(ErrorCodes.BotNotActive, "The bot was deleted.");
        if (_pace.Take(message.BotId, message.Chat) is { } free)
            return BotOutcome.Again(free);

        var now = tools.Time.GetUtcNow();
        BotToken token;
        try
        {
            var bytes = await tools.Secrets.UnprotectAsync(TelegramBot.TokenAddress(message.Tenant, message.BotId), sealedToken, _abort.Token);
            token = BotToken.Parse(Encoding.UTF8.GetString(bytes));
        }
        catch (SecretUnavailableException e)
        {
            LogSealed(_logger, e, message.BotId);
            return BotOutcome.Again(
                now + BackOff.After(message.Attempts, tools.Options.FirstRetryDelay, tools.Options.MaxRetryDelay, tools.Random),
                ErrorCodes.SecretsUnavailable,
                "The bot's token cannot be opened now.");
        }

        if (!tools.Leases.MayWrite(claim))
            return null;

        using var activity = WorkerTelemetry.Activities.StartActivity("telegram bot send", ActivityKind.Client);
        activity?.SetTag("bot.id", message.BotId).SetTag("message.id", message.Id).SetTag("attempt", message.Attempts);
        try
        {
            var sent = await tools.Telemetry.MeasureAsync(
                "sendMessage",
                () => tools.Api.SendMessageAsync(
                    token, new BotText(BotChat.IdOf(message.Chat), message.Text, message.ReplyToMessageId is { } reply ? new BotReply(reply) : null), _abort.Token));
            return new(MessageStatus.Delivered) { TelegramId = sent.MessageId, TelegramDate = DateTimeOffset.FromUnixTimeSeconds(sent.Date) };
        }
        catch (BotApiException e)
        {
            LogFailed(_logger, message.BotId, message.Id, e.Failure, message.Attempts);
            return BotJudgement.Of(e, message.Attempts, tools.Options, tools.Random, tools.Time.GetUtcNow());
        }
    }

    /// <summary>Until it is stored: nobody else knows how the send ended.</summary>
    private async Task StoreAsync(BotMessage message, BotOutcome outcome)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await tools.Messages.RecordAsync(claim, message, outcome, _abort.Token);
                tools.Telemetry.Sent(outcome.Status, outcome.Code, message.AcceptedAt);
                if (outcome.NotBefore is { } due)
                    Due(due);
                return;
            }
            catch (PostgresException e) when (outcome.TelegramId is not null && e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Another row of the dialog has this number, which Telegram gives once: it was sent all the same.
                outcome = outcome with { TelegramId = null };
            }
            catch (Exception e) when (DatabaseFailures.MayPass(e))
            {
                LogDatabaseAway(_logger, e, message.Id);
                await Task.Delay(BackOff.After(failures, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), tools.Random), tools.Time, _abort.Token);
            }
        }
    }

    private void Due(DateTimeOffset at)
    {
        lock (_lock)
            _due.Enqueue(at, at);
    }

    [LoggerMessage(EventId = 4421, Level = LogLevel.Warning, Message = "Shard {Shard}: of {Count} messages that an earlier owner was sending by bots nobody knows whether they were sent")]
    private static partial void LogSettled(ILogger logger, int shard, int count);

    [LoggerMessage(EventId = 4422, Level = LogLevel.Warning, Message = "Bot {BotId}: sending message {MessageId} failed ({Failure}), attempt {Attempt}")]
    private static partial void LogFailed(ILogger logger, Guid botId, Guid messageId, BotApiFailure failure, int attempt);

    [LoggerMessage(EventId = 4423, Level = LogLevel.Error, Message = "The outcome of message {MessageId} could not be stored")]
    private static partial void LogNotStored(ILogger logger, Exception exception, Guid messageId);

    [LoggerMessage(EventId = 4424, Level = LogLevel.Warning, Message = "The database is away; the outcome of message {MessageId} waits")]
    private static partial void LogDatabaseAway(ILogger logger, Exception exception, Guid messageId);

    [LoggerMessage(EventId = 4425, Level = LogLevel.Warning, Message = "The token of bot {BotId} cannot be opened now; what it is to send waits")]
    private static partial void LogSealed(ILogger logger, Exception exception, Guid botId);
}
