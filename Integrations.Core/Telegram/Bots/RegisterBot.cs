using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Registers a stored bot with Telegram, for the first time or anew, and writes down what came of it.</summary>
public sealed class RegisterBot(TenantDatabase database, RegisterWebhook webhook, TimeProvider time)
{
    /// <returns>The bot: active, or in error with the reason.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<ConnectedBot> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var stored = await database.InTenantAsync(principal.Tenant, transaction => BotRows.FindAsync(transaction, id, cancellationToken), cancellationToken);
        var refusal = await TryAsync(stored.Bot, cancellationToken);
        return await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var bot = await BotRows.LockAsync(transaction, id, cancellationToken);
                if (refusal is null)
                {
                    bot.Integration.Activate();
                    bot.Bot.Registered(time.GetUtcNow());
                }
                else
                {
                    bot.Integration.Fail(refusal.Code, refusal.Message);
                }

                await transaction.Db.SaveChangesAsync(cancellationToken);
                await BotEvents.ChangedAsync(transaction, bot, cancellationToken);
                await BotEvents.LoggedAsync(
                    transaction, bot, principal.UserId, "bot.register", refusal is null ? LogStatus.Success : LogStatus.Error, time.GetUtcNow(), cancellationToken);
                // Read anew: times come back as the database keeps them.
                return await BotRows.FindAsync(transaction, id, cancellationToken);
            },
            cancellationToken);
    }

    private async Task<IntegrationException?> TryAsync(TelegramBot bot, CancellationToken cancellationToken)
    {
        try
        {
            await webhook.SetAsync(bot, cancellationToken);
            return null;
        }
        catch (BotApiException e)
        {
            return e.AsRefusal();
        }
        catch (IntegrationException e)
        {
            return e;
        }
    }
}
