using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Forgets the waits that have passed, and tells of those that were told.</summary>
internal sealed class FloodEnds(TenantDatabase database, Doorbell doorbell, ShardLeases leases, TimeProvider time, ILogger<FloodEnds> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    private const int BatchSize = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task PassAsync(CancellationToken ct)
    {
        while (true)
        {
            var ended = await database.ThroughDoorsAsync(
                async (connection, transaction) =>
                {
                    await using var command = new NpgsqlCommand("select doors.end_flood_waits($1)", connection, transaction);
                    command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
                    return (int)(await command.ExecuteScalarAsync(ct))!;
                },
                ct);
            if (ended > 0)
                await doorbell.RingAsync(Ring.Outbox, ct);
            if (ended < BatchSize)
                return;
        }
    }
}
