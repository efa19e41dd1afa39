using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Stops an account's client and keeps its session; a reconnect revives it.</summary>
public sealed class PauseAccount(TenantDatabase database, OutcomeWatch watch, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>The account, paused, or as it is after ten seconds.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND; ACCOUNT_NOT_ACTIVE when there is nothing to pause.</exception>
    public async Task<TelegramAccount> ExecuteAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken)
    {
        await database.InTenantAsync(
            principal.Tenant,
            async transaction => await RequestAsync(
                transaction, principal, await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken), cancellationToken),
            cancellationToken);
        return await watch.UntilAsync(
            token => database.InTenantAsync(principal.Tenant, transaction => ReachableAccounts.FindAsync(transaction, principal, reach, id, token), token),
            account => account.Status is not AccountStatus.Active,
            Patience,
            cancellationToken);
    }

    /// <summary>Asks for it and waits for nothing.</summary>
    /// <param name="account">Held by the transaction.</param>
    internal async Task RequestAsync(TenantTransaction transaction, Principal principal, TelegramAccount account, CancellationToken cancellationToken)
    {
        if (account.Status is not (AccountStatus.Active or AccountStatus.Paused) || account.Goal is AccountGoal.Disconnected or AccountGoal.Deleted)
        {
            throw new IntegrationException(
                ErrorCodes.AccountNotActive, $"Only an active account can be paused; this one is {account.StatusWord}.");
        }

        if (account.Goal is AccountGoal.Paused)
            return;

        account.Want(AccountGoal.Paused);
        var log = Guid.CreateVersion7(time.GetUtcNow());
        await AccountEvents.RequestedAsync(transaction, principal, account, "personal.pause", LogStatus.Success, log, told: null, cancellationToken);
    }
}
