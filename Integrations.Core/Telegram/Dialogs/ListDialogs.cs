using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>The dialogs of the caller's accounts, the last used first.</summary>
public sealed class ListDialogs(TenantDatabase database)
{
    /// <param name="accountId">Only those of one account; null for all.</param>
    /// <param name="before">A dialog's id: only what stands behind it in the order.</param>
    /// <exception cref="IntegrationException">NOT_FOUND when the account, or the dialog to go on from, is not the caller's.</exception>
    public Task<List<Dialog>> ExecuteAsync(Principal principal, Guid? accountId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var own = transaction.Db.TelegramAccounts.Where(account => account.UserId == principal.UserId);
                if (accountId is not null && !await own.AnyAsync(account => account.Id == accountId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                var dialogs = Of(transaction, principal);
                if (accountId is not null)
                    dialogs = dialogs.Where(dialog => dialog.PersonalAccountId == accountId);
                if (before is not null)
                {
                    var from = await dialogs.SingleOrDefaultAsync(dialog => dialog.Id == before, cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound);
                    // A dialog without messages stands where it was opened.
                    var at = from.LastMessageAt ?? from.CreatedAt;
                    dialogs = dialogs.Where(dialog =>
                        (dialog.LastMessageAt ?? dialog.CreatedAt) < at
                        || ((dialog.LastMessageAt ?? dialog.CreatedAt) == at && dialog.Id.CompareTo(from.Id) < 0));
                }

                return await dialogs.OrderByDescending(dialog => dialog.LastMessageAt ?? dialog.CreatedAt).ThenByDescending(dialog => dialog.Id)
                    .Take(limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }

    internal static IQueryable<Dialog> Of(TenantTransaction transaction, Principal principal) =>
        transaction.Db.Dialogs.AsNoTracking().Where(dialog =>
            transaction.Db.TelegramAccounts.Any(account => account.Id == dialog.PersonalAccountId && account.UserId == principal.UserId));
}
