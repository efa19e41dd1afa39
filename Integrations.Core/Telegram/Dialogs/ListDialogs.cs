using System.Globalization;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Which dialogs are wanted; what is null or false leaves none out.</summary>
public sealed record DialogFilter
{
    public Guid? AccountId { get; init; }

    public Guid? BotId { get; init; }

    /// <summary>A part of the title, the username or the phone, in any case of letters, or words that were said.</summary>
    public string? Text { get; init; }

    /// <summary>Only those with something unread.</summary>
    public bool Unread { get; init; }

    /// <summary>All by default; mine are the caller's.</summary>
    public DialogShow Show { get; init; }

    /// <summary>Those of accounts, or of bots.</summary>
    public DialogSource? Source { get; init; }

    /// <summary>Those of the accounts and bots of one project.</summary>
    public Guid? ProjectId { get; init; }

    public DialogState? State { get; init; }

    /// <summary><see cref="DialogAssignees.Me"/>, <see cref="DialogAssignees.Nobody"/> or a user's number.</summary>
    public string? Assignee { get; init; }

    /// <summary>Only those in which somebody has waited for so long.</summary>
    public int? WaitingMinutes { get; init; }

    /// <summary>Only those in which the other side takes nothing from the bot.</summary>
    public bool Blocked { get; init; }

    /// <summary>A dialog's id: only what stands behind it in the order, wherever it stands by now.</summary>
    public Guid? Before { get; init; }

    /// <summary>Only what stands behind this place.</summary>
    public DialogCursor? Cursor { get; init; }
}

/// <summary>Whether somebody has closed a dialog.</summary>
public enum DialogState
{
    Open,
    Closed,
}

/// <summary>Who looks after the dialogs that are wanted: the caller, nobody, or a user by his number.</summary>
public static class DialogAssignees
{
    public const string Me = "me";

    public const string Nobody = "nobody";

    public static bool IsOne(string text) => text is Me or Nobody || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var user) && user > 0 && text[0] != '0');

    internal static int? UserOf(string assignee, Principal principal) => assignee switch
    {
        Nobody => null,
        Me => principal.UserId,
        _ => int.Parse(assignee, NumberStyles.None, CultureInfo.InvariantCulture),
    };
}

/// <summary>The dialogs of the accounts and bots that the caller talks in, the last used first.</summary>
public sealed class ListDialogs(TenantDatabase database, TimeProvider time)
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

                if (filter.ProjectId is { } projectId)
                {
                    if (!await transaction.Db.Projects.AnyAsync(project => project.Id == projectId, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    dialogs = dialogs.Where(dialog =>
                        transaction.Db.TelegramAccounts.Any(account => account.Id == dialog.PersonalAccountId && account.ProjectId == projectId)
                        || transaction.Db.Integrations.Any(bot => bot.Id == dialog.BotId && bot.ProjectId == projectId));
                }

                // A group in which dialogs are answered is none itself, though the accounts in it read it.
                dialogs = dialogs.Where(dialog => dialog.PeerKind != PeerKind.Channel
                    || !transaction.Db.WorkingGroups.Any(group => group.ChatId == -BotChat.ChannelBase - dialog.PeerId && transaction.Db.Projects.Any(project => project.Id == group.ProjectId && project.Mirroring)));

                var cursor = filter.Cursor;
                if (filter.Before is { } before)
                {
                    cursor = DialogCursor.Of(await Of(transaction, principal).SingleOrDefaultAsync(dialog => dialog.Id == before, cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound));
                }

                if (cursor is { } place)
                {
                    dialogs = dialogs.Where(dialog =>
                        (dialog.LastMessageAt ?? dialog.CreatedAt) < place.At
                        || ((dialog.LastMessageAt ?? dialog.CreatedAt) == place.At && dialog.Id.CompareTo(place.Id) < 0));
                }

                var said = filter.Text is { } text ? await SearchMessages.DialogsSayingAsync(transaction, principal, text, cancellationToken) : [];
                var page = Matching(transaction, principal, dialogs, filter, said)
                    .OrderByDescending(dialog => dialog.LastMessageAt ?? dialog.CreatedAt).ThenByDescending(dialog => dialog.Id).Take(limit);
                return await DialogView.ReadAsync(transaction, page, cancellationToken);
            },
            cancellationToken);
    }

    internal static IQueryable<Dialog> Of(TenantTransaction transaction, Principal principal) =>
        transaction.Db.Dialogs.AsNoTracking().Where(dialog =>
            ReachableAccounts.Talking(transaction, principal).Any(account => account.Id == dialog.PersonalAccountId)
            || ReachableBots.Talking(transaction, principal).Any(bot => bot.Id == dialog.BotId));

    private IQueryable<Dialog> Matching(TenantTransaction transaction, Principal principal, IQueryable<Dialog> dialogs, DialogFilter filter, Guid[] said)
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
        if (filter.Source is { } source)
            dialogs = dialogs.Where(dialog => dialog.Source == source);
        if (filter.State is { } state)
            dialogs = dialogs.Where(dialog => dialog.ClosedAt != null == (state == DialogState.Closed));
        if (filter.Assignee is { } assignee)
        {
            var user = DialogAssignees.UserOf(assignee, principal);
            dialogs = dialogs.Where(dialog => dialog.AssigneeId == user);
        }

        if (filter.WaitingMinutes is { } minutes)
            dialogs = DialogView.Waiting(transaction, dialogs, time.GetUtcNow().AddMinutes(-minutes));
        if (filter.Blocked)
            dialogs = dialogs.Where(dialog => dialog.BlockedAt != null);
        if (filter.Text is { } text)
        {
            var anywhere = LikePattern.Containing(text);
            // People write @ before a username and + before a number; neither is stored for certain.
            var name = LikePattern.Containing(text.TrimStart('@', '+'));
            dialogs = dialogs.Where(dialog =>
                EF.Functions.ILike(dialog.Title!, anywhere, LikePattern.Escape)
                || EF.Functions.ILike(dialog.Username!, name, LikePattern.Escape)
                || EF.Functions.ILike(dialog.Phone!, name, LikePattern.Escape)
                || said.Contains(dialog.Id));
        }

        return dialogs;
    }
}
