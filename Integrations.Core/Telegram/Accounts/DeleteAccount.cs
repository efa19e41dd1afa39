using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Revokes an account's session at Telegram and takes the account out of sight. Its dialogs stay.</summary>
public sealed class DeleteAccount(TenantDatabase database, OutcomeWatch watch, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>True once it is gone; false when its owner is still at it after ten seconds.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<bool> ExecuteAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken)
    {
        var gone = await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var account = await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken);
                if (account.Goal is AccountGoal.Deleted)
                    return false;

                var now = time.GetUtcNow();
                account.Delete(now);
                var gone = account.DeletedAt is not null;
                await AccountEvents.RequestedAsync(
                    transaction, principal, account, "personal.delete", gone ? LogStatus.Success : LogStatus.Pending, Guid.CreateVersion7(now), told: null, cancellationToken);
                if (gone)
                    await transaction.PublishAsync(new EventDraft(EventTypes.AccountDeleted, account.UserId, account.Id, new { account.Id }), cancellationToken);
                return gone;
            },
            cancellationToken);

        return gone || await watch.UntilAsync(
            token => database.InTenantAsync(
                principal.Tenant, async transaction => !await ReachableAccounts.Of(transaction, principal, reach).AnyAsync(account => account.Id == id, token), token),
            isGone => isGone,
            Patience,
            cancellationToken);
    }
}
