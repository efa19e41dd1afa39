using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
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
                var view = await DialogView.Of(transaction, ListDialogs.Of(transaction, principal).Where(dialog => dialog.Id == id)).SingleOrDefaultAsync(cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                if (changed > 0)
                {
                    var dialog = view.Dialog;
                    await transaction.PublishAsync(
                        new EventDraft(EventTypes.DialogUpdated, principal.UserId, dialog.PersonalAccountId, new
                        {
                            dialog.Id,
                            AccountId = dialog.PersonalAccountId,
                            PeerKind = dialog.PeerKind is { } kind ? Words.Of(kind) : null,
                            dialog.PeerId,
                            dialog.Username,
                            dialog.Title,
                            dialog.UnreadCount,
                            dialog.LastMessageAt,
                        }),
                        cancellationToken);
                }

                return view;
            },
            cancellationToken);
    }
}
