namespace Integrations.Web.Api;

internal sealed record Page<T>(T[] Items);

/// <summary>A personal account as the console shows it; public because components' parameters must be.</summary>
public sealed record Account(
    Guid Id, string? DisplayName, string? Username, string? Phone, long? TelegramUserId, string Status,
    DateTimeOffset? LastConnectedAt, string? LastError, bool AcceptsPrivate, bool AcceptsGroups, bool AcceptsChannels);

/// <summary>A login; its id is the account's id.</summary>
internal sealed record Login(Guid LoginId, string Status, string? QrUrl, DateTimeOffset? ExpiresAt, string? PasswordHint, string? ErrorCode, string? ErrorDetail);

internal sealed record StartLogin(string? Method = null, string? Phone = null, Guid? AccountId = null);

internal sealed record Dialog(Guid Id, string? Title, string? Username, string? Phone, int UnreadCount, DateTimeOffset? LastMessageAt);

internal sealed record Message(Guid Id, Guid DialogId, string Direction, string Status, string Text, DateTimeOffset CreatedAt, string? ErrorCode, string? ErrorDetail)
{
    public bool Outgoing => Direction == "personal_telegram_out";
}

internal sealed record Recipient(Guid? DialogId = null, string? Username = null, string? Phone = null);

internal sealed record SendText(Guid AccountId, Recipient To, string Text);

internal sealed record AcceptedMessage(Guid Id, string Status);
