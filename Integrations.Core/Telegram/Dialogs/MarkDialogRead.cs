using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Takes note that a dialog was read here. Telegram is not told.</summary>
public sealed class MarkDialogRead(TenantDatabase database)
{
    /// <returns>The dialog with nothing unread.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<DialogView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // One statement: what comes in meanwhile is counted by another transaction, before this or after it.
                var changed = await ListDialogs.Of(transaction, principal).Where(dialog => dialog.Id == id && dialog.UnreadCount > 0)
                    .ExecuteUpdateAsync(set => set.SetProperty(dialog => dialog.UnreadCount, 0), cancellationToken);
                var view = await DialogView.FindAsync(transaction, principal, id, cancellationToken);
                if (changed > 0)
                    await DialogEvents.UpdatedAsync(transaction, view.Dialog, cancellationToken);
                return view;
            },
            cancellationToken);
    }
}
