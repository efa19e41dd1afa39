using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Says who looks after a dialog.</summary>
public sealed class AssignDialog(TenantDatabase database, TimeProvider time)
{
    /// <param name="userId">Null for nobody.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; VALIDATION_FAILED for somebody who cannot look after it.</exception>
    public Task<DialogView> ExecuteAsync(Principal principal, Guid id, int? userId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, id, cancellationToken)).Dialog;
                if (userId is { } user && !await ListAssignees.Of(transaction, dialog).AnyAsync(person => person.UserId == user, cancellationToken))
                {
                    throw new IntegrationException(
                        ErrorCodes.ValidationFailed,
                        fieldErrors: new Dictionary<string, string[]>(StringComparer.Ordinal) { ["user_id"] = ["Must be one of those whom …/assignees names."] });
                }

                var changed = await ListDialogs.Of(transaction, principal).Where(row => row.Id == id && row.AssigneeId != userId)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.AssigneeId, userId), cancellationToken);
                var view = await DialogView.FindAsync(transaction, principal, id, cancellationToken);
                if (changed > 0)
                {
                    await DialogEvents.UpdatedAsync(transaction, view.Dialog, cancellationToken);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "dialog.assign", LogStatus.Success)
                        {
                            AccountId = dialog.PersonalAccountId,
                            Details = new { DialogId = id, AssigneeId = userId, Before = new { dialog.AssigneeId }, After = new { AssigneeId = userId } },
                        },
                        cancellationToken);
                }

                return view;
            },
            cancellationToken);
    }
}

/// <summary>Who can look after a dialog, of those who may write: its account's user and the members of the project; of a bot's, owners and administrators and those members.</summary>
public sealed class ListAssignees(TenantDatabase database)
{
    /// <summary>People in one answer.</summary>
    private const int Limit = 500;

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<List<User>> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, id, cancellationToken)).Dialog;
                return await Of(transaction, dialog).OrderBy(user => user.DisplayName ?? user.Email).ThenBy(user => user.UserId).Take(Limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }

    internal static IQueryable<User> Of(TenantTransaction transaction, Dialog dialog) =>
        transaction.Db.Users.AsNoTracking().Where(user => user.IsActive && user.Role != Role.Viewer
            && (transaction.Db.TelegramAccounts.Any(account => account.Id == dialog.PersonalAccountId
                    && (account.UserId == user.UserId
                        || transaction.Db.ProjectMembers.Any(member => member.ProjectId == account.ProjectId && member.UserId == user.UserId)))
                || transaction.Db.Integrations.Any(bot => bot.Id == dialog.BotId
                    && (user.Role == Role.Owner || user.Role == Role.Admin
                        || transaction.Db.ProjectMembers.Any(member => member.ProjectId == bot.ProjectId && member.UserId == user.UserId)))));
}
