using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Integrations.Core.Errors;
using Integrations.Core.Messaging;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Stores what Telegram brings, before it is answered: one statement for all that came while the last one ran.</summary>
/// <remarks>
/// A commit costs the same for one update and for hundreds, so the writer never waits for more to come: under load the batches grow by themselves.
/// The line before it is bounded; what finds no place is refused, and Telegram brings it again.
/// </remarks>
public sealed partial class BotUpdateIntake : BackgroundService
{
    private const int BatchSize = 500;

    /// <summary>An owner that was called is called again after so long at the earliest: one that is busy would only be called in vain.</summary>
    private static readonly TimeSpan BetweenRings = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(2);

    private readonly TenantDatabase _database;
    private readonly Doorbell _doorbell;
    private readonly TimeProvider _time;
    private readonly ILogger<BotUpdateIntake> _logger;
    private readonly Channel<Waiting> _line;
    // Full, it drops: the owners look by themselves, a little later.
    private readonly Channel<int> _shards = Channel.CreateBounded<int>(new BoundedChannelOptions(65_536) { SingleReader = true, SingleWriter = true });
    private readonly Counter<long> _stored;
    private readonly Counter<long> _repeated;
    private readonly Histogram<double> _duration;

    public BotUpdateIntake(
        TenantDatabase database, Doorbell doorbell, TelegramBotOptions options, TimeProvider time, IMeterFactory meters, ILogger<BotUpdateIntake> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        (_database, _doorbell, _time, _logger) = (database, doorbell, time, logger);
        _line = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
        var meter = meters.Create("Integrations.Bots");
        _stored = meter.CreateCounter<long>("bot_updates_stored_total", description: "Updates of bots that were stored.");
        _repeated = meter.CreateCounter<long>("bot_updates_repeated_total", description: "Updates of bots that came again and were stored already.");
        _duration = meter.CreateHistogram<double>("bot_update_store_duration", "s", "From the moment an update was read until it was stored.");
        meter.CreateObservableGauge("bot_updates_waiting_to_be_stored", () => _line.Reader.Count, description: "Updates of bots that wait to be stored.");
    }

    /// <summary>Completes when the update is stored, now or before: only then may Telegram be answered.</summary>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE: too many wait; BODY_INVALID: the database does not take it as JSON.</exception>
    public async Task StoreAsync(BotHook hook, BotUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(update);
        var waiting = new Waiting(hook, update);
        var began = _time.GetTimestamp();
        if (!_line.Writer.TryWrite(waiting))
            throw new IntegrationException(ErrorCodes.ServiceUnavailable, "Too many updates wait to be stored. Bring this one again shortly.", RetryLater);

        await waiting.Stored.WaitAsync(cancellationToken);
        _duration.Record(_time.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>The line is closed first, and what stands in it is still stored: those who brought it wait for the answer.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _line.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ended = new CancellationTokenSource();
        var ringing = RingAsync(ended.Token);
        try
        {
            await StoreAsync(stoppingToken);
        }
        finally
        {
            _shards.Writer.TryComplete();
            await ended.CancelAsync();
            await ringing;
        }
    }

    private async Task StoreAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Waiting>(BatchSize);
        while (await _line.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            while (batch.Count < BatchSize && _line.Reader.TryRead(out var waiting))
                batch.Add(waiting);
            await StoreAsync(batch, stoppingToken);
        }
    }

    private async Task StoreAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await WriteAsync(batch, cancellationToken);
            foreach (var waiting in batch)
                waiting.Done();
            _stored.Add(stored.Count);
            _repeated.Add(batch.Count - stored.Count);
            foreach (var shard in batch.Where(waiting => stored.Contains((waiting.Hook.BotId, waiting.Update.UpdateId))).Select(waiting => waiting.Hook.Shard).Distinct())
                _shards.Writer.TryWrite(shard);
        }
        catch (PostgresException e) when (IsOfOne(e))
        {
            if (batch.Count == 1)
            {
                LogUnstorable(batch[0].Hook.BotId, batch[0].Update.UpdateId, e.SqlState);
                batch[0].Failed(new IntegrationException(ErrorCodes.BodyInvalid, inner: e));
                return;
            }

            // One update that cannot be stored must not keep the others out.
            foreach (var waiting in batch)
                await StoreAsync([waiting], cancellationToken);
        }
        catch (Exception e)
        {
            // Each is answered with what happened, and Telegram brings it again; the writer goes on with what comes next.
            foreach (var waiting in batch)
                waiting.Failed(e);
        }
    }

    /// <summary>Class 22, "data exception", and 54, "program limit exceeded": the row, not the database.</summary>
    private static bool IsOfOne(PostgresException e) => e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("54", StringComparison.Ordinal);

    private Task<HashSet<(Guid BotId, long UpdateId)>> WriteAsync(List<Waiting> batch, CancellationToken cancellationToken) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select bot_id, update_id from doors.store_bot_updates($1, $2, $3, $4)", connection, transaction);
            Add(NpgsqlDbType.Uuid, waiting => waiting.Hook.BotId);
            Add(NpgsqlDbType.Bigint, waiting => waiting.Update.UpdateId);
            Add(NpgsqlDbType.Bigint, waiting => waiting.Update.ChatId);
            Add(NpgsqlDbType.Jsonb, waiting => waiting.Update.Json);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            HashSet<(Guid BotId, long UpdateId)> stored = [];
            while (await reader.ReadAsync(cancellationToken))
                stored.Add((reader.GetGuid(0), reader.GetInt64(1)));
            return stored;

            void Add<T>(NpgsqlDbType type, Func<Waiting, T> value) =>
                command.Parameters.Add(new NpgsqlParameter { Value = batch.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
        },
        cancellationToken);

    /// <summary>Rings for the shards that updates were stored for, each once for all that came in the meantime. The ring only saves their owners a look.</summary>
    private async Task RingAsync(CancellationToken ended)
    {
        var shards = new HashSet<int>();
        while (await _shards.Reader.WaitToReadAsync(CancellationToken.None))
        {
            shards.Clear();
            while (_shards.Reader.TryRead(out var shard))
                shards.Add(shard);
            foreach (var shard in shards)
                await _doorbell.RingAsync(Ring.Updates(shard), CancellationToken.None);
            await Task.Delay(BetweenRings, _time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(EventId = 3320, Level = LogLevel.Warning, Message = "Update {UpdateId} of bot {BotId} cannot be stored: {SqlState}")]
    private partial void LogUnstorable(Guid botId, long updateId, string sqlState);

    private sealed record Waiting(BotHook Hook, BotUpdate Update)
    {
        private readonly TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stored => _stored.Task;

        public void Done() => _stored.TrySetResult();

        public void Failed(Exception e) => _stored.TrySetException(e);
    }
}
