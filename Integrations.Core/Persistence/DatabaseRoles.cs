using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>The roles of the database. They belong to the whole cluster, so several databases on one share them.</summary>
internal static class DatabaseRoles
{
    /// <summary>Owns every table; nobody logs in as it.</summary>
    public const string Owner = "integrations_owner";

    /// <summary>Owns the doors and bypasses row security; nobody logs in as it.</summary>
    public const string Doors = "integrations_doors";

    /// <summary>What Api logs in as.</summary>
    public const string Api = "integrations_api";

    /// <summary>What Workers log in as.</summary>
    public const string Worker = "integrations_worker";

    /// <summary>Any constant will do, as long as every migrator of the cluster takes the same in database <c>postgres</c>.</summary>
    private const long ClusterLock = 7299;

    private const string LogInAttributes = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls";

    /// <summary>Makes the roles what they must be, whatever they were. Advisory locks are per database, hence the detour to <c>postgres</c>.</summary>
    public static async Task EnsureAsync(NpgsqlConnectionStringBuilder superuser, string apiPassword, string workerPassword, CancellationToken ct)
    {
        var cluster = new NpgsqlConnectionStringBuilder(superuser.ConnectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(cluster.ConnectionString);
        await connection.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync($"select pg_advisory_xact_lock({ClusterLock})");

        await EnsureAsync(Owner, "nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls", password: null);
        await EnsureAsync(Doors, "nologin nosuperuser nocreatedb nocreaterole noreplication bypassrls", password: null);
        await EnsureAsync(Api, LogInAttributes, apiPassword);
        await EnsureAsync(Worker, LogInAttributes, workerPassword);
        await transaction.CommitAsync(ct);

        async Task EnsureAsync(string role, string attributes, string? password)
        {
            var (exists, stored) = await FindAsync(role);
            if (!exists)
                await ExecuteAsync($"create role {role} {attributes}");
            else
                await ExecuteAsync($"alter role {role} {attributes}");

            // The verifier is made here, so that no server log ever has the password; and only when it changes, because its salt is random.
            if (password is not null && !(stored is not null && ScramVerifier.Matches(stored, password)))
                await ExecuteAsync($"alter role {role} password '{ScramVerifier.Create(password)}'");
        }

        async Task<(bool Exists, string? Verifier)> FindAsync(string role)
        {
            await using var command = new NpgsqlCommand("select rolpassword from pg_authid where rolname = $1", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = role });
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct) ? (true, await reader.IsDBNullAsync(0, ct) ? null : reader.GetString(0)) : (false, null);
        }

        async Task ExecuteAsync(string sql)
        {
            // Role names and verifiers are our own text; DDL takes no parameters.
#pragma warning disable CA2100
            await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}
