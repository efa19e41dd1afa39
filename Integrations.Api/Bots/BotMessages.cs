using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Bots;

namespace Integrations.Api.Bots;

internal sealed record ConnectBotRequest
{
    /// <summary>What BotFather gave: the bot's number, a colon, and its secret.</summary>
    public string? BotToken { get; init; }

    /// <summary>The project that the bot works for.</summary>
    public Guid? ProjectId { get; init; }

    /// <summary>How the bot is called here; by default as it is called in Telegram.</summary>
    public string? DisplayName { get; init; }
}

/// <summary>The older form of the same.</summary>
internal sealed record ConnectIntegrationRequest
{
    /// <summary>What BotFather gave: the bot's number, a colon, and its secret.</summary>
    public string? BotToken { get; init; }
}

internal sealed record ChangeBotRequest
{
    /// <summary>An empty one removes the name.</summary>
    public string? DisplayName { get; init; }

    /// <summary>00000000-0000-0000-0000-000000000000 takes the bot out of its project.</summary>
    public Guid? ProjectId { get; init; }
}

/// <summary>A bot.</summary>
/// <param name="UserId">Who connected it.</param>
/// <param name="Status">pending, active, error or inactive.</param>
/// <param name="World">Which Telegram the bot lives in: sandbox or telegram.</param>
/// <param name="BotToken">Masked. The token itself is never shown again.</param>
/// <param name="PendingUpdates">How many updates Telegram held back when it was last asked.</param>
/// <param name="HookError">Why Telegram could not deliver an update, in its own words.</param>
/// <param name="RegisteredAt">When Telegram was last told where the bot's updates go.</param>
/// <param name="CheckedAt">When the token was last tried.</param>
/// <param name="LastErrorCode">A code of the error catalogue.</param>
internal sealed record BotResponse(
    Guid Id,
    int UserId,
    Guid? ProjectId,
    string Status,
    string World,
    long TelegramUserId,
    string? Username,
    string? DisplayName,
    string BotToken,
    BotRightsResponse Rights,
    long MessagesReceived,
    long MessagesSent,
    DateTimeOffset? LastActivity,
    int? PendingUpdates,
    string? HookError,
    DateTimeOffset? HookErrorAt,
    DateTimeOffset? RegisteredAt,
    DateTimeOffset? CheckedAt,
    string? LastErrorCode,
    string? LastError,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static BotResponse From(ConnectedBot connected)
    {
        var (integration, bot) = connected;
        return new(
            integration.Id,
            integration.UserId,
            integration.ProjectId,
            Words.Of(integration.Status),
            Words.Of(bot.World),
            bot.TelegramUserId,
            bot.Username,
            bot.DisplayName,
            bot.TokenHint,
            BotRightsResponse.From(bot.KnownRights),
            integration.MessagesReceived,
            integration.MessagesSent,
            integration.LastActivity,
            bot.PendingUpdates,
            bot.HookError,
            bot.HookErrorAt,
            bot.RegisteredAt,
            bot.CheckedAt,
            integration.LastErrorCode,
            integration.LastError,
            integration.CreatedAt,
            integration.UpdatedAt);
    }
}

/// <summary>What the bot may do, as it was set with BotFather.</summary>
/// <param name="CanReadAllGroupMessages">False: in groups the bot sees only what is addressed to it.</param>
internal sealed record BotRightsResponse(bool CanJoinGroups, bool CanReadAllGroupMessages, bool SupportsInlineQueries, bool CanConnectToBusiness, bool HasTopicsEnabled)
{
    public static BotRightsResponse From(BotRights rights) =>
        new(rights.CanJoinGroups, rights.CanReadAllGroupMessages, rights.SupportsInlineQueries, rights.CanConnectToBusiness, rights.HasTopicsEnabled);
}

/// <summary>How the bot's webhook stands at Telegram now.</summary>
/// <param name="Registered">Whether Telegram sends the bot's updates here, and all kinds of them.</param>
/// <param name="PendingUpdates">How many updates Telegram holds back because they could not be delivered yet.</param>
/// <param name="LastError">Why the last delivery that failed did, in Telegram's own words.</param>
internal sealed record BotWebhookResponse(
    bool Registered, int PendingUpdates, DateTimeOffset? LastErrorAt, string? LastError, int? MaxConnections, IReadOnlyList<string> AllowedUpdates, string? IpAddress)
{
    public static BotWebhookResponse From(BotWebhook webhook) => new(
        webhook.IsOurs,
        webhook.Info.PendingUpdateCount,
        webhook.Info.LastErrorAt,
        webhook.Info.LastErrorMessage,
        webhook.Info.MaxConnections,
        webhook.Info.AllowedUpdates ?? [],
        webhook.Info.IpAddress);
}

/// <summary>An integration, as the older API shows it.</summary>
/// <param name="IntegrationType">telegram.</param>
/// <param name="Status">pending, active, error or inactive.</param>
internal sealed record IntegrationResponse(
    Guid Id, int UserId, string IntegrationType, string Status, long MessagesReceived, long MessagesSent, DateTimeOffset? LastActivity)
{
    public static IntegrationResponse From(ConnectedBot connected) => new(
        connected.Integration.Id,
        connected.Integration.UserId,
        "telegram",
        Words.Of(connected.Integration.Status),
        connected.Integration.MessagesReceived,
        connected.Integration.MessagesSent,
        connected.Integration.LastActivity);
}
