using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>What somebody noted beside a dialog for his colleagues. It is never sent.</summary>
public sealed class DialogNote
{
    private DialogNote()
    {
    }

    public Guid Id { get; private set; }

    /// <summary>The order of writing; ids do not order.</summary>
    public long Seq { get; private set; }

    public Guid TenantId { get; private set; }
    public Guid DialogId { get; private set; }
    public int AuthorId { get; private set; }
    public string Text { get; private set; } = "";
    public DateTimeOffset CreatedAt { get; private set; }

    internal static DialogNote Write(TenantId tenant, Guid id, Guid dialogId, int authorId, string text) =>
        new() { Id = id, TenantId = tenant.Value, DialogId = dialogId, AuthorId = authorId, Text = text };
}

/// <summary>A note and who wrote it.</summary>
public sealed record NoteView(DialogNote Note, User Author);

/// <summary>The notes of a dialog, the newest first.</summary>
public sealed class ListNotes(TenantDatabase database)
{
    /// <param name="before">A note's id: only what was written before it.</param>
    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, or the note to go on from, is out of reach.</exception>
    public Task<List<NoteView>> ExecuteAsync(Principal principal, Guid dialogId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await DialogView.FindAsync(transaction, principal, dialogId, cancellationToken);
                var notes = transaction.Db.DialogNotes.AsNoTracking().Where(note => note.DialogId == dialogId);
                if (before is not null)
                {
                    var seq = await notes.Where(note => note.Id == before).Select(note => (long?)note.Seq).SingleOrDefaultAsync(cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound);
                    notes = notes.Where(note => note.Seq < seq);
                }

                var page = await Of(transaction, notes.OrderByDescending(note => note.Seq).Take(limit)).ToListAsync(cancellationToken);
                page.Sort((one, other) => other.Note.Seq.CompareTo(one.Note.Seq));
                return page;
            },
            cancellationToken);
    }

    internal static IQueryable<NoteView> Of(TenantTransaction transaction, IQueryable<DialogNote> notes) =>
        notes.Join(transaction.Db.Users.AsNoTracking(), note => note.AuthorId, user => user.UserId, (note, user) => new NoteView(note, user));
}

/// <summary>Notes something beside a dialog.</summary>
public sealed class WriteNote(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<NoteView> ExecuteAsync(Principal principal, Guid dialogId, string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, dialogId, cancellationToken)).Dialog;
                var note = DialogNote.Write(principal.Tenant, Guid.CreateVersion7(now), dialogId, principal.UserId, text);
                transaction.Db.Add(note);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await DialogEvents.TellAsync(
                    transaction, dialog, EventTypes.NoteCreated, new { note.Id, DialogId = dialogId, AccountId = dialog.PersonalAccountId, dialog.BotId, note.AuthorId }, cancellationToken);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "dialog.note", LogStatus.Success)
                    {
                        AccountId = dialog.PersonalAccountId,
                        Details = new { DialogId = dialogId, NoteId = note.Id },
                    },
                    cancellationToken);
                return await ListNotes.Of(transaction, transaction.Db.DialogNotes.AsNoTracking().Where(row => row.Id == note.Id)).SingleAsync(cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Takes a note away: its author's right, and an administrator's.</summary>
public sealed class DeleteNote(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; FORBIDDEN for a colleague's note.</exception>
    public Task ExecuteAsync(Principal principal, Guid dialogId, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, dialogId, cancellationToken)).Dialog;
                var note = await transaction.Db.DialogNotes.SingleOrDefaultAsync(row => row.Id == id && row.DialogId == dialogId, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                if (note.AuthorId != principal.UserId && principal.Role < Role.Admin)
                    throw new IntegrationException(ErrorCodes.Forbidden, "Only its author and administrators delete a note.");

                transaction.Db.Remove(note);
                await DialogEvents.TellAsync(
                    transaction, dialog, EventTypes.NoteDeleted, new { id, DialogId = dialogId, AccountId = dialog.PersonalAccountId, dialog.BotId }, cancellationToken);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "dialog.delete_note", LogStatus.Success)
                    {
                        AccountId = dialog.PersonalAccountId,
                        Details = new { DialogId = dialogId, NoteId = id, note.AuthorId },
                    },
                    cancellationToken);
            },
            cancellationToken);
    }
}
