using System.Text.Json;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>Processes what waits in the inbox of a shard's bots, in order within each chat.</summary>
/// <remarks>
/// A batch that cannot be stored is tried update by update. One that fails by itself is tried again later, and holds back its own chat
/// alone; after some tries it is given up with its reason, so that nothing waits for ever behind it. Shards take turns, batch by batch, and
/// while much comes each turn is followed by a rest: storing what comes, which somebody waits for, must not wait for what has come.
/// </remarks>
internal sealed partial class UpdateProcessor(
    UpdateQueue queue, UpdateStore store, WorkerTelemetry telemetry, IOptions<BotOptions> options, Random random, TimeProvider time, ILogger<UpdateProcessor> logger) : IDisposable
{
    /// <summary>So many updates of one shard in one turn are much.</summary>
    private const int Much = 32;

    /// <summary>A rest as a multiple of the work before it.</summary>
    private const int RestOfWork = 2;

    /// <summary>A turn that took long because the database was slow must not keep the other shards waiting for longer still.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    /// <summary>So long after a ring more is taken to be coming.</summary>
    private static readonly TimeSpan Coming = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _turns = new(options.Value.ShardsAtOnce);
    private long _rungAt = long.MinValue;

    /// <summary>Something has come for a bot of this host.</summary>
    public void Ring() => Volatile.Write(ref _rungAt, time.GetTimestamp());

    /// <summary>Until nothing is left that may be processed now.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task DrainAsync(ShardClaim claim, World world, CancellationToken ct)
    {
        while (await BatchAsync(claim, world, ct))
        {
            // The next one may be another shard's.
        }
    }

    public void Dispose() => _turns.Dispose();

    /// <returns>False when nothing was left.</returns>
    private async Task<bool> BatchAsync(ShardClaim claim, World world, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            var began = time.GetTimestamp();
            var waiting = await queue.ReadAsync(claim, world, options.Value.UpdateBatch, ct);
            foreach (var tenant in waiting.GroupBy(update => update.Tenant))
                await ProcessAsync(claim, tenant.Key, [.. tenant], ct);
            if (waiting.Count >= Much && IsMoreComing())
                await Task.Delay(RestAfter(time.GetElapsedTime(began)), time, ct);
            return waiting.Count > 0;
        }
        finally
        {
            _turns.Release();
        }
    }

    private static TimeSpan RestAfter(TimeSpan work) => RestOfWork * work < LongestRest ? RestOfWork * work : LongestRest;

    private bool IsMoreComing() => Volatile.Read(ref _rungAt) is var at and not long.MinValue && time.GetElapsedTime(at) < Coming;

    private async Task ProcessAsync(ShardClaim claim, TenantId tenant, WaitingUpdate[] updates, CancellationToken ct)
    {
        try
        {
            await store.StoreAsync(claim, tenant, Array.ConvertAll(updates, Read), ct);
            return;
        }
        catch (Exception e) when (IsOfTheUpdate(e, ct))
        {
            LogBatchFailed(logger, e, claim.Shard, updates.Length);
        }

        HashSet<(Guid Bot, long Chat)> held = [];
        foreach (var update in updates)
        {
            if (update.ChatId is { } behind && held.Contains((update.BotId, behind)))
                continue;
            if (!await TryAsync(claim, update, ct) && update.ChatId is { } chat)
                held.Add((update.BotId, chat));
        }
    }

    /// <returns>False when it waits for another try.</returns>
    private async Task<bool> TryAsync(ShardClaim claim, WaitingUpdate update, CancellationToken ct)
    {
        try
        {
            await store.StoreAsync(claim, update.Tenant, [Read(update)], ct);
            return true;
        }
        catch (Exception e) when (IsOfTheUpdate(e, ct))
        {
            var attempts = update.Attempts + 1;
            var givenUp = attempts >= options.Value.UpdateAttempts;
            DateTimeOffset? again = givenUp
                ? null
                : time.GetUtcNow() + BackOff.After(attempts, options.Value.FirstRetryDelay, options.Value.MaxRetryDelay, random);
            await store.FailAsync(claim, update, again, ReasonOf(e), ct);
            telemetry.UpdateFailed(givenUp);
            if (givenUp)
                LogGivenUp(logger, update.BotId, update.UpdateId, attempts, ReasonOf(e));
            else
                LogFailed(logger, update.BotId, update.UpdateId, attempts, ReasonOf(e));
            return givenUp;
        }
    }

    private static ReadUpdate Read(WaitingUpdate update) => new(update, Happening.In(update.Payload));

    /// <summary>The failure says something about the update, not about the database, the keys or this host.</summary>
    private static bool IsOfTheUpdate(Exception exception, CancellationToken ct) =>
        !ct.IsCancellationRequested && exception is not (StaleEpochException or OperationCanceledException or SecretUnavailableException { Obstacle: not SecretObstacle.Lasting }) && !DatabaseFailures.MayPass(exception);

    /// <summary>Kinds and codes alone: the words of an exception may repeat what somebody wrote.</summary>
    private static string ReasonOf(Exception exception) => exception switch
    {
        PostgresException e => $"{nameof(PostgresException)} {e.SqlState} {e.ConstraintName}".TrimEnd(),
        JsonException e => $"{nameof(JsonException)} at {e.Path}",
        _ => exception.GetType().Name,
    };

    [LoggerMessage(EventId = 4401, Level = LogLevel.Warning, Message = "A batch of {Count} updates of shard {Shard} could not be stored; trying them one by one")]
    private static partial void LogBatchFailed(ILogger logger, Exception exception, int shard, int count);

    [LoggerMessage(EventId = 4402, Level = LogLevel.Warning, Message = "Update {UpdateId} of bot {BotId} could not be processed, try {Attempt}: {Reason}; its chat waits for the next try")]
    private static partial void LogFailed(ILogger logger, Guid botId, long updateId, int attempt, string reason);

    [LoggerMessage(EventId = 4403, Level = LogLevel.Error, Message = "Update {UpdateId} of bot {BotId} is given up after {Attempt} tries: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, Guid botId, long updateId, int attempt, string reason);
}
