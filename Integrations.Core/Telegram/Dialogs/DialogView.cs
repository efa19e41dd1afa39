using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>A dialog, and since when somebody in it waits for an answer.</summary>
/// <param name="WaitingSince">
/// When the oldest message came that nobody has answered; null when nobody waits. An answer that failed is none. In channels and
/// supergroups people talk to each other, so there it is always null.
/// </param>
public sealed record DialogView(Dialog Dialog, DateTimeOffset? WaitingSince)
{
    internal static IQueryable<DialogView> Of(TenantTransaction transaction, IQueryable<Dialog> dialogs)
    {
        var messages = transaction.Db.Messages;
        return dialogs.Select(dialog => new DialogView(
            dialog,
            dialog.PeerKind == PeerKind.Channel
                ? null
                : messages
                    .Where(message => message.DialogId == dialog.Id
                        && message.Direction == MessageDirection.PersonalTelegramIn
                        && message.Seq > (messages
                            .Where(answer => answer.DialogId == dialog.Id
                                && answer.Direction == MessageDirection.PersonalTelegramOut
                                && answer.Status != MessageStatus.Failed)
                            .Max(answer => (long?)answer.Seq) ?? 0))
                    .OrderBy(message => message.Seq)
                    .Select(message => (DateTimeOffset?)(message.TelegramDate ?? message.CreatedAt))
                    .FirstOrDefault()));
    }
}
