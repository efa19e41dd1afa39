using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Bots;

/// <summary>A bot and the integration that it is.</summary>
public sealed record ConnectedBot(Integration Integration, TelegramBot Bot);

internal static class BotRows
{
    /// <param name="id">Null for all of them, the oldest first.</param>
    public static IQueryable<ConnectedBot> Of(TenantTransaction transaction, Guid? id = null) =>
        from integration in transaction.Db.Integrations.AsNoTracking()
        join bot in transaction.Db.TelegramBots.AsNoTracking() on integration.Id equals bot.Id
        where integration.DeletedAt == null && (id == null || integration.Id == id)
        orderby integration.CreatedAt, integration.Id
        select new ConnectedBot(integration, bot);

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<ConnectedBot> FindAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        await Of(transaction, id).SingleOrDefaultAsync(cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);

    /// <summary>Holds both rows until the transaction ends, so that what is decided from them still holds when it is written. Messages of the bot may be stored meanwhile.</summary>
    /// <returns>Null when there is none, or it was deleted.</returns>
    public static async Task<ConnectedBot?> TryLockAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        var integration = await transaction.Db.Integrations
            .FromSql($"select * from integrations where id = {id} and integration_type = 'telegram_bot' and deleted_at is null for no key update")
            .SingleOrDefaultAsync(cancellationToken);
        return integration is null
            ? null
            : new(integration, await transaction.Db.TelegramBots.FromSql($"select * from telegram_bots where id = {id} for no key update").SingleAsync(cancellationToken));
    }

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<ConnectedBot> LockAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        await TryLockAsync(transaction, id, cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);
}

/// <summary>What a change of a bot leaves behind in its transaction: an event for everybody in the tenant, and a line of the log.</summary>
internal static class BotEvents
{
    public static Task ChangedAsync(TenantTransaction transaction, ConnectedBot bot, CancellationToken cancellationToken) => transaction.PublishAsync(
        new EventDraft(EventTypes.BotUpdated, UserId: null, null, new
        {
            bot.Integration.Id,
            Status = Words.Of(bot.Integration.Status),
            bot.Bot.DisplayName,
            bot.Integration.ProjectId,
            bot.Integration.LastErrorCode,
        }),
        cancellationToken);

    public static Task DeletedAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        transaction.PublishAsync(new EventDraft(EventTypes.BotDeleted, UserId: null, null, new { Id = id }), cancellationToken);

    /// <param name="userId">Who did it; where a worker did, who connected the bot.</param>
    public static Task LoggedAsync(
        TenantTransaction transaction, ConnectedBot bot, int userId, string action, LogStatus status, DateTimeOffset now, CancellationToken cancellationToken) => IntegrationLog.WriteAsync(
        transaction,
        new LogEntry(Guid.CreateVersion7(now), userId, "telegram", action, status)
        {
            Details = new { BotId = bot.Bot.Id, bot.Bot.Username, bot.Bot.TelegramUserId },
            ErrorCode = status is LogStatus.Error ? bot.Integration.LastErrorCode : null,
            ErrorMessage = status is LogStatus.Error ? bot.Integration.LastError : null,
        },
        cancellationToken);
}
