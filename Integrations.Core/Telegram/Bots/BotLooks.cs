using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Writes down what the owner of a bot's shard has found out about it.</summary>
public static class BotLooks
{
    /// <param name="user">Null where it was not asked.</param>
    /// <param name="webhook">Null where it was not asked.</param>
    /// <param name="registered">Telegram was told our address just now.</param>
    /// <param name="refusal">Why the bot does not work; null when it does.</param>
    /// <exception cref="StaleEpochException">The shard is somebody else's by now.</exception>
    public static Task WriteAsync(
        TenantDatabase database,
        TenantId tenant,
        Guid id,
        ShardClaim claim,
        BotUser? user,
        WebhookInfo? webhook,
        bool registered,
        IntegrationException? refusal,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, cancellationToken);
                // Somebody may have deactivated or deleted it meanwhile.
                if (await BotRows.TryLockAsync(transaction, id, cancellationToken) is not { Bot.IsActive: true } bot)
                    return;

                var before = (bot.Integration.Status, bot.Integration.LastErrorCode, bot.Bot.HookError);
                if (user is not null)
                    bot.Bot.Know(user, now);
                if (webhook is not null)
                    bot.Bot.Know(webhook);
                if (registered)
                    bot.Bot.Registered(now);
                if (refusal is null)
                    bot.Integration.Activate();
                else
                    bot.Integration.Fail(refusal.Code, refusal.Message);

                await transaction.Db.SaveChangesAsync(cancellationToken);
                var after = (bot.Integration.Status, bot.Integration.LastErrorCode, bot.Bot.HookError);
                if (before != after)
                    await BotEvents.ChangedAsync(transaction, bot, cancellationToken);
                if (registered || (refusal is not null && before.LastErrorCode != refusal.Code))
                {
                    await BotEvents.LoggedAsync(
                        transaction, bot, bot.Integration.UserId, "bot.register", refusal is null ? LogStatus.Success : LogStatus.Error, now, cancellationToken);
                }
            },
            cancellationToken);
    }
}
