using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Forgets what accounts went through long ago, and old notices of it.</summary>
internal sealed class TimelineTrimming(TenantDatabase database, ShardLeases leases, TimeProvider time, ILogger<TimelineTrimming> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Of one account, however young: a connection that comes and goes must not fill the disk.</summary>
    public const int KeptPerAccount = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = time;

    protected override Task PassAsync(CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.forget_account_events($1, $2), doors.forget_notices($1)", connection, transaction);
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = _time.GetUtcNow() - Kept, NpgsqlDbType = NpgsqlDbType.TimestampTz });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = KeptPerAccount });
                return await command.ExecuteNonQueryAsync(ct);
            },
            ct);
}
