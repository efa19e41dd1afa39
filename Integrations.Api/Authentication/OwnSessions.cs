using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Authentication;

/// <summary>One session of a person, without what would open it.</summary>
/// <param name="Current">The very session that asks.</param>
internal sealed record OwnSession(Guid Id, string? UserAgent, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, bool Current);

/// <summary>The sessions of the caller himself: where he is signed in, and ending one of them.</summary>
internal sealed class OwnSessions(TenantDatabase database)
{
    public Task<List<OwnSession>> ListAsync(Credential credential, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            credential.Principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    select id, user_agent, created_at, last_seen_at, expires_at, token_hash = $2
                      from console_sessions where user_id = $1 and expires_at > clock_timestamp() order by last_seen_at desc
                    """);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = credential.Principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = credential.SessionHash ?? [] });
                var sessions = new List<OwnSession>();
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    sessions.Add(new(
                        reader.GetGuid(0),
                        await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1),
                        reader.GetFieldValue<DateTimeOffset>(2),
                        reader.GetFieldValue<DateTimeOffset>(3),
                        reader.GetFieldValue<DateTimeOffset>(4),
                        reader.GetBoolean(5)));
                }

                return sessions;
            },
            cancellationToken);

    /// <exception cref="IntegrationException">NOT_FOUND for one that has ended, or is another's.</exception>
    public Task EndAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("delete from console_sessions where id = $1 and user_id = $2");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
                    throw new IntegrationException(ErrorCodes.NotFound);
            },
            cancellationToken);
}
