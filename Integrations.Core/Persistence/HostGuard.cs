using Integrations.Core.Ownership;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>The host must not run against this database in this way; the message says why and what to change.</summary>
public sealed class HostRefusedException(string message) : Exception(message);

/// <summary>Refuses to start a host whose database role could get round row security, or whose shards are not the installation's.</summary>
/// <remarks>Runs before any hosted service starts, so that nothing has been claimed or answered when it refuses.</remarks>
internal sealed partial class HostGuard(NpgsqlDataSource dataSource, IOptions<OwnershipOptions> ownership, TimeProvider time, ILogger<HostGuard> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan PatienceForDatabase = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    internal static string ShardCountMismatch(int configured, int actual) =>
        $"{OwnershipOptions.Section}:{nameof(OwnershipOptions.ShardCount)} is {configured}, but this installation has {actual} shards. "
        + $"The number is fixed when an installation is made: set it to {actual}.";

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        IntegrationsDbContext.Prepare();
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await CheckAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException e) when (e.IsTransient && time.GetElapsedTime(started) < PatienceForDatabase)
            {
                LogDatabaseAway(logger, e.Message);
                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
    }

    internal async Task CheckAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using (var roles = new NpgsqlCommand(
            """
            select current_user::text,
                   exists (select from pg_roles r where r.rolsuper and pg_has_role(current_user, r.oid, 'member')),
                   exists (select from pg_roles r where r.rolbypassrls and pg_has_role(current_user, r.oid, 'member')),
                   exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                            where n.nspname in ('public', 'doors') and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'member')),
                   exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relname = 'schema_migrations')
            """,
            connection))
        {
            await using var reader = await roles.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            var user = reader.GetString(0);
            if (reader.GetBoolean(1))
                throw new HostRefusedException($"The database role {user} is a superuser, for whom row-level security does not hold. Log in as integrations_api or integrations_worker.");

            if (reader.GetBoolean(2))
                throw new HostRefusedException($"The database role {user} may bypass row-level security. Log in as integrations_api or integrations_worker.");

            if (reader.GetBoolean(3))
                throw new HostRefusedException($"The database role {user} owns tables and could lift their row-level security. Log in as integrations_api or integrations_worker.");

            if (!reader.GetBoolean(4))
                throw new HostRefusedException(NeedsMigration(0));
        }

        var version = await ScalarAsync("select coalesce(max(version), 0) from public.schema_migrations");
        if (version < Migration.Latest)
            throw new HostRefusedException(NeedsMigration(version));

        var shardCount = await ScalarAsync("select shard_count from installation");
        if (shardCount != ownership.Value.ShardCount)
            throw new HostRefusedException(ShardCountMismatch(ownership.Value.ShardCount, shardCount));

        async Task<int> ScalarAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(ct) is int value ? value : throw new HostRefusedException(NeedsMigration(0));
        }

        static string NeedsMigration(int version) =>
            $"The database is at migration {version:0000}, this host needs {Migration.Latest:0000}. Run the migrator (Integrations.Workers migrate) first.";
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 3010, Level = LogLevel.Warning, Message = "The database cannot be reached yet: {Reason}")]
    private static partial void LogDatabaseAway(ILogger logger, string reason);
}
