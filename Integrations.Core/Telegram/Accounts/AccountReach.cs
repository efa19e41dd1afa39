using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Whose accounts a request is about.</summary>
public enum AccountReach
{
    /// <summary>The caller's own, whatever his role.</summary>
    Own,

    /// <summary>For owners and administrators all of their tenant, whose connections are theirs to look after; for others their own.</summary>
    Managed,

    /// <summary>Those in whose dialogs the caller takes part, whatever his role: his own, and those of the projects that he is a member of.</summary>
    Talk,
}

/// <summary>The one query by which accounts are reached for somebody: what is out of his reach looks exactly like what is not there.</summary>
internal static class ReachableAccounts
{
    /// <summary><see cref="AccountReach.Talk"/> in SQL: the account is <c>a</c>, the user's number <c>$2</c>, the tenant the transaction's.</summary>
    public const string TalkSql =
        "(a.user_id = $2 or exists (select from project_members pm where pm.tenant_id = a.tenant_id and pm.project_id = a.project_id and pm.user_id = $2))";

    public static IQueryable<TelegramAccount> Of(TenantTransaction transaction, Principal principal, AccountReach reach)
    {
        var accounts = transaction.Db.TelegramAccounts.Where(account => account.DeletedAt == null);
        if (reach is AccountReach.Talk)
            return Talking(transaction, principal).Where(account => account.DeletedAt == null);
        return IsWhole(principal, reach) ? accounts : accounts.Where(account => account.UserId == principal.UserId);
    }

    /// <summary><see cref="AccountReach.Talk"/>, deleted accounts included: what was said outlives the connection.</summary>
    public static IQueryable<TelegramAccount> Talking(TenantTransaction transaction, Principal principal) =>
        transaction.Db.TelegramAccounts.Where(account => account.UserId == principal.UserId
            || transaction.Db.ProjectMembers.Any(member => member.ProjectId == account.ProjectId && member.UserId == principal.UserId));

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramAccount> FindAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken) =>
        await Of(transaction, principal, reach).SingleOrDefaultAsync(account => account.Id == id, cancellationToken)
        ?? throw new IntegrationException(ErrorCodes.NotFound);

    /// <summary>The same, holding the row until the transaction ends, so that what is decided from it still holds when it is written.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramAccount> LockAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken)
    {
        var whole = IsWhole(principal, reach);
        return await transaction.Db.TelegramAccounts
            .FromSql($"select * from telegram_accounts where id = {id} and ({whole} or user_id = {principal.UserId}) and deleted_at is null for update")
            .SingleOrDefaultAsync(cancellationToken)
            ?? throw new IntegrationException(ErrorCodes.NotFound);
    }

    /// <summary>Those of many that are within reach, each held until the transaction ends; in one order, so that two such requests never wait for each other in a circle.</summary>
    public static Task<Dictionary<Guid, TelegramAccount>> LockAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var whole = IsWhole(principal, reach);
        return transaction.Db.TelegramAccounts
            .FromSql($"select * from telegram_accounts where id = any({ids}) and ({whole} or user_id = {principal.UserId}) and deleted_at is null order by id for update")
            .ToDictionaryAsync(account => account.Id, cancellationToken);
    }

    private static bool IsWhole(Principal principal, AccountReach reach) => reach is AccountReach.Managed && principal.ManagesAccounts;
}
