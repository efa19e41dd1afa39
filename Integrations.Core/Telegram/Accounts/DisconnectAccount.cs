using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Ends an account's session at Telegram and destroys its secret; the account stays, with its dialogs, and can log in again.</summary>
public sealed class DisconnectAccount(TenantDatabase database, OutcomeWatch watch, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>The account as it is once its owner has finished, or after ten seconds, still <c>disconnecting</c>.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<TelegramAccount> ExecuteAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken)
    {
        await database.InTenantAsync(
            principal.Tenant,
            async transaction => await RequestAsync(
                transaction, principal, await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken), cancellationToken),
            cancellationToken);
        return await watch.UntilAsync(
            token => database.InTenantAsync(principal.Tenant, transaction => ReachableAccounts.FindAsync(transaction, principal, reach, id, token), token),
            account => account.IsGone,
            Patience,
            cancellationToken);
    }

    /// <summary>Asks for it and waits for nothing.</summary>
    /// <param name="account">Held by the transaction.</param>
    internal async Task RequestAsync(TenantTransaction transaction, Principal principal, TelegramAccount account, CancellationToken cancellationToken)
    {
        if (account.Goal is AccountGoal.Deleted)
            throw new IntegrationException(ErrorCodes.NotFound);
        if (account.IsGone)
            return;

        account.Want(AccountGoal.Disconnected);
        var log = Guid.CreateVersion7(time.GetUtcNow());
        await AccountEvents.RequestedAsync(transaction, principal, account, "personal.disconnect", LogStatus.Pending, log, told: null, cancellationToken);
    }
}
