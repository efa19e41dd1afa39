using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What to change; null leaves a thing as it is.</summary>
/// <param name="DisplayName">An empty one removes the name.</param>
public sealed record AccountChange(string? DisplayName, bool? AcceptsPrivate, bool? AcceptsGroups, bool? AcceptsChannels);

/// <summary>Changes an account's name and which chats it stores.</summary>
public sealed class ChangeAccount(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<TelegramAccount> ExecuteAsync(Principal principal, AccountReach reach, Guid id, AccountChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var account = await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken);
                if (change.DisplayName is { } name)
                    account.Rename(name.Length == 0 ? null : name);
                account.Accept(change.AcceptsPrivate, change.AcceptsGroups, change.AcceptsChannels);
                var log = Guid.CreateVersion7(time.GetUtcNow());
                await AccountEvents.RequestedAsync(transaction, principal, account, "personal.change", LogStatus.Success, log, cancellationToken);
                // Saved here already, so that updated_at in the answer is the one that was stored.
                await transaction.Db.SaveChangesAsync(cancellationToken);
                return account;
            },
            cancellationToken);
    }
}
