using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.RateLimits;

/// <summary>What a tenant has set; a class that is missing has the installation's default.</summary>
public sealed class ReadLimits(TenantDatabase database)
{
    public Task<IReadOnlyDictionary<RouteClass, RateLimit>> ExecuteAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenant, transaction => FromAsync(transaction, cancellationToken), cancellationToken);

    internal static async Task<IReadOnlyDictionary<RouteClass, RateLimit>> FromAsync(TenantTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select route_class, per_minute, burst from tenant_limits");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var limits = new Dictionary<RouteClass, RateLimit>();
        while (await reader.ReadAsync(cancellationToken))
            limits.Add(Words.Read<RouteClass>(reader.GetString(0)), new RateLimit(reader.GetInt32(1), reader.GetInt32(2)));
        return limits;
    }
}

/// <summary>Replaces what a tenant has set, whole.</summary>
public sealed class SetLimits(TenantDatabase database, TimeProvider time)
{
    /// <param name="limits">What is to be set from now on; a class that is missing goes back to the default. The caller has checked the numbers.</param>
    public Task ExecuteAsync(Principal principal, IReadOnlyDictionary<RouteClass, RateLimit> limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(limits);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await TakeTurnAsync(transaction, cancellationToken);
                var before = await ReadLimits.FromAsync(transaction, cancellationToken);
                if (before.Count == limits.Count && before.All(limit => limits.TryGetValue(limit.Key, out var same) && same == limit.Value))
                    return;

                await ReplaceAsync(transaction, limits, cancellationToken);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "limits.set", LogStatus.Success)
                    {
                        Details = new { Before = Named(before), After = Named(limits) },
                    },
                    cancellationToken);
                await transaction.PublishAsync(new EventDraft(EventTypes.SettingsUpdated, UserId: null, AccountId: null, new { Subject = "limits" }), cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Two administrators who save at once do it one after the other; otherwise their rows could mix.</summary>
    private static async Task TakeTurnAsync(TenantTransaction transaction, CancellationToken cancellationToken)
    {
        await using var turn = transaction.Command("select pg_advisory_xact_lock(7305, hashtext($1))");
        turn.Parameters.Add(new NpgsqlParameter<string> { TypedValue = transaction.Tenant.ToString() });
        await turn.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ReplaceAsync(TenantTransaction transaction, IReadOnlyDictionary<RouteClass, RateLimit> limits, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            with gone as (delete from tenant_limits where route_class <> all ($2))
            insert into tenant_limits (tenant_id, route_class, per_minute, burst)
            select $1, l.route_class, l.per_minute, l.burst from unnest($2, $3, $4) l (route_class, per_minute, burst)
            on conflict (tenant_id, route_class) do update set per_minute = excluded.per_minute, burst = excluded.burst
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. limits.Keys.Select(Words.Of)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. limits.Values.Select(limit => limit.PerMinute)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. limits.Values.Select(limit => limit.Burst)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static Dictionary<string, RateLimit> Named(IReadOnlyDictionary<RouteClass, RateLimit> limits) =>
        limits.ToDictionary(limit => Words.Of(limit.Key), limit => limit.Value, StringComparer.Ordinal);
}
