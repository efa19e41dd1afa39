using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>A dialog, and what a look at it tells.</summary>
/// <param name="WaitingSince">
/// When the oldest message came that nobody has answered; null when nobody waits. An answer that failed is none. In channels and
/// supergroups people talk to each other, so there it is always null.
/// </param>
/// <param name="LastMessage">What was said last; null before the first word.</param>
/// <param name="Assignee">Who looks after it.</param>
public sealed record DialogView(Dialog Dialog, DateTimeOffset? WaitingSince, Message? LastMessage, User? Assignee)
{
    /// <summary>Where its topic in the project's working group is opened; null where it has none.</summary>
    public string? TopicUrl { get; init; }

    /// <summary>Those in which somebody waits.</summary>
    /// <param name="since">And has waited since then, or longer; null for any time.</param>
    internal static IQueryable<Dialog> Waiting(TenantTransaction transaction, IQueryable<Dialog> dialogs, DateTimeOffset? since = null)
    {
        var messages = transaction.Db.Messages;
        return dialogs.Where(dialog => dialog.PeerKind != PeerKind.Channel
            && messages.Any(message => message.DialogId == dialog.Id
                && (message.Direction == MessageDirection.PersonalTelegramIn || message.Direction == MessageDirection.TelegramBotIn)
                && (since == null || (message.TelegramDate ?? message.CreatedAt) <= since)
                && message.Seq > (messages
                    .Where(answer => answer.DialogId == dialog.Id
                        && (answer.Direction == MessageDirection.PersonalTelegramOut || answer.Direction == MessageDirection.TelegramBotOut)
                        && answer.Status != MessageStatus.Failed)
                    .Max(answer => (long?)answer.Seq) ?? 0)));
    }

    /// <summary>In the order of the query.</summary>
    internal static async Task<List<DialogView>> ReadAsync(TenantTransaction transaction, IQueryable<Dialog> dialogs, CancellationToken cancellationToken)
    {
        var messages = transaction.Db.Messages.AsNoTracking();
        var rows = await dialogs.Select(dialog => new
        {
            Dialog = dialog,
            WaitingSince = dialog.PeerKind == PeerKind.Channel
                ? null
                : messages
                    .Where(message => message.DialogId == dialog.Id
                        && (message.Direction == MessageDirection.PersonalTelegramIn || message.Direction == MessageDirection.TelegramBotIn)
                        && message.Seq > (messages
                            .Where(answer => answer.DialogId == dialog.Id
                                && (answer.Direction == MessageDirection.PersonalTelegramOut || answer.Direction == MessageDirection.TelegramBotOut)
                                && answer.Status != MessageStatus.Failed)
                            .Max(answer => (long?)answer.Seq) ?? 0))
                    .OrderBy(message => message.Seq)
                    .Select(message => (DateTimeOffset?)(message.TelegramDate ?? message.CreatedAt))
                    .FirstOrDefault(),
            LastMessage = messages.Where(message => message.DialogId == dialog.Id).OrderByDescending(message => message.Seq).Select(message => (Guid?)message.Id).FirstOrDefault(),
        }).ToListAsync(cancellationToken);

        // By their keys: as a part of the query above each would be a window over all messages there are.
        var last = rows.Where(row => row.LastMessage is not null).Select(row => row.LastMessage!.Value).ToArray();
        var texts = await messages.Include(message => message.Media).Where(message => last.Contains(message.Id)).ToDictionaryAsync(message => message.Id, cancellationToken);
        var assigned = rows.Where(row => row.Dialog.AssigneeId is not null).Select(row => row.Dialog.AssigneeId!.Value).Distinct().ToArray();
        Dictionary<int, User> people = assigned.Length == 0
            ? []
            : await transaction.Db.Users.AsNoTracking().Where(user => assigned.Contains(user.UserId)).ToDictionaryAsync(user => user.UserId, cancellationToken);
        var topics = await TopicLinks.OfAsync(transaction, [.. rows.Select(row => row.Dialog.Id)], cancellationToken);
        return rows.ConvertAll(row => new DialogView(
            row.Dialog,
            row.WaitingSince,
            row.LastMessage is { } message ? texts.GetValueOrDefault(message) : null,
            row.Dialog.AssigneeId is { } user ? people.GetValueOrDefault(user) : null)
        { TopicUrl = topics.GetValueOrDefault(row.Dialog.Id) });
    }

    /// <exception cref="Errors.IntegrationException">NOT_FOUND.</exception>
    internal static async Task<DialogView> FindAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken) =>
        (await ReadAsync(transaction, ListDialogs.Of(transaction, principal).Where(dialog => dialog.Id == id), cancellationToken)).SingleOrDefault()
        ?? throw new Errors.IntegrationException(Errors.ErrorCodes.NotFound);
}
