using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>What makes a user of the world a bot.</summary>
internal sealed class Bot
{
    /// <summary>The token's second half; the first is the bot's id. Empty for BotFather and for a bot that was deleted: nobody opens the Bot API for those.</summary>
    public required string Secret { get; set; }

    [JsonIgnore]
    public bool HasToken => Secret.Length > 0;

    /// <summary>Who made it.</summary>
    public required long OwnerId { get; init; }

    /// <summary>Privacy mode is off: in groups it reads everything, not only what is meant for it.</summary>
    public bool ReadsAllGroupMessages { get; set; }

    /// <summary>Where its updates go; null while it fetches them itself.</summary>
    public BotWebhook? Webhook { get; set; }

    /// <summary>Kinds of updates it wants; null is everything but those that must be asked for.</summary>
    public string[]? AllowedUpdates { get; set; }
}

/// <summary>An address to which a bot's updates are posted.</summary>
/// <param name="SecretToken">Repeated in the header <c>X-Telegram-Bot-Api-Secret-Token</c>.</param>
/// <param name="MaxConnections">Requests under way at a time.</param>
internal sealed record BotWebhook(string Url, string? SecretToken, int MaxConnections);
