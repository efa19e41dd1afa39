using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>One account.</summary>
public sealed class FindAccount(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND, for a missing one and for one out of reach alike.</exception>
    public Task<TelegramAccount> ExecuteAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(principal.Tenant, transaction => ReachableAccounts.FindAsync(transaction, principal, reach, id, cancellationToken), cancellationToken);
}
