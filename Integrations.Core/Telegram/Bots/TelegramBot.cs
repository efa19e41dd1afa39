using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>What a bot may do, as BotFather set it.</summary>
/// <param name="CanReadAllGroupMessages">False: privacy mode is on, and in groups the bot sees only what is addressed to it.</param>
public sealed record BotRights(bool CanJoinGroups, bool CanReadAllGroupMessages, bool SupportsInlineQueries, bool CanConnectToBusiness, bool HasTopicsEnabled)
{
    public static BotRights From(BotUser bot)
    {
        ArgumentNullException.ThrowIfNull(bot);
        return new(bot.CanJoinGroups, bot.CanReadAllGroupMessages, bot.SupportsInlineQueries, bot.CanConnectToBusiness, bot.HasTopicsEnabled);
    }
}

/// <summary>The secrets of a new bot, sealed, and what it is found by.</summary>
/// <param name="TokenHint">The masked token, to be shown.</param>
internal sealed record SealedBot(byte[] Token, byte[] TokenFingerprint, string TokenHint, string HookId, byte[] HookSecret, byte[] HookSecretHash);

/// <summary>A connected bot. Its id is its <see cref="Integration"/>'s.</summary>
public sealed class TelegramBot
{
    internal const string Table = "telegram_bots";

    private TelegramBot()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public int Shard { get; private set; }
    public World World { get; private set; }
    public long TelegramUserId { get; private set; }
    public string? Username { get; private set; }
    public string? DisplayName { get; private set; }
    public byte[]? TokenSealed { get; private set; }
    public byte[] TokenFingerprint { get; private set; } = [];
    public string HookId { get; private set; } = "";
    public byte[]? HookSecretSealed { get; private set; }
    public byte[] HookSecretHash { get; private set; } = [];

    /// <summary>JSON of <see cref="BotRights"/>.</summary>
    public string Rights { get; private set; } = "{}";

    /// <summary>JSON of <see cref="BotSettings"/>.</summary>
    public string Settings { get; private set; } = "{}";

    /// <summary>False once somebody has deactivated it.</summary>
    public bool IsActive { get; private set; }
    public DateTimeOffset? RegisteredAt { get; private set; }
    public DateTimeOffset? CheckedAt { get; private set; }
    public int? PendingUpdates { get; private set; }
    public string? HookError { get; private set; }
    public DateTimeOffset? HookErrorAt { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public BotRights KnownRights => JsonSerializer.Deserialize(Rights, BotJson.Default.BotRights) ?? new(false, false, false, false, false);

    /// <summary>The token, masked.</summary>
    public string TokenHint => JsonSerializer.Deserialize(Settings, BotJson.Default.BotSettings)?.TokenHint ?? "***";

    internal static TelegramBot Open(TenantId tenant, Guid id, World world, int shardCount, BotUser bot, string? displayName, SealedBot secrets) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        Shard = Shards.ShardOf(id, shardCount),
        World = world,
        TelegramUserId = bot.Id,
        Username = bot.Username,
        DisplayName = displayName ?? bot.FirstName,
        TokenSealed = secrets.Token,
        TokenFingerprint = secrets.TokenFingerprint,
        HookId = secrets.HookId,
        HookSecretSealed = secrets.HookSecret,
        HookSecretHash = secrets.HookSecretHash,
        Rights = JsonSerializer.Serialize(BotRights.From(bot), BotJson.Default.BotRights),
        Settings = JsonSerializer.Serialize(new BotSettings(secrets.TokenHint), BotJson.Default.BotSettings),
        IsActive = true,
    };

    /// <summary>Where the bot's token is sealed.</summary>
    public static SecretAddress TokenAddress(TenantId tenant, Guid id) => new(tenant, Table, "token_sealed", id);

    /// <summary>Where the secret is sealed that comes with each update.</summary>
    public static SecretAddress HookSecretAddress(TenantId tenant, Guid id) => new(tenant, Table, "hook_secret_sealed", id);

    public void Rename(string? displayName) => DisplayName = displayName;

    public void Registered(DateTimeOffset now) => RegisteredAt = now;

    /// <summary>What Telegram tells of the bot itself.</summary>
    public void Know(BotUser bot, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(bot);
        Username = bot.Username;
        Rights = JsonSerializer.Serialize(BotRights.From(bot), BotJson.Default.BotRights);
        CheckedAt = now;
    }

    /// <summary>What Telegram tells of the bot's webhook.</summary>
    public void Know(WebhookInfo webhook)
    {
        ArgumentNullException.ThrowIfNull(webhook);
        (PendingUpdates, HookError, HookErrorAt) = (webhook.PendingUpdateCount, webhook.LastErrorMessage, webhook.LastErrorAt);
    }

    public void Activate() => IsActive = true;

    public void Deactivate() => (IsActive, PendingUpdates) = (false, null);

    /// <summary>Its secrets go with it.</summary>
    public void Delete(DateTimeOffset now)
    {
        Deactivate();
        (TokenSealed, HookSecretSealed, DeletedAt) = (null, null, now);
    }
}

/// <param name="TokenHint">The masked token: the token itself is never opened to be shown.</param>
internal sealed record BotSettings(string? TokenHint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BotRights))]
[JsonSerializable(typeof(BotSettings))]
internal sealed partial class BotJson : JsonSerializerContext;
