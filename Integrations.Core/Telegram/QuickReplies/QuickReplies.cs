using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.QuickReplies;

/// <summary>A text that everybody of the tenant may answer with, found by its shortcut.</summary>
public sealed class QuickReply
{
    private QuickReply()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>Without the slash; unique in the tenant in any case of letters.</summary>
    public string Shortcut { get; private set; } = "";

    /// <summary>{name} in it stands for whoever is answered.</summary>
    public string Text { get; private set; } = "";

    public int AuthorId { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Its author's right, and an administrator's.</summary>
    public bool MayBeChangedBy(Principal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return AuthorId == principal.UserId || principal.Role >= Role.Admin;
    }

    internal static QuickReply Write(TenantId tenant, Guid id, int authorId, string shortcut, string text) =>
        new() { Id = id, TenantId = tenant.Value, AuthorId = authorId, Shortcut = shortcut, Text = text };

    internal void Change(string shortcut, string text) => (Shortcut, Text) = (shortcut, text);
}

/// <summary>The tenant's quick replies, by shortcut.</summary>
public sealed class ListQuickReplies(TenantDatabase database)
{
    /// <summary>How many a tenant may have.</summary>
    internal const int Limit = 500;

    public Task<List<QuickReply>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => transaction.Db.QuickReplies.AsNoTracking().OrderBy(reply => reply.Shortcut).Take(Limit).ToListAsync(cancellationToken),
            cancellationToken);
    }
}

/// <summary>Writes a quick reply, or another text of one.</summary>
public sealed class SaveQuickReply(TenantDatabase database, TimeProvider time)
{
    /// <param name="id">Null for a new one.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; FORBIDDEN for a colleague's; CONFLICT for a shortcut that is taken, and beyond the number that is kept.</exception>
    public async Task<QuickReply> ExecuteAsync(Principal principal, Guid? id, string shortcut, string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    QuickReply reply;
                    if (id is { } known)
                    {
                        reply = await Changeable.FindAsync(transaction, principal, known, cancellationToken);
                        reply.Change(shortcut, text);
                    }
                    else
                    {
                        if (await transaction.Db.QuickReplies.CountAsync(cancellationToken) >= ListQuickReplies.Limit)
                            throw new IntegrationException(ErrorCodes.Conflict, $"There are {ListQuickReplies.Limit} quick replies already. Delete one first.");
                        reply = QuickReply.Write(principal.Tenant, Guid.CreateVersion7(now), principal.UserId, shortcut, text);
                        transaction.Db.Add(reply);
                    }

                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await Changeable.ToldAsync(transaction, principal, reply.Id, id is null ? "quick_reply.create" : "quick_reply.change", now, cancellationToken);
                    return reply;
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "There is a quick reply with this shortcut already.", inner: e);
        }
    }
}

/// <summary>Takes a quick reply away.</summary>
public sealed class DeleteQuickReply(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; FORBIDDEN for a colleague's.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                transaction.Db.Remove(await Changeable.FindAsync(transaction, principal, id, cancellationToken));
                await Changeable.ToldAsync(transaction, principal, id, "quick_reply.delete", time.GetUtcNow(), cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>What changes of quick replies have in common.</summary>
internal static class Changeable
{
    /// <exception cref="IntegrationException">NOT_FOUND; FORBIDDEN.</exception>
    public static async Task<QuickReply> FindAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        var reply = await transaction.Db.QuickReplies.SingleOrDefaultAsync(row => row.Id == id, cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);
        return reply.MayBeChangedBy(principal)
            ? reply
            : throw new IntegrationException(ErrorCodes.Forbidden, "Only its author and administrators change a quick reply.");
    }

    public static async Task ToldAsync(TenantTransaction transaction, Principal principal, Guid id, string action, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(new EventDraft(EventTypes.QuickRepliesUpdated, null, null, new { id }), cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", action, LogStatus.Success) { Details = new { QuickReplyId = id } },
            cancellationToken);
    }
}
