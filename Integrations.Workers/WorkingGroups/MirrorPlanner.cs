using System.Diagnostics.Metrics;
using Integrations.Core.Messaging;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.WorkingGroups;

/// <summary>Plans what is to be told in working groups from the events, in their order and each once, and wakes the groups' owners.</summary>
/// <remarks>
/// Any number may run; the database lets one through at a time and moves the stored place in the transaction that plans. So whoever writes an
/// event is mirrored, whichever way the message came about. Woken by the doorbell, and by a poll every second.
/// </remarks>
internal sealed partial class MirrorPlanner(TenantDatabase database, Doorbell doorbell, TimeProvider time, IMeterFactory meters, ILogger<MirrorPlanner> logger) : BackgroundService
{
    /// <summary>Events per transaction.</summary>
    private const int BatchSize = 500;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly WakeSignal _wake = new();
    private readonly Counter<long> _passes = meters.Create("Integrations.WorkingGroups").CreateCounter<long>("mirror_plans_total", description: "Batches of events that were read for the working groups.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listener = doorbell.Listen(Ring.Events(0));
        var hearing = HearAsync(listener, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await PlanAsync(stoppingToken))
                {
                }

                await _wake.WaitAsync(PollInterval, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The host stops.
            }
            catch (Exception e)
            {
                // The place is stored, so nothing is lost: the next pass reads on.
                LogPassFailed(logger, e);
                await _wake.WaitAsync(PollInterval, time, CancellationToken.None);
            }
        }

        await hearing;
    }

    /// <returns>Whether there may be more to read at once.</returns>
    private async Task<bool> PlanAsync(CancellationToken ct)
    {
        var shards = await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select shards from doors.plan_mirror($1)", connection, transaction).With(BatchSize);
                return await command.ExecuteScalarAsync(ct) as int[];
            },
            ct);
        if (shards is null)
            return false;

        _passes.Add(1);
        foreach (var shard in shards)
            await doorbell.RingAsync(Ring.Shard(shard), ct);
        return true;
    }

    private async Task HearAsync(DoorbellListener listener, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in listener.ReadAllAsync(ct))
                _wake.Raise();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(EventId = 4501, Level = LogLevel.Error, Message = "Planning for the working groups failed; the next pass reads on")]
    private static partial void LogPassFailed(ILogger logger, Exception exception);
}
