using System.Runtime.CompilerServices;
using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>One thing of a dialog: a message, or a note.</summary>
/// <param name="Sender">Who of the tenant had the message sent; null for all others.</param>
public sealed record ExportedThing(Message? Message, NoteView? Note, string? Sender);

/// <summary>A whole dialog, the oldest first, read as fast as whoever asked takes it.</summary>
public sealed class ExportDialog(TenantDatabase database, TimeProvider time)
{
    /// <summary>Messages of one transaction.</summary>
    private const int Batch = 500;

    /// <summary>That it was asked for stands in the log and the audit before the first byte leaves.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<DialogView> BeginAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var view = await DialogView.FindAsync(transaction, principal, id, cancellationToken);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "dialog.export", LogStatus.Success)
                    {
                        AccountId = view.Dialog.PersonalAccountId,
                        Details = new { DialogId = id, view.Dialog.BotId },
                    },
                    cancellationToken);
                return view;
            },
            cancellationToken);
    }

    /// <param name="notes">Whether notes come, too, each before the first message that was said after it.</param>
    /// <exception cref="IntegrationException">NOT_FOUND once it is out of reach.</exception>
    public async IAsyncEnumerable<ExportedThing> ReadAsync(Principal principal, Guid id, bool notes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var (seq, noted, more) = (0L, 0L, true);
        while (more)
        {
            var (after, notedAfter) = (seq, noted);
            var (messages, beside, names) = await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    if (!await ListDialogs.Of(transaction, principal).AnyAsync(dialog => dialog.Id == id, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    var batch = await transaction.Db.Messages.AsNoTracking().Where(message => message.DialogId == id && message.Seq > after)
                        .OrderBy(message => message.Seq).Take(Batch).ToListAsync(cancellationToken);
                    // The rest of the notes comes with the last messages.
                    DateTimeOffset? until = batch.Count == Batch ? At(batch[^1]) : null;
                    List<NoteView> found = notes
                        ? await ListNotes.Of(transaction, transaction.Db.DialogNotes.AsNoTracking()
                            .Where(note => note.DialogId == id && note.Seq > notedAfter && (until == null || note.CreatedAt <= until))).ToListAsync(cancellationToken)
                        : [];
                    var senders = batch.Where(message => message.SentBy is not null).Select(message => message.SentBy!.Value).Distinct().ToArray();
                    var people = await transaction.Db.Users.AsNoTracking().Where(user => senders.Contains(user.UserId))
                        .ToDictionaryAsync(user => user.UserId, user => user.DisplayName ?? user.Email, cancellationToken);
                    return (batch, found.OrderBy(note => note.Note.Seq).ToList(), people);
                },
                cancellationToken);
            var next = 0;
            foreach (var message in messages)
            {
                for (; next < beside.Count && beside[next].Note.CreatedAt < At(message); next++)
                    yield return new(null, beside[next], null);
                yield return new(message, null, message.SentBy is { } sender ? names.GetValueOrDefault(sender) : null);
            }

            for (; next < beside.Count; next++)
                yield return new(null, beside[next], null);
            more = messages.Count == Batch;
            seq = messages.Count == 0 ? seq : messages[^1].Seq;
            noted = beside.Count == 0 ? noted : beside[^1].Note.Seq;
        }
    }

    private static DateTimeOffset At(Message message) => message.TelegramDate ?? message.CreatedAt;
}
