using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What to change; null leaves a thing as it is.</summary>
/// <param name="DisplayName">An empty one removes the name.</param>
/// <param name="ProjectId">The empty id takes the account out of its project.</param>
/// <param name="Proxy">A link to the account's own proxy; an empty one removes it. A secret.</param>
public sealed record AccountChange(
    string? DisplayName, bool? AcceptsPrivate, bool? AcceptsGroups, bool? AcceptsChannels, Guid? ProjectId = null, string? Proxy = null);

/// <summary>Changes an account's name, which chats it stores, its way to Telegram, and for administrators its project.</summary>
public sealed class ChangeAccount(TenantDatabase database, AccountProxy proxies, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND for an account or a project out of reach; FORBIDDEN for a project named by another than an administrator; PROJECT_NOT_READY; VALIDATION_FAILED for what is no proxy; SECRETS_UNAVAILABLE.</exception>
    public async Task<TelegramAccount> ExecuteAsync(Principal principal, AccountReach reach, Guid id, AccountChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(change);
        var proxy = change.Proxy is { } link ? await proxies.SealAsync(principal.Tenant, id, link, cancellationToken) : null;
        return await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (change.ProjectId is not null && !principal.ManagesAccounts)
                    throw new IntegrationException(ErrorCodes.Forbidden);

                var account = await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken);
                if (change.ProjectId is { } project)
                    account.MoveTo(await ReadyProjectAsync(transaction, project, cancellationToken));
                if (change.Proxy is not null)
                {
                    account.GoThrough(proxy);
                    transaction.AfterCommit(Ring.Shard(account.Shard));
                }

                await ApplyAsync(transaction, principal, account, change, cancellationToken);
                // Saved here already, so that updated_at in the answer is the one that was stored.
                await transaction.Db.SaveChangesAsync(cancellationToken);
                return account;
            },
            cancellationToken);
    }

    /// <summary>Changes the name and what is stored, and tells of the change.</summary>
    /// <param name="account">Held by the transaction.</param>
    internal async Task ApplyAsync(
        TenantTransaction transaction, Principal principal, TelegramAccount account, AccountChange change, CancellationToken cancellationToken)
    {
        if (change.DisplayName is { } name)
            account.Rename(name.Length == 0 ? null : name);
        account.Accept(change.AcceptsPrivate, change.AcceptsGroups, change.AcceptsChannels);
        var log = Guid.CreateVersion7(time.GetUtcNow());
        var told = change.DisplayName is null ? TimelineKind.Flags : TimelineKind.Renamed;
        await AccountEvents.RequestedAsync(transaction, principal, account, "personal.change", LogStatus.Success, log, told, cancellationToken);
    }

    private static async Task<Guid?> ReadyProjectAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        if (id == Guid.Empty)
            return null;

        var project = await transaction.Db.Projects.AsNoTracking().SingleOrDefaultAsync(project => project.Id == id, cancellationToken)
            ?? throw new IntegrationException(ErrorCodes.NotFound);
        await GroupReadiness.RequireAsync(transaction, project, project.Mirroring, cancellationToken);
        return id;
    }
}
