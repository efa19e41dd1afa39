using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Audit;

/// <summary>Takes a person out of the audit: what his entries, and those about him, say is deleted with their salt. The chain stays whole. His refusals go as well.</summary>
public sealed class EraseAudit(TenantDatabase database)
{
    /// <returns>How many entries lost what they said.</returns>
    public Task<int> ExecuteAsync(TenantId tenant, int userId, CancellationToken cancellationToken) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command(
                """
                update audit_entries
                   set user_id = null, address = null, user_agent = null, objects = '{}', changes = null, salt = null, erased_at = clock_timestamp()
                 where erased_at is null
                   and (user_id = $1 or objects ->> 'user_id' = $1::text
                        or jsonb_path_exists(changes, '$.** ? (@.user_id == $id || @.assignee_id == $id || @.author_id == $id)', jsonb_build_object('id', $1)))
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = userId, NpgsqlDbType = NpgsqlDbType.Integer });
            await using (var refusals = transaction.Command("delete from refusals where user_id = $1"))
            {
                refusals.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
                await refusals.ExecuteNonQueryAsync(cancellationToken);
            }

            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);
}

/// <summary>Takes out what is older than a moment and leaves a signed checkpoint.</summary>
public sealed class PurgeAudit(TenantDatabase database, ISecretProtector secrets)
{
    private readonly AuditChain _chain = new(secrets);

    /// <returns>How many entries went.</returns>
    public Task<long> ExecuteAsync(Principal principal, DateTimeOffset before, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(principal.Tenant, transaction => _chain.PurgeAsync(transaction, before, principal.UserId, cancellationToken), cancellationToken);
    }
}
