using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Closes a dialog, or opens it again. What the other side says opens it by itself.</summary>
public sealed class CloseDialog(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<DialogView> ExecuteAsync(Principal principal, Guid id, bool closed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var now = time.GetUtcNow();
                DateTimeOffset? at = closed ? now : null;
                // One statement: what comes in meanwhile opens it after this, or before it.
                var changed = await ListDialogs.Of(transaction, principal).Where(dialog => dialog.Id == id && (dialog.ClosedAt != null) != closed)
                    .ExecuteUpdateAsync(set => set.SetProperty(dialog => dialog.ClosedAt, at), cancellationToken);
                var view = await DialogView.FindAsync(transaction, principal, id, cancellationToken);
                if (changed > 0)
                {
                    await DialogEvents.UpdatedAsync(transaction, view.Dialog, cancellationToken);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", closed ? "dialog.close" : "dialog.reopen", LogStatus.Success)
                        {
                            AccountId = view.Dialog.PersonalAccountId,
                            Details = new { DialogId = id, view.Dialog.BotId },
                        },
                        cancellationToken);
                }

                return view;
            },
            cancellationToken);
    }
}
