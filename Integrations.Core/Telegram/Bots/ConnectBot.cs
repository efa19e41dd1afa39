using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Connects a bot by its token: asks Telegram whose it is, stores it sealed, and has Telegram send its updates here.</summary>
public sealed class ConnectBot(
    TenantDatabase database, BotApiClient api, RegisterWebhook webhook, RegisterBot register, ISecretProtector secrets, TelegramBotOptions options, TimeProvider time)
{
    /// <summary>The purpose under which tokens are compared.</summary>
    public const string FingerprintPurpose = "telegram_bot_token";

    private const int RandomBytes = 32;

    /// <returns>The bot as it is stored, active; in error where Telegram refused the webhook or did not answer: it is kept, to be registered again.</returns>
    /// <exception cref="IntegrationException">TG_BOT_TOKEN_INVALID; TG_ALREADY_CONNECTED; NOT_FOUND for a project; TG_NOT_CONFIGURED; TG_API_429; TG_UNAVAILABLE.</exception>
    public async Task<ConnectedBot> ExecuteAsync(Principal principal, BotToken token, Guid? projectId, string? displayName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(token);
        webhook.RequireAddress();
        await database.InTenantAsync(principal.Tenant, transaction => BotProjects.RequireAsync(transaction, projectId, cancellationToken), cancellationToken);
        var bot = await KnownAsync(token, cancellationToken);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var sealedBot = await SealAsync(principal.Tenant, id, token, cancellationToken);
        var shardCount = await ShardCountAsync(cancellationToken);
        try
        {
            await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    await BotProjects.RequireAsync(transaction, projectId, cancellationToken);
                    var connected = new ConnectedBot(
                        Integration.Open(transaction.Tenant, id, principal.UserId, projectId, IntegrationType.TelegramBot),
                        TelegramBot.Open(transaction.Tenant, id, options.World, shardCount, bot, displayName, sealedBot));
                    connected.Bot.Know(bot, time.GetUtcNow());
                    transaction.Db.Add(connected.Integration);
                    transaction.Db.Add(connected.Bot);
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await BotEvents.ChangedAsync(transaction, connected, cancellationToken);
                    await BotEvents.LoggedAsync(transaction, connected, principal.UserId, "bot.connect", LogStatus.Pending, time.GetUtcNow(), cancellationToken);
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(
                ErrorCodes.TelegramAlreadyConnected,
                "This bot is connected in this installation already. Restart it there, or delete it first; if it is not in your list, whoever connected it has to do that.",
                inner: e);
        }

        return await register.ExecuteAsync(principal, id, cancellationToken);
    }

    private async Task<BotUser> KnownAsync(BotToken token, CancellationToken cancellationToken)
    {
        try
        {
            return await api.GetMeAsync(token, cancellationToken) is { IsBot: true } bot ? bot : throw new IntegrationException(ErrorCodes.TelegramBotTokenInvalid);
        }
        catch (BotApiException e)
        {
            throw e.AsRefusal();
        }
    }

    private async Task<SealedBot> SealAsync(TenantId tenant, Guid id, BotToken token, CancellationToken cancellationToken)
    {
        var clear = Encoding.UTF8.GetBytes(token.Value);
        var secret = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)));
        try
        {
            return new(
                await secrets.ProtectAsync(TelegramBot.TokenAddress(tenant, id), clear, cancellationToken),
                await secrets.FingerprintAsync(FingerprintPurpose, clear, cancellationToken),
                token.Masked,
                Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)),
                await secrets.ProtectAsync(TelegramBot.HookSecretAddress(tenant, id), secret, cancellationToken),
                SHA256.HashData(secret));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private Task<int> ShardCountAsync(CancellationToken cancellationToken) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select shard_count from installation", connection, transaction);
            return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        },
        cancellationToken);
}

internal static class BotProjects
{
    /// <summary>A bot may be what a mirroring project lacks, so the project need not be ready.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task RequireAsync(TenantTransaction transaction, Guid? projectId, CancellationToken cancellationToken)
    {
        if (projectId is { } id && !await transaction.Db.Projects.AnyAsync(project => project.Id == id, cancellationToken))
            throw new IntegrationException(ErrorCodes.NotFound);
    }
}
