using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>An account in whose dialogs somebody takes part.</summary>
/// <param name="Project">The project whose members share it; null where it is its user's alone.</param>
/// <param name="MaySend">Whether he may write from here.</param>
public sealed record Inbox(TelegramAccount Account, Project? Project, bool MaySend);

/// <summary>What members of a project may do with its accounts.</summary>
internal static class SharedInbox
{
    /// <exception cref="IntegrationException">PROJECT_MIRRORED: the members answer in the working group, where everybody sees what was said.</exception>
    public static void RequireAnswers(Principal principal, int accountUser, bool mirroring)
    {
        if (!MayAnswer(principal, accountUser, mirroring))
            throw new IntegrationException(ErrorCodes.ProjectMirrored);
    }

    public static bool MayAnswer(Principal principal, int accountUser, bool mirroring) => !mirroring || accountUser == principal.UserId;
}

/// <summary>The accounts whose dialogs the caller may read, the oldest first.</summary>
public sealed class ListInboxes(TenantDatabase database)
{
    /// <summary>Inboxes in one answer.</summary>
    private const int Limit = 1000;

    public Task<List<Inbox>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Until somebody has logged in there is nothing to read.
                var rows = await ReachableAccounts.Of(transaction, principal, AccountReach.Talk).AsNoTracking()
                    .Where(account => account.TelegramUserId != null)
                    .OrderBy(account => account.CreatedAt).ThenBy(account => account.Id).Take(Limit)
                    .Select(account => new { Account = account, Project = transaction.Db.Projects.FirstOrDefault(project => project.Id == account.ProjectId) })
                    .ToListAsync(cancellationToken);
                return rows.ConvertAll(row => new Inbox(
                    row.Account,
                    row.Project,
                    principal.Role >= Role.Operator && SharedInbox.MayAnswer(principal, row.Account.UserId, row.Project is { Mirroring: true })));
            },
            cancellationToken);
    }
}
