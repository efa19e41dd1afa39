using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Events;

/// <summary>Forgets old events. A reader whose cursor is older is told to start afresh (<see cref="EventPage.Reset"/>).</summary>
internal sealed class EventTrimming(TenantDatabase database, ShardLeases leases, TimeProvider time, ILogger<EventTrimming> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    /// <summary>How long a reader may be away without losing its place.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = time;

    protected override Task PassAsync(CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.trim_events($1)", connection, transaction);
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = _time.GetUtcNow() - Kept, NpgsqlDbType = NpgsqlDbType.TimestampTz });
                return await command.ExecuteNonQueryAsync(ct);
            },
            ct);
}
