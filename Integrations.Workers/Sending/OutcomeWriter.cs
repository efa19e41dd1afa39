using System.Threading.Channels;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Workers.Sending;

/// <summary>Writes the outcomes of a whole host in few transactions: whatever has come together by the time the last one committed.</summary>
/// <remarks>
/// Nothing is lost while the database is away: a batch is tried until it commits or its claim is stale. A batch that the database
/// refuses is written account by account, so that one bad row does not hold back the others.
/// </remarks>
internal sealed partial class OutcomeWriter(
    TenantDatabase database,
    Doorbell doorbell,
    HeldMessages held,
    WorkerTelemetry telemetry,
    IOptions<SendingOptions> options,
    Random random,
    TimeProvider time,
    ILogger<OutcomeWriter> logger) : BackgroundService
{
    // Unbounded, because what it holds is bounded already: by the messages claimed and the accounts that wait for their write.
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Stores the set; completes once the transaction has committed.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on. Nothing was stored and nothing more may be done under this claim.</exception>
    public Task WriteAsync(ShardClaim claim, OutcomeSet set, CancellationToken ct)
    {
        var entry = new Entry(claim, set);
        return _entries.Writer.TryWrite(entry)
            ? entry.Done.Task.WaitAsync(ct)
            : Task.FromException(new ObjectDisposedException(nameof(OutcomeWriter)));
    }

    /// <summary>These outcomes are in the database: the host answers for their messages no more.</summary>
    public void Settled(ShardClaim claim, IEnumerable<Outcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            held.Release(claim.Shard, outcome.Message.Id);
            telemetry.Sent(outcome.Status, outcome.ErrorCode, outcome.Message.AcceptedAt);
        }
    }

    /// <summary>Outlives the accounts, which give back what they hold while the host stops.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _entries.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<Entry> batch = [];
        while (await _entries.Reader.WaitToReadAsync(CancellationToken.None))
        {
            batch.Clear();
            while (batch.Count < options.Value.OutcomeBatch && _entries.Reader.TryRead(out var entry))
                batch.Add(entry);

            // Shards do not share a transaction: the stale claim of one must not undo the writes of another.
            foreach (var group in batch.GroupBy(entry => entry.Claim))
                await WriteGroupAsync(group.Key, [.. group], stoppingToken);
        }
    }

    private async Task WriteGroupAsync(ShardClaim claim, IReadOnlyList<Entry> entries, CancellationToken stoppingToken)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await CommitAsync(claim, entries);
                return;
            }
            catch (StaleEpochException e)
            {
                foreach (var entry in entries)
                    entry.Done.TrySetException(e);
                return;
            }
            catch (PostgresException e) when (!DatabaseFailures.MayPass(e) && entries.Count > 1)
            {
                LogBatchRefused(logger, e, claim.Shard, entries.Count);
                foreach (var entry in entries)
                    await WriteGroupAsync(claim, [entry], stoppingToken);
                return;
            }
            catch (PostgresException e) when (!DatabaseFailures.MayPass(e))
            {
                // One account's set that cannot be stored: its actor restarts and reads the truth again.
                LogSetRefused(logger, e, entries[0].Set.AccountId);
                entries[0].Done.TrySetException(e);
                return;
            }
            catch (Exception e) when (DatabaseFailures.MayPass(e))
            {
                LogDatabaseAway(logger, e, claim.Shard, entries.Count);
            }

            try
            {
                await Task.Delay(BackOff.After(failures, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), random), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The next owner finds the rows in 'sending' and resends them under the same random_id.
                foreach (var entry in entries)
                    entry.Done.TrySetCanceled(stoppingToken);
                return;
            }
        }
    }

    private async Task CommitAsync(ShardClaim claim, IReadOnlyList<Entry> entries)
    {
        var outcomes = entries.SelectMany(entry => entry.Set.Outcomes).ToArray();
        await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                try
                {
                    var written = await OutcomeStatements.RecordAsync(connection, transaction, claim, outcomes, CancellationToken.None);
                    await OutcomeStatements.SavePositionsAsync(connection, transaction, claim, [.. entries.Select(entry => entry.Set)], CancellationToken.None);
                    return written;
                }
                catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
                {
                    throw new StaleEpochException(claim, e);
                }
            },
            CancellationToken.None);

        Settled(claim, outcomes);
        if (outcomes.Length > 0)
            await doorbell.RingAsync(Ring.Outbox, CancellationToken.None);

        foreach (var entry in entries)
            entry.Done.TrySetResult();
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Warning, Message = "A batch of {Count} outcome sets of shard {Shard} was refused; writing them one by one")]
    private static partial void LogBatchRefused(ILogger logger, Exception exception, int shard, int count);

    [LoggerMessage(EventId = 4202, Level = LogLevel.Error, Message = "The outcomes of account {AccountId} were refused by the database")]
    private static partial void LogSetRefused(ILogger logger, Exception exception, Guid accountId);

    [LoggerMessage(EventId = 4203, Level = LogLevel.Warning, Message = "The database is away; {Count} outcome sets of shard {Shard} wait")]
    private static partial void LogDatabaseAway(ILogger logger, Exception exception, int shard, int count);

    private sealed record Entry(ShardClaim Claim, OutcomeSet Set)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
