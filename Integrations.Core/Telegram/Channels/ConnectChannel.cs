using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.Channels;

/// <summary>Connects a channel or group: asks Telegram what it is and what the account or the bot may do there, and stores it.</summary>
public sealed class ConnectChannel(
    TenantDatabase database, ChannelLooks looks, BotChannels channels, RegisterWebhook tokens, ChannelOptions options, TimeProvider time)
{
    /// <param name="accountId">Who writes there: either this or the bot.</param>
    /// <exception cref="IntegrationException">
    /// NOT_FOUND for an account or a bot out of reach; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE; CHANNEL_NOT_FOUND; CHANNEL_RIGHTS_MISSING, which names the right; CHANNEL_CONNECTED; TG_API_429; TG_UNAVAILABLE.
    /// </exception>
    public async Task<TelegramChannel> ExecuteAsync(Principal principal, Guid? accountId, Guid? botId, ChannelTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(target);
        var sight = accountId is { } account
            ? await looks.FindAsync(principal, account, target, cancellationToken)
            : await LookAsync(principal, botId ?? throw new ArgumentException("A channel is an account's or a bot's.", nameof(botId)), target, cancellationToken);
        if (!sight.Rights.IsIn)
            throw new IntegrationException(ErrorCodes.ChannelNotFound, "The channel is there, but the account or the bot is not in it. Add it, then connect the channel again.");
        if (sight.Missing is { } missing)
            throw ChannelRefusals.Missing(missing);

        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    // Again: what was in reach when Telegram was asked may be gone by now.
                    await RequireAsync(transaction, principal, accountId, botId, cancellationToken);
                    var now = time.GetUtcNow();
                    var channel = TelegramChannel.Open(
                        principal.Tenant, Guid.CreateVersion7(now), principal.UserId, accountId, botId, sight, now, options.NextCheck(now));
                    transaction.Db.Add(channel);
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await ChannelEvents.ChangedAsync(transaction, channel, cancellationToken);
                    await ChannelEvents.LoggedAsync(transaction, channel, principal.UserId, "channel.connect", LogStatus.Success, now, cancellationToken);
                    return channel;
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.ChannelConnected, inner: e);
        }
    }

    private static async Task RequireAsync(TenantTransaction transaction, Principal principal, Guid? accountId, Guid? botId, CancellationToken cancellationToken)
    {
        if (accountId is { } account)
            await ReachableAccounts.FindAsync(transaction, principal, AccountReach.Talk, account, cancellationToken);
        else
            await BotRows.FindAsync(transaction, botId!.Value, cancellationToken);
    }

    private async Task<ChannelSight> LookAsync(Principal principal, Guid botId, ChannelTarget target, CancellationToken cancellationToken)
    {
        var bot = await database.InTenantAsync(principal.Tenant, transaction => BotRows.FindAsync(transaction, botId, cancellationToken), cancellationToken);
        if (bot is not { Bot.IsActive: true, Integration.Status: IntegrationStatus.Active })
            throw new IntegrationException(ErrorCodes.BotNotActive);
        if (target.Invite is not null)
            throw new IntegrationException(ErrorCodes.ChannelNotFound, "A bot cannot follow an invite link. Add the bot as an administrator, then pick the channel from those found, or name it by its id.");

        try
        {
            return await channels.LookAsync(await tokens.TokenOfAsync(bot.Bot, cancellationToken), bot.Bot.TelegramUserId, target.AsText(), cancellationToken)
                ?? throw new IntegrationException(ErrorCodes.ChannelNotFound);
        }
        catch (BotApiException e)
        {
            throw e.AsRefusal();
        }
    }
}
