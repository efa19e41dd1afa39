using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Which dialogs a list shows.</summary>
public enum DialogShow
{
    All,
    Unread,
    Waiting,
    Mine,
    Unassigned,
}

/// <summary>A named look at the list of dialogs, kept for one user.</summary>
public sealed class SavedFilter
{
    private SavedFilter()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public int UserId { get; private set; }
    public string Name { get; private set; } = "";
    public DialogShow Show { get; private set; }

    /// <summary>Null for all accounts, or where it is one of a bot.</summary>
    public Guid? AccountId { get; private set; }

    /// <summary>Null for all bots, or where it is one of an account.</summary>
    public Guid? BotId { get; private set; }

    /// <summary>What was searched for.</summary>
    public string? Text { get; private set; }

    public DialogSource? Source { get; private set; }

    public Guid? ProjectId { get; private set; }

    public DialogState? State { get; private set; }

    /// <inheritdoc cref="DialogFilter.Assignee"/>
    public string? Assignee { get; private set; }

    public int? WaitingMinutes { get; private set; }

    public bool Blocked { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    internal static SavedFilter Keep(TenantId tenant, Guid id, int userId, string name, DialogFilter look) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        UserId = userId,
        Name = name,
        Show = look.Show,
        AccountId = look.AccountId,
        BotId = look.BotId,
        Text = look.Text,
        Source = look.Source,
        ProjectId = look.ProjectId,
        State = look.State,
        Assignee = look.Assignee,
        WaitingMinutes = look.WaitingMinutes,
        Blocked = look.Blocked,
    };
}

/// <summary>The caller's filters, the oldest first; those over an account or a bot that he has lost are left out.</summary>
public sealed class ListFilters(TenantDatabase database)
{
    /// <summary>How many one user may keep.</summary>
    internal const int Limit = 50;

    public Task<List<SavedFilter>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction =>
            {
                var accounts = ReachableAccounts.Talking(transaction, principal);
                var bots = ReachableBots.Talking(transaction, principal);
                return transaction.Db.SavedFilters.AsNoTracking()
                    .Where(filter => filter.UserId == principal.UserId
                        && (filter.AccountId == null || accounts.Any(account => account.Id == filter.AccountId))
                        && (filter.BotId == null || bots.Any(bot => bot.Id == filter.BotId)))
                    .OrderBy(filter => filter.CreatedAt).ThenBy(filter => filter.Id).Take(Limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Keeps a filter under a name.</summary>
public sealed class SaveFilter(TenantDatabase database, TimeProvider time)
{
    /// <param name="look">What it shows; where in the list one stands is not kept.</param>
    /// <exception cref="IntegrationException">NOT_FOUND for the account, the bot or the project; CONFLICT for a name that is taken, and beyond the number that is kept.</exception>
    public async Task<SavedFilter> ExecuteAsync(Principal principal, string name, DialogFilter look, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(look);
        var now = time.GetUtcNow();
        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    if (look.AccountId is { } account && !await ReachableAccounts.Talking(transaction, principal).AnyAsync(row => row.Id == account, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    if (look.BotId is { } bot && !await ReachableBots.Talking(transaction, principal).AnyAsync(row => row.Id == bot, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    if (look.ProjectId is { } project && !await transaction.Db.Projects.AnyAsync(row => row.Id == project, cancellationToken))
                        throw new IntegrationException(ErrorCodes.NotFound);
                    if (await transaction.Db.SavedFilters.CountAsync(row => row.UserId == principal.UserId, cancellationToken) >= ListFilters.Limit)
                        throw new IntegrationException(ErrorCodes.Conflict, $"You keep {ListFilters.Limit} filters already. Delete one first.");

                    var filter = SavedFilter.Keep(principal.Tenant, Guid.CreateVersion7(now), principal.UserId, name, look);
                    transaction.Db.Add(filter);
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "dialog.save_filter", LogStatus.Success) { Details = new { FilterId = filter.Id } },
                        cancellationToken);
                    return filter;
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "You have a filter of this name already.", inner: e);
        }
    }
}

/// <summary>Forgets a filter.</summary>
public sealed class DeleteFilter(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var filter = await transaction.Db.SavedFilters.SingleOrDefaultAsync(row => row.Id == id && row.UserId == principal.UserId, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                transaction.Db.Remove(filter);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "dialog.delete_filter", LogStatus.Success) { Details = new { FilterId = id } },
                    cancellationToken);
            },
            cancellationToken);
    }
}
