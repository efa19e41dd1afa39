using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>One dialog of the caller's accounts.</summary>
public sealed class FindDialog(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<DialogView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction => await DialogView.Of(transaction, ListDialogs.Of(transaction, principal).Where(dialog => dialog.Id == id)).SingleOrDefaultAsync(cancellationToken)
                ?? throw new IntegrationException(ErrorCodes.NotFound),
            cancellationToken);
    }
}
