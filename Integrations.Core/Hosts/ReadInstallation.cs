using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Hosts;

/// <summary>How the installation stands, in one transaction. What spans tenants comes through doors that only count.</summary>
/// <remarks>For owners and administrators; the caller sees to that.</remarks>
public sealed class ReadInstallation(TenantDatabase database, IOptions<OwnershipOptions> ownership, TimeProvider time)
{
    private const string Hosts =
        """
        with carried as (
            select s.owner, count(*) as shards, sum(coalesce(a.accounts, 0)) as accounts
              from shards s left join doors.accounts_per_shard() a on a.shard = s.id
             where s.lease_until > clock_timestamp() group by s.owner
        ), all_hosts as (
            select w.id, 'worker' as kind, w.host as name, w.version, w.created_at as started_at, w.heartbeat_at, w.heartbeat_at > clock_timestamp() - $1 as alive,
                   w.draining, w.world, coalesce(c.shards, 0) as shards, coalesce(c.accounts, 0) as accounts
              from workers w left join carried c on c.owner = w.id
            union all
            select h.id, h.kind, h.name, h.version, h.started_at, h.heartbeat_at, h.heartbeat_at > clock_timestamp() - $2, false, null, 0, 0 from hosts h
        )
        select id, kind, name, version, started_at,
               case when isfinite(heartbeat_at) then greatest(0, extract(epoch from clock_timestamp() - heartbeat_at)) else 0 end::float8,
               alive, draining, world, shards::integer, accounts::bigint
          from all_hosts order by kind, started_at, id
        """;

    private const string Shards =
        """
        select s.id, case when s.lease_until > clock_timestamp() then s.owner end, s.epoch,
               case when not isfinite(s.lease_until) then 0 else extract(epoch from s.lease_until - clock_timestamp()) end::float8, coalesce(a.accounts, 0)
          from shards s left join doors.accounts_per_shard() a on a.shard = s.id order by s.id
        """;

    // Delivered and failed rows never go but by an erasure, which counts them, so counting them costs what the tenant has ever sent: an index alone answers it.
    private const string Balance =
        """
        select coalesce((select sum(accepted - erased)::bigint from message_counters where tenant_id = $1), 0),
               count(*) filter (where status = 'delivered'), count(*) filter (where status = 'failed'), count(*) filter (where status in ('pending', 'sending'))
          from messages where tenant_id = $1 and accepted_at is not null
        """;

    public Task<InstallationState> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var hosts = await ReadAsync(transaction, Hosts, Host, cancellationToken, ownership.Value.Lease, HostHeartbeat.Silence);
                var shards = await ReadAsync(transaction, Shards, Shard, cancellationToken);
                var queue = await ReadAsync(
                    transaction,
                    "select * from doors.queue_by_age()",
                    row => new QueueState(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), Seconds(row, 5) ?? TimeSpan.Zero),
                    cancellationToken);
                var relay = await ReadAsync(
                    transaction,
                    "select b.waiting, b.oldest, h.position from doors.relay_backlog() b, event_head h",
                    row => new RelayState(row.GetInt64(0), Seconds(row, 1) ?? TimeSpan.Zero, row.GetInt64(2)),
                    cancellationToken);
                var balance = await ReadAsync(
                    transaction,
                    Balance,
                    row => new BalanceState(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)),
                    cancellationToken,
                    principal.Tenant.Value);
                var versions = await ReadAsync(
                    transaction,
                    "select current_setting('server_version'), (select coalesce(max(version), 0) from schema_migrations)",
                    row => (Server: row.GetString(0), Migration: row.GetInt32(1)),
                    cancellationToken);
                return new InstallationState(hosts, shards, queue[0], relay[0], balance[0], versions[0].Server.Split(' ')[0], versions[0].Migration, time.GetUtcNow());
            },
            cancellationToken);
    }

    private static HostState Host(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetFieldValue<DateTimeOffset>(4), Seconds(row, 5)!.Value,
        row.GetBoolean(6), row.GetBoolean(7), row.IsDBNull(8) ? null : row.GetString(8), row.GetInt32(9), row.GetInt64(10));

    private static ShardState Shard(NpgsqlDataReader row) => row.IsDBNull(1)
        ? new(row.GetInt32(0), null, row.GetInt64(2), null, row.GetInt64(4))
        : new(row.GetInt32(0), row.GetGuid(1), row.GetInt64(2), Seconds(row, 3), row.GetInt64(4));

    private static TimeSpan? Seconds(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : TimeSpan.FromSeconds(row.GetDouble(column));

    private static async Task<List<T>> ReadAsync<T>(
        TenantTransaction transaction, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = transaction.Command(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }
}
