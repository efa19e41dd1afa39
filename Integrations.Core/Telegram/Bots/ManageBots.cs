using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.Bots;

/// <summary>The tenant's bots, the oldest first.</summary>
public sealed class ListBots(TenantDatabase database)
{
    /// <summary>Bots in one answer: a bound, far above what a tenant has.</summary>
    private const int Limit = 10_000;

    public Task<List<ConnectedBot>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant, transaction => BotRows.Of(transaction).Take(Limit).ToListAsync(cancellationToken), cancellationToken);
    }
}

/// <summary>One bot.</summary>
public sealed class FindBot(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<ConnectedBot> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(principal.Tenant, transaction => BotRows.FindAsync(transaction, id, cancellationToken), cancellationToken);
    }
}

/// <summary>How a bot's webhook stands at Telegram now.</summary>
/// <param name="IsOurs">False: Telegram sends this bot's updates nowhere, or to somebody else, or not all kinds of them.</param>
public sealed record BotWebhook(WebhookInfo Info, bool IsOurs);

/// <summary>Asks Telegram how a bot's webhook stands.</summary>
public sealed class AskWebhook(FindBot find, BotApiClient api, RegisterWebhook webhook)
{
    /// <exception cref="IntegrationException">NOT_FOUND; TG_BOT_TOKEN_INVALID; TG_NOT_CONFIGURED; TG_API_429; TG_UNAVAILABLE.</exception>
    public async Task<BotWebhook> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        var bot = (await find.ExecuteAsync(principal, id, cancellationToken)).Bot;
        try
        {
            var info = await api.GetWebhookInfoAsync(await webhook.TokenOfAsync(bot, cancellationToken), cancellationToken);
            return new(info, webhook.IsOurs(bot, info));
        }
        catch (BotApiException e)
        {
            throw e.AsRefusal();
        }
    }
}

/// <summary>What to change; null leaves a thing as it is.</summary>
/// <param name="DisplayName">An empty one removes the name.</param>
/// <param name="ProjectId">The empty id takes the bot out of its project.</param>
public sealed record BotChange(string? DisplayName, Guid? ProjectId);

/// <summary>Changes a bot's name here, or its project.</summary>
public sealed class ChangeBot(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND, for the bot and for the project.</exception>
    public Task<ConnectedBot> ExecuteAsync(Principal principal, Guid id, BotChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(change);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var bot = await BotRows.LockAsync(transaction, id, cancellationToken);
                if (change.DisplayName is { } name)
                    bot.Bot.Rename(name.Length == 0 ? null : name);
                if (change.ProjectId is { } project)
                {
                    Guid? target = project == Guid.Empty ? null : project;
                    await BotProjects.RequireAsync(transaction, target, cancellationToken);
                    bot.Integration.MoveTo(target);
                }

                await BotEvents.ChangedAsync(transaction, bot, cancellationToken);
                await BotEvents.LoggedAsync(transaction, bot, principal.UserId, "bot.change", LogStatus.Success, time.GetUtcNow(), cancellationToken);
                // Saved here already, so that updated_at in the answer is the one that was stored.
                await transaction.Db.SaveChangesAsync(cancellationToken);
                return bot;
            },
            cancellationToken);
    }
}

/// <summary>Has Telegram send nothing more for a bot. What it holds back stays there for a day.</summary>
public sealed class DeactivateBot(TenantDatabase database, FindBot find, RegisterWebhook webhook, BotHooks hooks, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; TG_API_429; TG_UNAVAILABLE.</exception>
    public async Task<ConnectedBot> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await BotWebhooks.RemoveAsync(webhook, (await find.ExecuteAsync(principal, id, cancellationToken)).Bot, cancellationToken);
        var deactivated = await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var bot = await BotRows.LockAsync(transaction, id, cancellationToken);
                bot.Integration.Deactivate();
                bot.Bot.Deactivate();
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await BotEvents.ChangedAsync(transaction, bot, cancellationToken);
                await BotEvents.LoggedAsync(transaction, bot, principal.UserId, "bot.deactivate", LogStatus.Success, time.GetUtcNow(), cancellationToken);
                return bot;
            },
            cancellationToken);
        hooks.Forget(id);
        return deactivated;
    }
}

/// <summary>Registers a bot anew, whatever state it is in.</summary>
public sealed class RestartBot(TenantDatabase database, RegisterBot register, BotHooks hooks, TimeProvider time)
{
    /// <returns>The bot: active, or in error with the reason.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<ConnectedBot> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var bot = await BotRows.LockAsync(transaction, id, cancellationToken);
                bot.Integration.Begin();
                bot.Bot.Activate();
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await BotEvents.ChangedAsync(transaction, bot, cancellationToken);
                await BotEvents.LoggedAsync(transaction, bot, principal.UserId, "bot.restart", LogStatus.Pending, time.GetUtcNow(), cancellationToken);
            },
            cancellationToken);
        hooks.Forget(id);
        return await register.ExecuteAsync(principal, id, cancellationToken);
    }
}

/// <summary>Takes the webhook away from Telegram, erases the token and what waits to be processed, and takes the bot out of sight.</summary>
public sealed class DeleteBot(TenantDatabase database, FindBot find, RegisterWebhook webhook, BotHooks hooks, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; TG_API_429 and TG_UNAVAILABLE: nothing is erased while Telegram would go on sending.</exception>
    public async Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await BotWebhooks.RemoveAsync(webhook, (await find.ExecuteAsync(principal, id, cancellationToken)).Bot, cancellationToken);
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var bot = await BotRows.LockAsync(transaction, id, cancellationToken);
                var now = time.GetUtcNow();
                bot.Integration.Delete(now);
                bot.Bot.Delete(now);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                // What was not processed yet would make dialogs of a bot that is gone; what was processed says nothing any more.
                await using (var updates = transaction.Command("delete from telegram_bot_updates where bot_id = $1"))
                {
                    updates.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                    await updates.ExecuteNonQueryAsync(cancellationToken);
                }

                await BotEvents.DeletedAsync(transaction, id, cancellationToken);
                await BotEvents.LoggedAsync(transaction, bot, principal.UserId, "bot.delete", LogStatus.Success, now, cancellationToken);
            },
            cancellationToken);
        hooks.Forget(id);
    }
}

internal static class BotWebhooks
{
    /// <exception cref="IntegrationException">TG_API_429; TG_UNAVAILABLE.</exception>
    public static async Task RemoveAsync(RegisterWebhook webhook, TelegramBot bot, CancellationToken cancellationToken)
    {
        try
        {
            await webhook.RemoveAsync(bot, cancellationToken);
        }
        catch (BotApiException e)
        {
            throw e.AsRefusal();
        }
    }
}
