using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Api.Authentication;

/// <summary>Sessions of people who signed in here. The token is known to its bearer only; the database keeps its hash.</summary>
internal sealed class Sessions(TenantDatabase database, IOptions<CallerAuthenticationOptions> options)
{
    /// <summary>Whose session this is, and its life prolonged; null when it has ended or never was.</summary>
    public async Task<Credential?> FindAsync(string token, CancellationToken cancellationToken) =>
        SecretToken.HasForm(token, SecretToken.SessionPrefix) ? await FindAsync(SecretToken.Hash(token), cancellationToken) : null;

    public Task<Credential?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select tenant_id, id, user_id, role, email, display_name from doors.resolve_session($1, $2)", connection, transaction)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<byte[]> { TypedValue = hash },
                        new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.SessionLifetime, NpgsqlDbType = NpgsqlDbType.Interval },
                    },
                };
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Credential(PersonRow.Principal(reader), reader.GetGuid(1), hash, ExpiresAt: null)
                    : null;
            },
            cancellationToken);

    /// <summary>Begins a session and returns its token, which cannot be read again.</summary>
    public async Task<string> BeginAsync(Principal principal, CancellationToken cancellationToken)
    {
        var token = SecretToken.New(SecretToken.SessionPrefix);
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Who signs in sweeps out what has lapsed in his tenant; there is no other cleaner.
                await using (var sweep = transaction.Command("delete from console_sessions where expires_at < clock_timestamp()"))
                    await sweep.ExecuteNonQueryAsync(cancellationToken);

                await using var command = transaction.Command(
                    "insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values ($1, $2, $3, clock_timestamp() + $4)");
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SecretToken.Hash(token) });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.SessionLifetime, NpgsqlDbType = NpgsqlDbType.Interval });
                await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
        return token;
    }

    public Task EndAsync(TenantId tenant, byte[] hash, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command("delete from console_sessions where token_hash = $1");
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
                await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
}

/// <summary>The columns that the doors answer about a person: tenant_id, id, user_id, role, email, display_name.</summary>
internal static class PersonRow
{
    public static Principal Principal(NpgsqlDataReader row) => new(
        new(row.GetGuid(0)),
        row.GetInt32(2),
        Words.Read<Role>(row.GetString(3)),
        row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5));
}
