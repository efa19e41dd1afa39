using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>The accounts within reach, the oldest first.</summary>
public sealed class ListAccounts(TenantDatabase database)
{
    /// <summary>Accounts in one answer: a bound, far above what one installation is made for.</summary>
    private const int Limit = 20_000;

    /// <param name="activeOnly">Leaves out what was disconnected, and logins that came to nothing.</param>
    /// <param name="projectId">Only those of one project; null for all.</param>
    public Task<List<TelegramAccount>> ExecuteAsync(Principal principal, AccountReach reach, bool activeOnly, Guid? projectId, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            transaction =>
            {
                var accounts = ReachableAccounts.Of(transaction, principal, reach).AsNoTracking();
                if (activeOnly)
                {
                    accounts = accounts.Where(account =>
                        account.IsActive && account.Status != AccountStatus.Disconnected && (account.Status != AccountStatus.Error || account.TelegramUserId != null));
                }

                if (projectId is not null)
                    accounts = accounts.Where(account => account.ProjectId == projectId);
                return accounts.OrderBy(account => account.CreatedAt).ThenBy(account => account.Id).Take(Limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
}
