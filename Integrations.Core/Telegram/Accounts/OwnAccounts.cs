using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>The one query by which accounts are reached for somebody: what is not his looks exactly like what is not there.</summary>
internal static class OwnAccounts
{
    public static IQueryable<TelegramAccount> Of(TenantTransaction transaction, Principal principal) =>
        transaction.Db.TelegramAccounts.Where(account => account.UserId == principal.UserId && account.DeletedAt == null);

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramAccount> FindAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken) =>
        await Of(transaction, principal).SingleOrDefaultAsync(account => account.Id == id, cancellationToken)
        ?? throw new IntegrationException(ErrorCodes.NotFound);

    /// <summary>The same, holding the row until the transaction ends, so that what is decided from it still holds when it is written.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramAccount> LockAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken) =>
        await transaction.Db.TelegramAccounts
            .FromSql($"select * from telegram_accounts where id = {id} and user_id = {principal.UserId} and deleted_at is null for update")
            .SingleOrDefaultAsync(cancellationToken)
        ?? throw new IntegrationException(ErrorCodes.NotFound);
}
