using Integrations.Api.Http;
using Integrations.Core.Audit;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Api.Authentication;

/// <summary>Sessions of people who signed in here. The token is known to its bearer only; the database keeps its hash.</summary>
internal sealed class Sessions(TenantDatabase database, IOptions<CallerAuthenticationOptions> options, TimeProvider time)
{
    private const int MaxUserAgent = 300;

    /// <summary>Whose session this is, and its life prolonged; null when it has ended or never was.</summary>
    public async Task<Credential?> FindAsync(string token, CancellationToken cancellationToken) =>
        SecretToken.HasForm(token, SecretToken.SessionPrefix) ? await FindAsync(SecretToken.Hash(token), cancellationToken) : null;

    public Task<Credential?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select tenant_id, id, user_id, role, email, display_name, owes_second_factor from doors.resolve_session($1, $2)", connection, transaction)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<byte[]> { TypedValue = hash },
                        new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.SessionLifetime, NpgsqlDbType = NpgsqlDbType.Interval },
                    },
                };
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Credential(PersonRow.Principal(reader), reader.GetGuid(1), hash, ExpiresAt: null, OwesSecondFactor: reader.GetBoolean(6))
                    : null;
            },
            cancellationToken);

    /// <summary>Begins a session and returns its token, which cannot be read again.</summary>
    /// <param name="userAgent">What the browser calls itself, so that the person knows the session again.</param>
    public async Task<string> BeginAsync(Principal principal, string? userAgent, CancellationToken cancellationToken)
    {
        var token = SecretToken.New(SecretToken.SessionPrefix);
        // From here on the request is this person's.
        if (AuditScope.Current is { } audit)
            audit.UserId = principal.UserId;
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Who signs in sweeps out what has lapsed in his tenant; there is no other cleaner.
                await using (var sweep = transaction.Command("delete from console_sessions where expires_at < clock_timestamp()"))
                    await sweep.ExecuteNonQueryAsync(cancellationToken);

                await using var command = transaction.Command(
                    "insert into console_sessions (token_hash, tenant_id, user_id, expires_at, id, user_agent) values ($1, $2, $3, clock_timestamp() + $4, $5, $6)");
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SecretToken.Hash(token) });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.SessionLifetime, NpgsqlDbType = NpgsqlDbType.Interval });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(time.GetUtcNow()) });
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)Shortened(userAgent) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
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

    private static string? Shortened(string? userAgent) =>
        string.IsNullOrWhiteSpace(userAgent) ? null : Texts.Cut(new string([.. userAgent.Where(c => !char.IsControl(c))]), MaxUserAgent);
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
