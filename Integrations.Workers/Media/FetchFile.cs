using System.Diagnostics.Metrics;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Media;

/// <summary>A file whose content is to be fetched.</summary>
/// <param name="Attempts">How often it was tried.</param>
internal sealed record WaitingFile(Guid Id, TenantId Tenant, int Attempts)
{
    /// <summary>A message that is to be sent waits for it, and others behind that: a minute of tries is enough.</summary>
    public bool IsPassedOn { get; init; }
}

/// <summary>Fetches one file, and stores what became of it. Only so many are fetched by the process at once.</summary>
/// <remarks>
/// A content becomes readable by one statement after all of it is there. Whoever dies before leaves pieces that the next try writes over,
/// and every write carries the shard's epoch, so that two owners never write at one file.
/// </remarks>
internal sealed partial class FetchFile : IDisposable
{
    private const int AttemptsOfPassedOn = 6;

    private readonly TenantDatabase _database;
    private readonly MediaStore _store;
    private readonly FetchOptions _options;
    private readonly MediaOptions _media;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly ILogger<FetchFile> _logger;
    private readonly SemaphoreSlim _places;
    private readonly Counter<long> _fetches;

    public FetchFile(
        TenantDatabase database,
        MediaStore store,
        IOptions<FetchOptions> options,
        IOptions<MediaOptions> media,
        Random random,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<FetchFile> logger)
    {
        (_database, _store, _options, _media, _random, _time, _logger) = (database, store, options.Value, media.Value, random, time, logger);
        _places = new SemaphoreSlim(_options.FetchesAtOnce);
        var meter = meters.Create("Integrations.Media");
        _fetches = meter.CreateCounter<long>("telegram_media_fetches_total", description: "Tries to fetch a received file, by what came of them: ready, too_big, failed, retry or wait.");
        meter.CreateObservableGauge(
            "telegram_media_fetches_active", () => _options.FetchesAtOnce - _places.CurrentCount, description: "Received files that this host is fetching.");
    }

