using Integrations.Core.Ownership;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>The migrator cannot go on; the message is for the person who started it.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the migrator needs to know.</summary>
/// <param name="ConnectionString">Of a superuser, for the database of the installation. Only the migrator ever has it.</param>
/// <param name="ApiPassword">What <c>integrations_api</c> is to log in with (<c>Database:ApiPassword</c>).</param>
/// <param name="WorkerPassword">What <c>integrations_worker</c> is to log in with (<c>Database:WorkerPassword</c>).</param>
/// <param name="ShardCount">Sets the number of shards of a new installation; an existing one keeps its own (<see cref="OwnershipOptions.ShardCount"/>).</param>
public sealed record MigratorSettings(string ConnectionString, string ApiPassword, string WorkerPassword, int ShardCount);

/// <summary>Brings roles and schema of one database to what this build needs. May run any number of times, and several at once.</summary>
public sealed partial class Migrator(MigratorSettings settings, ILogger<Migrator> logger)
{
    private const long DatabaseLock = 7300;

    /// <summary>Applies what is missing.</summary>
    /// <returns>How many migrations were applied.</returns>
    /// <exception cref="MigrationException">The database is not one that this build may touch; nothing was changed by the failing step.</exception>
    public Task<int> RunAsync(CancellationToken ct) => RunAsync(Migration.All, ct);

    internal async Task<int> RunAsync(IReadOnlyList<Migration> migrations, CancellationToken ct)
    {
        RequirePassword(settings.ApiPassword, "Database:ApiPassword");
        RequirePassword(settings.WorkerPassword, "Database:WorkerPassword");
        if (settings.ShardCount is < 1 or > 4096)
            throw new MigrationException($"{OwnershipOptions.Section}:ShardCount ({settings.ShardCount}) must be between 1 and 4096.");

        // Unpooled, so that session locks end with the connection whatever happens here; and DDL may take longer than a query.
        var builder = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, CommandTimeout = 0, ApplicationName = "integrations migrator" };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(ct);
        if (!await ScalarAsync<bool>(connection, "select rolsuper from pg_roles where rolname = current_user", ct))
            throw new MigrationException("The migrator needs a superuser: it creates roles and a function owner that bypasses row security.");

        await DatabaseRoles.EnsureAsync(builder, settings.ApiPassword, settings.WorkerPassword, ct);
        await ExecuteAsync(connection, $"select pg_advisory_lock({DatabaseLock})", ct);
        await ExecuteAsync(connection, Preparation, ct);
        var applied = await ApplyAsync(connection, migrations, ct);
        await SeedAsync(connection, ct);
        LogDone(logger, applied, migrations.Count);
        return applied;
    }

    /// <summary>What must hold before the first migration: PUBLIC gets nothing, now and from what is created later.</summary>
    private static string Preparation =>
        $"""
        do $$ begin
            execute format('revoke all on database %I from public', current_database());
            execute format('grant connect on database %I to {DatabaseRoles.Api}, {DatabaseRoles.Worker}', current_database());
        end $$;
        revoke all on schema public from public;
        alter default privileges revoke execute on functions from public;
        alter default privileges for role {DatabaseRoles.Owner} revoke execute on functions from public;
        alter default privileges for role {DatabaseRoles.Doors} revoke execute on functions from public;
        create table if not exists public.schema_migrations (
            version     integer     primary key,
            name        text        not null,
            checksum    text        not null,
            applied_at  timestamptz not null default clock_timestamp()
        );
        -- The owner too: foreign keys are checked in its name.
        grant usage on schema public to {DatabaseRoles.Owner}, {DatabaseRoles.Api}, {DatabaseRoles.Worker};
        grant select on public.schema_migrations to {DatabaseRoles.Api}, {DatabaseRoles.Worker};
        """;

    private async Task<int> ApplyAsync(NpgsqlConnection connection, IReadOnlyList<Migration> migrations, CancellationToken ct)
    {
        var recorded = await RecordedAsync(connection, ct);
        if (recorded.Count > migrations.Count)
            throw new MigrationException($"The database is at migration {recorded.Count:0000}, this build knows {migrations.Count:0000}: it is older than the database. Start the newer build.");

        var applied = 0;
        foreach (var migration in migrations)
        {
            if (recorded.TryGetValue(migration.Version, out var checksum))
            {
                if (checksum != migration.Checksum)
                {
                    throw new MigrationException(
                        $"Migration {migration.Version:0000}_{migration.Name} was applied with another text than this build has (checksum {checksum[..12]}…, here {migration.Checksum[..12]}…). "
                        + "An applied migration is never edited: restore its text and write a new one, or start a development database afresh.");
                }

                continue;
            }

            await ApplyAsync(connection, migration, ct);
            applied++;
        }

        return applied;
    }

    private async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            await ExecuteAsync(connection, migration.Sql, ct);
            await using var record = new NpgsqlCommand(
                "insert into public.schema_migrations (version, name, checksum) values ($1, $2, $3)", connection, transaction);
            record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Version });
            record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
            record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Checksum });
            await record.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }
        catch (PostgresException e)
        {
            throw new MigrationException($"Migration {migration.Version:0000}_{migration.Name} failed and was rolled back: {e.MessageText} (SQLSTATE {e.SqlState}).", e);
        }

        LogApplied(logger, migration.Version, migration.Name);
    }

    private static async Task<Dictionary<int, string>> RecordedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select version, checksum from public.schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var recorded = new Dictionary<int, string>();
        while (await reader.ReadAsync(ct))
            recorded.Add(reader.GetInt32(0), reader.GetString(1));

        return recorded;
    }

    /// <summary>The number of shards is set once: accounts and messages carry their shard, so it cannot change under them.</summary>
    private async Task SeedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"insert into installation (shard_count) values ({settings.ShardCount}) on conflict do nothing", ct);
        await ExecuteAsync(
            connection, "insert into shards (id) select generate_series(0, shard_count - 1) from installation on conflict do nothing", ct);
        var shardCount = await ScalarAsync<int>(connection, "select shard_count from installation", ct);
        await transaction.CommitAsync(ct);
        if (shardCount != settings.ShardCount)
            throw new MigrationException(HostGuard.ShardCountMismatch(settings.ShardCount, shardCount));
    }

    private static void RequirePassword(string password, string setting)
    {
        if (string.IsNullOrEmpty(password))
            throw new MigrationException($"{setting} is not set: the migrator gives the hosts' roles their passwords.");
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Applied migration {Version} {Name}")]
    private static partial void LogApplied(ILogger logger, int version, string name);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "The database is up to date: {Applied} migrations applied now, {Total} in all")]
    private static partial void LogDone(ILogger logger, int applied, int total);
}
