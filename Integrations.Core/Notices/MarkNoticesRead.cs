using Integrations.Core.Events;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Notices;

/// <summary>Marks notices of the caller as read; those of others are left alone as if they were not there.</summary>
public sealed class MarkNoticesRead(TenantDatabase database)
{
    /// <param name="ids">Null for all.</param>
    /// <returns>How many were unread until now.</returns>
    public Task<int> ExecuteAsync(Principal principal, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    update notices set read_at = clock_timestamp()
                     where tenant_id = $1 and user_id = $2 and read_at is null and ($3::uuid[] is null or id = any ($3))
                    """);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)ids?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
                var read = await command.ExecuteNonQueryAsync(cancellationToken);
                // The person's other windows follow.
                if (read > 0)
                    await transaction.PublishAsync(new EventDraft(EventTypes.NoticeUpdated, principal.UserId, null, new { Read = read }), cancellationToken);
                return read;
            },
            cancellationToken);
}
