using System.Diagnostics.Metrics;
using Integrations.Core.Messaging;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Events;

/// <summary>Gives committed outbox rows their position, which makes them visible to readers.</summary>
/// <remarks>
/// Any number may run; the database lets one through at a time, and holds that lock until the commit, so positions become visible in
/// their order. Woken by the doorbell, and by a poll every second.
/// </remarks>
public sealed partial class EventRelay(TenantDatabase database, Doorbell doorbell, TimeProvider time, IMeterFactory meters, ILogger<EventRelay> logger)
    : BackgroundService
{
    /// <summary>Rows per transaction: bounds how long readers wait for the first of a burst.</summary>
    private const int BatchSize = 500;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly Counter<long> _relayed =
        meters.Create("Integrations.Events").CreateCounter<long>("integrations.events.relayed", description: "Events made visible to readers.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listener = doorbell.Listen(Ring.Outbox);
        using var wake = new SemaphoreSlim(0);
        var hearing = HearAsync(listener, wake, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RelayBatchAsync(stoppingToken) == BatchSize)
                {
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Readers wait, nothing is lost: the rows stay in the outbox.
                LogPassFailed(logger, e);
            }

            await WaitAsync(wake, stoppingToken);
        }

        await hearing;
    }

    /// <summary>One transaction of the relay; returns how many events it made visible.</summary>
    internal async Task<int> RelayBatchAsync(CancellationToken ct)
    {
        var (count, last) = await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select first_position, last_position from doors.relay_events($1)", connection, transaction);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
                await using var reader = await command.ExecuteReaderAsync(ct);
                return await reader.ReadAsync(ct) ? ((int)(reader.GetInt64(1) - reader.GetInt64(0)) + 1, reader.GetInt64(1)) : (0, 0L);
            },
            ct);

        if (count > 0)
        {
            _relayed.Add(count);
            await doorbell.RingAsync(Ring.Events(last), ct);
        }

        return count;
    }

    private async Task WaitAsync(SemaphoreSlim wake, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(PollInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        await wake.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task HearAsync(DoorbellListener listener, SemaphoreSlim wake, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in listener.ReadAllAsync(ct))
            {
                // One wake-up is enough for all rings that came during a pass.
                if (wake.CurrentCount == 0)
                    wake.Release();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(EventId = 3410, Level = LogLevel.Error, Message = "A pass of the event relay failed; the next poll tries again")]
    private static partial void LogPassFailed(ILogger logger, Exception exception);
}
