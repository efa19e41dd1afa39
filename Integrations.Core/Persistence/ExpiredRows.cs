using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>Removes what has expired: idempotency keys, codes and passwords nobody fetched, console sessions, processed updates of bots, workers that are long gone.</summary>
internal sealed class ExpiredRows(TenantDatabase database, ShardLeases leases, TimeProvider time, ILogger<ExpiredRows> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    private const int BatchSize = 1000;

    /// <summary>Bounds how long a sealed password outlives its minute.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task PassAsync(CancellationToken ct)
    {
        await ForgetAsync("select doors.forget_login_inputs($1)", ct);
        await ForgetAsync("select doors.forget_channel_looks($1)", ct);
        await ForgetAsync("select doors.forget_idempotency_keys($1)", ct);
        await ForgetAsync("select doors.forget_sessions($1)", ct);
        // Telegram brings an update again for a day.
        await ForgetAsync("select doors.forget_bot_updates(clock_timestamp() - interval '25 hours', $1)", ct);
        await ForgetAsync(
            """
            with gone as (delete from workers where id in (select id from workers where heartbeat_at < clock_timestamp() - interval '1 day' limit $1) returning 1)
            select count(*)::integer from gone
            """,
            ct);
    }

    /// <summary>In small transactions until nothing is left.</summary>
    private async Task ForgetAsync(string sql, CancellationToken ct)
    {
        while (await BatchAsync() == BatchSize)
        {
        }

        Task<int> BatchAsync() => database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
#pragma warning disable CA2100 // Constant texts of the method above.
                await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
                return (int)(await command.ExecuteScalarAsync(ct))!;
            },
            ct);
    }
}
