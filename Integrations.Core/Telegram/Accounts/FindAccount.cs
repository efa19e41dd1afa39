using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>One of the caller's own accounts.</summary>
public sealed class FindAccount(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND, for a missing one and for somebody else's alike.</exception>
    public Task<TelegramAccount> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(principal.Tenant, transaction => OwnAccounts.FindAsync(transaction, principal, id, cancellationToken), cancellationToken);
}
