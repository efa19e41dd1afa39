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

    /// <summary>What goes with files, by its first message.</summary>
    private readonly ConcurrentDictionary<Guid, (BotMessage Message, Task Task)> _uploading = new();
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
            await tools.Messages.ReturnUnheldAsync(claim, [.. _sending.Keys, .. _uploading.Values.SelectMany(upload => upload.Message.All).Select(message => message.Id)], ct);
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

        while (tools.Options.FileSendsAtOnce - _uploading.Count is > 0 and var places && await ClaimFilesAsync(places, ct) > 0)
        {
        }
    }

    /// <summary>Waits for what is under way; what has not ended by the deadline is cut off, and its outcome is unknown.</summary>
    public async Task EndAsync(CancellationToken deadline)
    {
        await using var cut = deadline.Register(Abort);
        await Task.WhenAll([.. _sending.Values, .. _uploading.Values.Select(upload => upload.Task)]);
    }

    /// <summary>Not one more byte leaves, and nothing is stored.</summary>
    public void Abort() => _abort.Cancel();

    public void Dispose() => _abort.Dispose();

    private Task<int> ClaimAsync(int room, CancellationToken ct) => BeginAsync(
        () => tools.Messages.ClaimAsync(claim, tools.Telegram.World, room, tools.Options.SendsOfOneBot, _pace.Full(), CancellationToken.None),
        (message, task) => _sending[message.Id] = task,
        ct);

    /// <summary>A bot that uploads as much as it may is left out: what was claimed for it would only wait here.</summary>
    private Task<int> ClaimFilesAsync(int room, CancellationToken ct)
    {
        var busy = _uploading.Values.GroupBy(upload => upload.Message.BotId).Where(bot => bot.Count() >= tools.Options.FileSendsOfOneBot).Select(bot => bot.Key);
        return BeginAsync(
            () => tools.Messages.ClaimFilesAsync(claim, tools.Telegram.World, room, tools.Options.FileSendsOfOneBot, [.. _pace.Full(), .. busy], CancellationToken.None),
            (message, task) => _uploading[message.Id] = (message, task),
            ct);
    }

    private async Task<int> BeginAsync(Func<Task<List<BotMessage>>> claimNext, Action<BotMessage, Task> keep, CancellationToken ct)
    {
        List<BotMessage> claimed;
        try
        {
            // Without a token: a claim that was cancelled may have been committed all the same.
            ct.ThrowIfCancellationRequested();
            claimed = await claimNext();
        }
        catch (Exception e) when (DatabaseFailures.MayPass(e))
        {
            _doubt = true;
            throw;
        }

        foreach (var message in claimed)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            keep(message, SendAsync(message, begun.Task));
            begun.SetResult();
        }

        return claimed.Count;
    }

    private async Task SendAsync(BotMessage message, Task begun)
    {
        await begun;
        try
        {
            if (await TryAsync(message) is { } outcomes)
                await StoreAsync(message, outcomes);
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
        _uploading.TryRemove(message.Id, out _);
        wake();
    }

    /// <returns>For each message of the call; null when the shard is lost.</returns>
    private async Task<IReadOnlyList<BotOutcome>?> TryAsync(BotMessage message)
    {
        if (message.TokenSealed is not { } sealedToken)
            return OfAll(message, BotOutcome.Failed(ErrorCodes.BotNotActive, "The bot was deleted."));
        if (_pace.Take(message.BotId, message.Chat, message.All.Count) is { } free)
            return OfAll(message, BotOutcome.Again(free));

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
            return OfAll(message, BotOutcome.Again(
                now + BackOff.After(message.Attempts, tools.Options.FirstRetryDelay, tools.Options.MaxRetryDelay, tools.Random),
                ErrorCodes.SecretsUnavailable,
                "The bot's token cannot be opened now."));
        }

        using var activity = WorkerTelemetry.Activities.StartActivity("telegram bot send", ActivityKind.Client);
        activity?.SetTag("bot.id", message.BotId).SetTag("message.id", message.Id).SetTag("attempt", message.Attempts);
        try
        {
            return message.File is null ? await SendTextAsync(message, token) : await tools.Uploads.PassAsync(() => SendFilesAsync(message, token), _abort.Token);
        }
        catch (BotApiException e)
        {
            LogFailed(_logger, message.BotId, message.Id, e.Failure, message.Attempts);
            return OfAll(message, BotJudgement.Of(e, message.Attempts, tools.Options, tools.Random, tools.Time.GetUtcNow()));
        }
    }

    private async Task<IReadOnlyList<BotOutcome>?> SendTextAsync(BotMessage message, BotToken token)
    {
        if (!tools.Leases.MayWrite(claim))
            return null;

        var sent = await tools.Telemetry.MeasureAsync(
            "sendMessage", () => tools.Api.SendMessageAsync(token, new BotText(BotChat.IdOf(message.Chat), message.Text, ReplyOf(message)), _abort.Token));
        return [Delivered(sent)];
    }

    /// <summary>All of an album in one call, which Telegram takes or refuses as a whole.</summary>
    private async Task<IReadOnlyList<BotOutcome>?> SendFilesAsync(BotMessage message, BotToken token)
    {
        List<BotUpload> files = [];
        try
        {
            foreach (var one in message.All)
            {
                var file = one.File!;
                // Opened before anything leaves: one that is gone ends nothing half-way.
                if (await tools.Media.OpenAsync(one.Tenant, file.Id, _abort.Token) is not { } content)
                    return OfAll(message, BotOutcome.Failed(ErrorCodes.MediaUnreachable, "The file is not kept any more."));
                files.Add(new BotUpload(file.Kind, content, file.Size, file.Name, file.MimeType, one.Text, file.Spoiler, file.Width, file.Height, file.Duration));
            }

            if (!tools.Leases.MayWrite(claim))
                return null;

            var sent = await tools.Telemetry.MeasureAsync(
                BotUploads.MethodOf(files), () => tools.Api.SendUploadsAsync(token, new BotUploads(BotChat.IdOf(message.Chat), files, ReplyOf(message)), _abort.Token));
            return [.. message.All.Select((_, place) => place < sent.Count ? Delivered(sent[place]) : new BotOutcome(MessageStatus.Delivered))];
        }
        finally
        {
            foreach (var file in files)
                await file.Content.DisposeAsync();
        }
    }

    private static BotReply? ReplyOf(BotMessage message) => message.ReplyToMessageId is { } reply ? new BotReply(reply) : null;

    private static BotOutcome Delivered(SentBotMessage sent) =>
        new(MessageStatus.Delivered) { TelegramId = sent.MessageId, TelegramDate = DateTimeOffset.FromUnixTimeSeconds(sent.Date) };

    private static BotOutcome[] OfAll(BotMessage message, BotOutcome outcome) => [.. message.All.Select(_ => outcome)];

    /// <summary>Until they are stored: nobody else knows how the send ended.</summary>
    private async Task StoreAsync(BotMessage message, IReadOnlyList<BotOutcome> outcomes)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await tools.Messages.RecordAsync(claim, message, outcomes, _abort.Token);
                foreach (var outcome in outcomes)
                {
                    tools.Telemetry.Sent(outcome.Status, outcome.Code, message.AcceptedAt);
                    if (outcome.NotBefore is { } due)
                        Due(due);
                }

                return;
            }
            catch (PostgresException e) when (outcomes.Any(outcome => outcome.TelegramId is not null) && e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Another row of the dialog has this number, which Telegram gives once: it was sent all the same.
                outcomes = [.. outcomes.Select(outcome => outcome with { TelegramId = null })];
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
