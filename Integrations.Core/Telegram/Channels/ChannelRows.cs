using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Channels;

/// <summary>
/// The one query by which channels are reached: owners and administrators look after all of their tenant's, others see those whose account or
/// bot they take part in. Posting and reading posts follows the rules of dialogs.
/// </summary>
internal static class ChannelRows
{
    public static IQueryable<TelegramChannel> Of(TenantTransaction transaction, Principal principal)
    {
        var channels = transaction.Db.TelegramChannels.Where(channel => channel.DeletedAt == null);
        return principal.ManagesAccounts
            ? channels
            : channels.Where(channel =>
                ReachableAccounts.Talking(transaction, principal).Any(account => account.Id == channel.AccountId)
                || ReachableBots.Talking(transaction, principal).Any(bot => bot.Id == channel.BotId));
    }

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramChannel> FindAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken) =>
        await Of(transaction, principal).SingleOrDefaultAsync(channel => channel.Id == id, cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);

    /// <summary>The same, holding the row until the transaction ends.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<TelegramChannel> LockAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using (var command = transaction.Command("select from telegram_channels where id = $1 for update"))
        {
            command.Parameters.Add(new Npgsql.NpgsqlParameter<Guid> { TypedValue = id });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return await FindAsync(transaction, principal, id, cancellationToken);
    }

    /// <summary>The shard whose owner speaks with Telegram for the channel.</summary>
    public static async Task<int> ShardAsync(TenantTransaction transaction, TelegramChannel channel, CancellationToken cancellationToken) => channel.AccountId is { } account
        ? await transaction.Db.TelegramAccounts.Where(row => row.Id == account).Select(row => row.Shard).SingleAsync(cancellationToken)
        : await transaction.Db.TelegramBots.Where(row => row.Id == channel.BotId).Select(row => row.Shard).SingleAsync(cancellationToken);
}

/// <summary>What a change of a channel leaves behind in its transaction. Events name no channel by its title: everybody in the tenant hears them.</summary>
public static class ChannelEvents
{
    public static Task ChangedAsync(TenantTransaction transaction, TelegramChannel channel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(channel);
        return transaction.PublishAsync(
            new EventDraft(EventTypes.ChannelUpdated, UserId: null, null, new { channel.Id, channel.IsActive, channel.CanPost, channel.MembersCount, channel.ErrorCode }), cancellationToken);
    }

    internal static Task DeletedAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        transaction.PublishAsync(new EventDraft(EventTypes.ChannelDeleted, UserId: null, null, new { Id = id }), cancellationToken);

    internal static Task LoggedAsync(
        TenantTransaction transaction, TelegramChannel channel, int userId, string action, LogStatus status, DateTimeOffset now, CancellationToken cancellationToken) => IntegrationLog.WriteAsync(
        transaction,
        new LogEntry(Guid.CreateVersion7(now), userId, "telegram", action, status)
        {
            AccountId = channel.AccountId,
            Details = new { ChannelId = channel.Id, channel.BotId, TelegramChannelId = channel.ChannelId },
            ErrorCode = status is LogStatus.Error ? channel.ErrorCode : null,
            ErrorMessage = status is LogStatus.Error ? channel.ErrorDetail : null,
        },
        cancellationToken);
}
