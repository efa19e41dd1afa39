using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>One dialog of the accounts and bots that the caller talks in.</summary>
public sealed class FindDialog(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<DialogView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(principal.Tenant, transaction => DialogView.FindAsync(transaction, principal, id, cancellationToken), cancellationToken);
    }
}
