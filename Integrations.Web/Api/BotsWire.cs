namespace Integrations.Web.Api;

/// <summary>A bot; public because components' parameters must be.</summary>
/// <param name="Status">pending, active, error or inactive.</param>
/// <param name="BotToken">Masked.</param>
public sealed record Bot(
    Guid Id,
    string Status,
    string World,
    long TelegramUserId,
    string? Username,
    string? DisplayName,
    string BotToken,
    BotRights Rights,
    Guid? ProjectId,
    long MessagesReceived,
    long MessagesSent,
    DateTimeOffset? LastActivity,
    string? LastErrorCode,
    string? LastError)
{
    /// <summary>What it is called where there is room for one name.</summary>
    public string Name => DisplayName ?? (Username is null ? "" : "@" + Username);
}

/// <summary>What a bot may do, as it was set with BotFather.</summary>
public sealed record BotRights(bool CanJoinGroups, bool CanReadAllGroupMessages);

/// <summary>What to change of a bot; an empty name removes it, an empty id takes the bot out of its project, null leaves a thing as it is.</summary>
internal sealed record BotChange(string? DisplayName = null, Guid? ProjectId = null);

/// <summary>How a bot's webhook stands at Telegram now.</summary>
internal sealed record BotWebhook(bool Registered, int PendingUpdates, DateTimeOffset? LastErrorAt, string? LastError);
