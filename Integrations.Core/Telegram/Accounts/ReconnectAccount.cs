using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Revives a stopped or failed account; where its session is gone it begins a new login of the same account.</summary>
public sealed class ReconnectAccount(TenantDatabase database, StartLogin start, OutcomeWatch watch, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What became of it.</summary>
    /// <param name="Login">The new login; null where the session that is there was started afresh.</param>
    public sealed record Result(TelegramAccount Account, LoginView? Login);

    /// <param name="phone">In E.164: log in by phone where a login is needed; null for a QR code.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT while it is being disconnected; and those of <see cref="StartLogin"/>.</exception>
    public async Task<Result> ExecuteAsync(Principal principal, AccountReach reach, Guid id, string? phone, CancellationToken cancellationToken)
    {
        var request = await database.InTenantAsync(
            principal.Tenant,
            async transaction => await RequestAsync(
                transaction, principal, await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken), onlyPaused: false, cancellationToken),
            cancellationToken);
        if (request is null)
        {
            var login = await start.ExecuteAsync(principal, reach, new LoginRequest(phone, AccountId: id), cancellationToken);
            return new(await FindAsync(principal, reach, id, cancellationToken), login);
        }

        var account = await watch.UntilAsync(
            token => FindAsync(principal, reach, id, token),
            account => account.RestartDone >= request && account.Status is not AccountStatus.Pending,
            Patience,
            cancellationToken);
        return new(account, Login: null);
    }

    /// <summary>Asks for it and waits for nothing.</summary>
    /// <param name="account">Held by the transaction.</param>
    /// <param name="onlyPaused">Refuses to touch an account that nobody has paused.</param>
    /// <returns>The number of the restart that was asked for; null where a login is needed instead.</returns>
    internal async Task<long?> RequestAsync(
        TenantTransaction transaction, Principal principal, TelegramAccount account, bool onlyPaused, CancellationToken cancellationToken)
    {
        if (account.Goal is AccountGoal.Deleted)
            throw new IntegrationException(ErrorCodes.NotFound);
        if (onlyPaused && account.Goal is not AccountGoal.Paused)
            throw new IntegrationException(ErrorCodes.Conflict, $"Only a paused account can be resumed; this one is {account.StatusWord}.");
        if (!account.HasUsableSession)
            return null;
        if (account.Goal is AccountGoal.Disconnected)
            throw new IntegrationException(ErrorCodes.Conflict, "The account is still being disconnected. Repeat the request shortly.", TimeSpan.FromSeconds(2));

        var told = account.Goal is AccountGoal.Paused ? TimelineKind.Resumed : TimelineKind.ReconnectAsked;
        account.RequestRestart();
        var log = Guid.CreateVersion7(time.GetUtcNow());
        // That it was asked for is done; how it went is the owner's line.
        await AccountEvents.RequestedAsync(transaction, principal, account, "personal.reconnect", LogStatus.Success, log, told, cancellationToken);
        return account.RestartRequested;
    }

    private Task<TelegramAccount> FindAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(principal.Tenant, transaction => ReachableAccounts.FindAsync(transaction, principal, reach, id, cancellationToken), cancellationToken);
}
