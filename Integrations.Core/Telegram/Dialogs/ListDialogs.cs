using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Which dialogs are wanted; what is null or false leaves none out.</summary>
public sealed record DialogFilter
{
    public Guid? AccountId { get; init; }

    public Guid? BotId { get; init; }

    /// <summary>A part of the title, the username or the phone, in any case of letters.</summary>
    public string? Text { get; init; }

    /// <summary>Only those with something unread.</summary>
    public bool Unread { get; init; }

    /// <summary>All by default; mine are the caller's.</summary>
    public DialogShow Show { get; init; }

    /// <summary>A dialog's id: only what stands behind it in the order, wherever it stands by now.</summary>
    public Guid? Before { get; init; }

    /// <summary>Only what stands behind this place.</summary>
    public DialogCursor? Cursor { get; init; }
}

/// <summary>The dialogs of the accounts and bots that the caller talks in, the last used first.</summary>
public sealed class ListDialogs(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND when the account, the bot, or the dialog to go on from, is out of reach.</exception>
    public Task<List<DialogView>> ExecuteAsync(Principal principal, DialogFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(filter);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialogs = Of(transaction, principal);
                if (filter.AccountId is { } accountId)
                {
                    if (!await ReachableAccounts.Talking(transaction, principal).AnyAsync(account => account.Id == accountId, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    dialogs = dialogs.Where(dialog => dialog.PersonalAccountId == accountId);
                }

                if (filter.BotId is { } botId)
                {
                    if (!await ReachableBots.Talking(transaction, principal).AnyAsync(bot => bot.Id == botId, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    dialogs = dialogs.Where(dialog => dialog.BotId == botId);
                }

                var cursor = filter.Cursor;
                if (filter.Before is { } before)
                {
                    cursor = DialogCursor.Of(await dialogs.SingleOrDefaultAsync(dialog => dialog.Id == before, cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound));
                }

                if (cursor is { } place)
                {
                    dialogs = dialogs.Where(dialog =>
                        (dialog.LastMessageAt ?? dialog.CreatedAt) < place.At
                        || ((dialog.LastMessageAt ?? dialog.CreatedAt) == place.At && dialog.Id.CompareTo(place.Id) < 0));
                }

                var page = Matching(transaction, principal, dialogs, filter)
                    .OrderByDescending(dialog => dialog.LastMessageAt ?? dialog.CreatedAt).ThenByDescending(dialog => dialog.Id).Take(limit);
                return await DialogView.ReadAsync(transaction, page, cancellationToken);
            },
            cancellationToken);
    }

    internal static IQueryable<Dialog> Of(TenantTransaction transaction, Principal principal) =>
        transaction.Db.Dialogs.AsNoTracking().Where(dialog =>
            ReachableAccounts.Talking(transaction, principal).Any(account => account.Id == dialog.PersonalAccountId)
            || ReachableBots.Talking(transaction, principal).Any(bot => bot.Id == dialog.BotId));

    private static IQueryable<Dialog> Matching(TenantTransaction transaction, Principal principal, IQueryable<Dialog> dialogs, DialogFilter filter)
    {
        dialogs = filter.Show switch
        {
            DialogShow.Unread => dialogs.Where(dialog => dialog.UnreadCount > 0),
            DialogShow.Waiting => DialogView.Waiting(transaction, dialogs),
            DialogShow.Mine => dialogs.Where(dialog => dialog.AssigneeId == principal.UserId),
            DialogShow.Unassigned => dialogs.Where(dialog => dialog.AssigneeId == null),
            _ => dialogs,
        };
        if (filter.Unread)
            dialogs = dialogs.Where(dialog => dialog.UnreadCount > 0);
        if (filter.Text is { } text)
        {
            var anywhere = LikePattern.Containing(text);
            // People write @ before a username and + before a number; neither is stored for certain.
            var name = LikePattern.Containing(text.TrimStart('@', '+'));
            dialogs = dialogs.Where(dialog =>
                EF.Functions.ILike(dialog.Title!, anywhere, LikePattern.Escape)
                || EF.Functions.ILike(dialog.Username!, name, LikePattern.Escape)
                || EF.Functions.ILike(dialog.Phone!, name, LikePattern.Escape));
        }

        return dialogs;
    }
}