    /// <param name="file">Which.</param>
    /// <param name="claim">Under which the file's account or bot is run.</param>
    /// <param name="open">Opens it at Telegram; null where it is gone.</param>
    /// <param name="ct">Ends the try; the file goes on waiting.</param>
    /// <returns>How long nothing more is to be fetched for this account or bot; null for no such wish of Telegram's.</returns>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task<TimeSpan?> ExecuteAsync(WaitingFile file, ShardClaim claim, Func<CancellationToken, Task<Stream?>> open, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        try
        {
            using var patience = new CancellationTokenSource(_options.FetchTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
            FetchVerdict verdict;
            try
            {
                if (await TryAsync(file, claim, open, either.Token) is not { } refused)
                    return null;
                verdict = refused;
            }
            catch (Exception e) when (e is not StaleEpochException && !ct.IsCancellationRequested)
            {
                verdict = FetchVerdict.Of(e);
                LogFailed(file.Id, file.Attempts + 1, verdict.Detail);
            }

            return await SettleAsync(file, claim, verdict, ct);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<FetchVerdict?> TryAsync(WaitingFile file, ShardClaim claim, Func<CancellationToken, Task<Stream?>> open, CancellationToken ct)
    {
        await using var content = await open(ct);
        if (content is null)
            return new FetchVerdict.Never(ErrorCodes.MediaUnavailable, "It is gone at Telegram.");

        if (await _store.WriteAsync(file.Tenant, file.Id, content, _media.MaxBytes, transaction => transaction.RequireEpochAsync(claim, ct), ct) is not { } written)
            return new FetchVerdict.Never(ErrorCodes.MediaTooBig, "It is larger than Telegram said.");

        await _database.InTenantAsync(
            file.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                if (!await MediaStore.ReadyAsync(transaction, file.Id, written, ct))
                    return;
                await MediaStatements.RingSendersAsync(transaction, file.Id, ct);
                await TellAsync(transaction, file.Id, ct);
            },
            ct);
        Count("ready");
        return null;
    }

    private async Task<TimeSpan?> SettleAsync(WaitingFile file, ShardClaim claim, FetchVerdict verdict, CancellationToken ct)
    {
        switch (verdict)
        {
            case FetchVerdict.Patience patience:
                await PutBackAsync(file, claim, 0, _time.GetUtcNow() + patience.Wait, patience.Detail, ct);
                Count("wait");
                return patience.Wait;
            case FetchVerdict.Later later when file.Attempts + 1 < (file.IsPassedOn ? Math.Min(_options.Attempts, AttemptsOfPassedOn) : _options.Attempts):
                await PutBackAsync(
                    file, claim, 1, _time.GetUtcNow() + BackOff.After(file.Attempts + 1, _options.FirstRetryDelay, _options.MaxRetryDelay, _random), later.Detail, ct);
                Count("retry");
                return null;
            case FetchVerdict.Never { ErrorCode: ErrorCodes.MediaTooBig } never:
                await GiveUpAsync(file, claim, MediaState.TooBig, never.ErrorCode, never.Detail, ct);
                return null;
            default:
                await GiveUpAsync(file, claim, MediaState.Failed, ErrorCodes.MediaUnavailable, verdict.Detail, ct);
                return null;
        }
    }

    private Task PutBackAsync(WaitingFile file, ShardClaim claim, int attempts, DateTimeOffset notBefore, string detail, CancellationToken ct) => _database.InTenantAsync(
        file.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await using var command = transaction.Command(
                "update media set attempts = attempts + $2, not_before = $3, error_detail = $4 where id = $1 and state = 'waiting'")
                .With(file.Id).With(attempts).With(notBefore.ToUniversalTime()).With(detail);
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    private async Task GiveUpAsync(WaitingFile file, ShardClaim claim, MediaState state, string errorCode, string detail, CancellationToken ct)
    {
        await _database.InTenantAsync(
            file.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                await using (var command = transaction.Command(
                    """
                    update media
                       set state = $2, error_code = $3, error_detail = $4, attempts = attempts + 1,
                           -- Whoever sends the message again asks for the file again.
                           location_sealed = case when received_by is not null then location_sealed end
                     where id = $1 and state = 'waiting'
                    """)
                    .With(file.Id).With(Words.Of(state)).With(errorCode).With(detail))
                {
                    if (await command.ExecuteNonQueryAsync(ct) == 0)
                        return;
                }

                await using (var parts = transaction.Command("delete from media_parts where media_id = $1").With(file.Id))
                    await parts.ExecuteNonQueryAsync(ct);
                await MediaStatements.FailSendersAsync(transaction, file.Id, errorCode, detail, ct);
                await TellAsync(transaction, file.Id, ct);
            },
            ct);
        Count(Words.Of(state));
    }

    /// <summary>To those who read the message that has the file.</summary>
    private static async Task TellAsync(TenantTransaction transaction, Guid file, CancellationToken ct)
    {
        foreach (var message in await transaction.Db.Messages.AsNoTracking().Include(message => message.Media).Where(message => message.MediaId == file).ToListAsync(ct))
        {
            var data = new
            {
                message.Id,
                message.DialogId,
                message.AccountId,
                message.BotId,
                message.Direction,
                // By them an erasure finds what is a person's.
                message.FromPeerKind,
                message.FromPeerId,
                Status = message.Status is MessageStatus.Sending ? MessageStatus.Pending : message.Status,
                Media = MediaView.From(message.Media!, message.AlbumId),
            };
            await transaction.PublishAsync(
                message.BotId is { } bot
                    ? EventDraft.OfBot(EventTypes.MessageUpdated, bot, data)
                    : new EventDraft(
                        EventTypes.MessageUpdated,
                        await transaction.Db.TelegramAccounts.Where(account => account.Id == message.AccountId).Select(account => account.UserId).SingleAsync(ct),
                        message.AccountId,
                        data),
                ct);
        }
    }

    private void Count(string result) => _fetches.Add(1, new KeyValuePair<string, object?>("result", result));

    [LoggerMessage(EventId = 4501, Level = LogLevel.Information, Message = "File {MediaId} could not be fetched, try {Attempt}: {Reason}")]
    private partial void LogFailed(Guid mediaId, int attempt, string reason);
}
