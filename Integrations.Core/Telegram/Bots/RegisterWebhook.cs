using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Tells Telegram where a bot's updates go, and takes it back.</summary>
public sealed class RegisterWebhook(BotApiClient api, ISecretProtector secrets, TelegramBotOptions options)
{
    /// <summary>What this service wants to hear of. Named in full: by itself Telegram keeps what somebody set before.</summary>
    public static readonly IReadOnlyList<string> AllowedUpdates =
        ["message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member", "chat_member"];

    /// <exception cref="BotApiException"/>
    /// <exception cref="IntegrationException">TG_NOT_CONFIGURED: nobody has said where this service is reached.</exception>
    public async Task SetAsync(TelegramBot bot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bot);
        var address = AddressOf(bot);
        var token = await TokenOfAsync(bot, cancellationToken);
        var secret = await OpenAsync(TelegramBot.HookSecretAddress(new TenantId(bot.TenantId), bot.Id), bot.HookSecretSealed, cancellationToken);
        await api.SetWebhookAsync(token, new WebhookRequest(address, secret, AllowedUpdates), cancellationToken);
    }

    /// <summary>A token that is no longer valid has no webhook left to take back.</summary>
    /// <exception cref="BotApiException"/>
    public async Task RemoveAsync(TelegramBot bot, CancellationToken cancellationToken)
    {
        try
        {
            await api.DeleteWebhookAsync(await TokenOfAsync(bot, cancellationToken), cancellationToken);
        }
        catch (BotApiException e) when (e.Failure is BotApiFailure.Unauthorized)
        {
            // Revoked with BotFather: Telegram sends nothing for it any more.
        }
    }

    /// <summary>Whether Telegram sends this bot's updates here, and all kinds of them.</summary>
    public bool IsOurs(TelegramBot bot, WebhookInfo webhook)
    {
        ArgumentNullException.ThrowIfNull(webhook);
        return webhook.Url == AddressOf(bot) && AllowedUpdates.ToHashSet(StringComparer.Ordinal).SetEquals(webhook.AllowedUpdates ?? []);
    }

    /// <exception cref="SecretUnavailableException">Also when the bot was deleted.</exception>
    public async Task<BotToken> TokenOfAsync(TelegramBot bot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bot);
        return BotToken.Parse(await OpenAsync(TelegramBot.TokenAddress(new TenantId(bot.TenantId), bot.Id), bot.TokenSealed, cancellationToken));
    }

    /// <exception cref="IntegrationException">TG_NOT_CONFIGURED.</exception>
    public void RequireAddress()
    {
        if (options.PublicUrl is null)
        {
            throw new IntegrationException(
                ErrorCodes.TelegramNotConfigured, "Telegram has to be told where this service is reached. The administrator of this installation sets BACKEND_URL.");
        }
    }

    private string AddressOf(TelegramBot bot)
    {
        ArgumentNullException.ThrowIfNull(bot);
        RequireAddress();
        return $"{options.PublicUrl!.AbsoluteUri.TrimEnd('/')}/webhooks/telegram/{bot.HookId}";
    }

    private async Task<string> OpenAsync(SecretAddress address, byte[]? sealed_, CancellationToken cancellationToken)
    {
        var clear = await secrets.UnprotectAsync(
            address, sealed_ ?? throw new SecretUnavailableException(address, "it was erased."), cancellationToken);
        try
        {
            return Encoding.UTF8.GetString(clear);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }
}
