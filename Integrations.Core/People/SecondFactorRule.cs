using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.People;

/// <summary>Whether a tenant asks a second factor of its administrators, and who of them has none.</summary>
/// <param name="Required">Owners and administrators who sign in here reach nothing before they have set one up.</param>
/// <param name="Without">How many active ones who sign in here have none.</param>
public sealed record SecondFactorRuleState(bool Required, int Without);

/// <summary>The tenant's rule that owners and administrators need a second factor.</summary>
public sealed class SecondFactorRule(TenantDatabase database, TimeProvider time)
{
    private const string StateText =
        """
        select t.second_factor_required,
               (select count(*)::integer from users u
                 where u.role in ('owner', 'admin') and u.is_active and u.password_hash is not null
                   and not exists (select from second_factors f where f.user_id = u.user_id and f.confirmed_at is not null))
          from tenants t
        """;

    public Task<SecondFactorRuleState> ReadAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenant, transaction => StateAsync(transaction, StateText, cancellationToken), cancellationToken);

    /// <summary>Holds from the next request of everybody on, also of those who are signed in.</summary>
    public Task<SecondFactorRuleState> SetAsync(Principal principal, bool required, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var before = await StateAsync(transaction, StateText + " for update of t", cancellationToken);
                if (before.Required == required)
                    return before;

                await using (var set = transaction.Command("update tenants set second_factor_required = $1"))
                {
                    set.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = required });
                    await set.ExecuteNonQueryAsync(cancellationToken);
                }

                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "security.set", LogStatus.Success)
                    {
                        Details = new { Before = new { SecondFactorRequired = before.Required }, After = new { SecondFactorRequired = required } },
                    },
                    cancellationToken);
                await transaction.PublishAsync(new EventDraft(EventTypes.SettingsUpdated, UserId: null, AccountId: null, new { Subject = "security" }), cancellationToken);
                return before with { Required = required };
            },
            cancellationToken);
    }

    private static async Task<SecondFactorRuleState> StateAsync(TenantTransaction transaction, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constant texts of this class.
        await using var command = transaction.Command(sql);
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new SecondFactorRuleState(reader.GetBoolean(0), reader.GetInt32(1))
            : throw new InvalidOperationException($"There is no tenant {transaction.Tenant}.");
    }
}
