using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Overview;

/// <summary>Counts whole hours of traffic, so that a chart of many days adds up numbers instead of messages.</summary>
/// <remarks>
/// The last hours are counted anew each minute, and a whole day of them once an hour: a message that waited, or that was sent again, is then
/// where it belongs. What changes of a message later than a day after its acceptance does not change the charts.
/// </remarks>
internal sealed class CountTraffic(TenantDatabase database, ShardLeases leases, TimeProvider time, ILogger<CountTraffic> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastHours = TimeSpan.FromHours(3);
    private static readonly TimeSpan WholeDay = TimeSpan.FromDays(1);

    /// <summary>A little more than the longest chart.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(32);

    private readonly TimeProvider _time = time;
    private DateTimeOffset _wholeDayCounted;

    protected override async Task PassAsync(CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        var whole = now - _wholeDayCounted >= TimeSpan.FromHours(1);
        // A day at a time, in a transaction of its own, until nothing is missing.
        for (DateTimeOffset? before = null, until = null; until is null || until != before;)
            (before, until) = (until, await CountAsync(whole ? WholeDay : LastHours, ct));
        if (whole)
            _wholeDayCounted = now;
    }

    private Task<DateTimeOffset> CountAsync(TimeSpan again, CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select doors.count_traffic($1, $2)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = again });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Kept });
            return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!);
        },
        ct);
}
