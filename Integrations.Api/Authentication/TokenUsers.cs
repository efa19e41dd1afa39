using System.Collections.Concurrent;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Api.Authentication;

/// <summary>The users whom the customer's user service vouches for; each gets a row at the first request.</summary>
internal sealed class TokenUsers(TenantDatabase database, IOptions<CallerAuthenticationOptions> options, TimeProvider time)
{
    /// <summary>Entries. Past it the cache starts anew, which costs one query per user.</summary>
    private const int CacheLimit = 10_000;

    private readonly ConcurrentDictionary<(TenantId, string, Role), (Credential Credential, long At)> _known = new();

    /// <exception cref="IntegrationException">TENANT_UNKNOWN; UNAUTHENTICATED when the user was switched off or the number is another's.</exception>
    public async Task<Credential> FindOrAddAsync(TokenClaims claims, CancellationToken cancellationToken)
    {
        var key = (claims.Tenant, claims.UserId is { } number ? $"#{number}" : claims.Subject, claims.Role);
        if (_known.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < options.Value.UserCacheLifetime)
            return known.Credential with { ExpiresAt = claims.ExpiresAt };

        if (!await TenantExistsAsync(claims.Tenant, cancellationToken))
            throw new IntegrationException(ErrorCodes.TenantUnknown);

        var credential = await database.InTenantAsync(
            claims.Tenant,
            async transaction => await FindAsync(transaction, claims, cancellationToken) ?? await AddAsync(transaction, claims, cancellationToken),
            cancellationToken);
        if (_known.Count >= CacheLimit)
            _known.Clear();
        _known[key] = (credential, time.GetTimestamp());
        return credential;
    }

    /// <summary>Asks the database again at the user's next request, or that of anybody of the tenant where none is named; other copies of this service do so within <see cref="CallerAuthenticationOptions.UserCacheLifetime"/>.</summary>
    public void Forget(TenantId tenant, int? userId)
    {
        foreach (var (key, known) in _known)
        {
            if (key.Item1 == tenant && (userId is null || known.Credential.Principal.UserId == userId))
                _known.TryRemove(key, out _);
        }
    }

    private Task<bool> TenantExistsAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.tenant_exists($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<Guid> { TypedValue = tenant.Value } },
                };
                return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
            },
            cancellationToken);

    /// <summary>A user is known by his number where the token has one; what else it says replaces what an earlier one said.</summary>
    private static async Task<Credential?> FindAsync(TenantTransaction transaction, TokenClaims claims, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            claims.UserId is null
                ? "update users set role = $2, email = coalesce($3, email), display_name = coalesce($4, display_name), last_seen_at = clock_timestamp() where subject = $1 and is_active returning tenant_id, id, user_id, role, email, display_name"
                : "update users set role = $2, email = coalesce($3, email), display_name = coalesce($4, display_name), last_seen_at = clock_timestamp() where user_id = $1 and is_active returning tenant_id, id, user_id, role, email, display_name");
        command.Parameters.Add(claims.UserId is { } number
            ? new NpgsqlParameter<int> { TypedValue = number }
            : new NpgsqlParameter<string> { TypedValue = claims.Subject });
        AddPerson(command, claims);
        return await ReadAsync(command, claims, cancellationToken);
    }

    private async Task<Credential> AddAsync(TenantTransaction transaction, TokenClaims claims, CancellationToken cancellationToken)
    {
        // Numbers for users named by text start above every number that a token may carry. Two first requests of one such user
        // take turns here; those of a numbered one meet in the insert.
        await using (var turn = transaction.Command("select pg_advisory_xact_lock(7304, hashtext($1))"))
        {
            turn.Parameters.Add(new NpgsqlParameter<string> { TypedValue = transaction.Tenant.ToString() });
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = transaction.Command(
            """
            insert into users (id, tenant_id, user_id, subject, role, email, display_name, last_seen_at)
            values ($5, $6,
                    coalesce($7, (select greatest(max(user_id), $8) + 1 from users where user_id < 2000000000)),
                    $1, $2, $3, $4, clock_timestamp())
            on conflict do nothing
            returning tenant_id, id, user_id, role, email, display_name
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claims.Subject });
        AddPerson(command, claims);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(time.GetUtcNow()) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)claims.UserId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = TokenClaims.MaxUserId });
        return await ReadAsync(command, claims, cancellationToken)
            ?? await FindAsync(transaction, claims, cancellationToken)
            ?? throw new IntegrationException(ErrorCodes.Unauthenticated, "This user is switched off here, or the token's sub and user_id belong to two users.");
    }

    private static void AddPerson(NpgsqlCommand command, TokenClaims claims)
    {
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(claims.Role) });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)claims.Email ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)claims.DisplayName ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
    }

    private static async Task<Credential?> ReadAsync(NpgsqlCommand command, TokenClaims claims, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Credential(PersonRow.Principal(reader), reader.GetGuid(1), SessionHash: null, claims.ExpiresAt)
            : null;
    }
}
