using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Dialogs;

public enum DialogSource
{
    PersonalTelegram,
    TelegramBot,
}

public enum PeerKind
{
    User,
    Chat,
    Channel,
}

/// <summary>One conversation of an account or a bot with one outside person or group.</summary>
public sealed class Dialog
{
    private Dialog()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public DialogSource Source { get; private set; }
    /// <summary>Null in a bot's dialog.</summary>
    public Guid? PersonalAccountId { get; private set; }

    /// <summary>Null in an account's dialog.</summary>
    public Guid? BotId { get; private set; }

    /// <summary>Whose conversation it is: the account or the bot.</summary>
    public Guid InboxId => PersonalAccountId ?? BotId ?? throw new InvalidOperationException($"Dialog {Id} is nobody's.");

    /// <summary>Null until Telegram has told whom the username or the phone belongs to.</summary>
    public PeerKind? PeerKind { get; private set; }

    public long? PeerId { get; private set; }
    public string? Username { get; private set; }
    public string? Phone { get; private set; }
    public string? Title { get; private set; }
    public DateTimeOffset? LastMessageAt { get; private set; }
    public int UnreadCount { get; private set; }

    /// <summary>The number of the user who looks after it; null for nobody.</summary>
    public int? AssigneeId { get; private set; }

    /// <summary>Since when the other side takes nothing from the bot; null while it does, and in dialogs of accounts.</summary>
    public DateTimeOffset? BlockedAt { get; private set; }

    /// <summary>Since when it is closed; null while it is open. What the other side says opens it again.</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>A dialog with a peer that the account already knows.</summary>
    public static Dialog WithPeer(TenantId tenant, Guid id, Guid accountId, PeerKind kind, long peerId, string? username, string? phone, string? title) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        PersonalAccountId = accountId,
        PeerKind = kind,
        PeerId = peerId,
        Username = username,
        Phone = phone,
        Title = title,
    };

    /// <summary>A dialog with somebody whom the owner of the account has yet to look up.</summary>
    /// <param name="username">Without the @.</param>
    public static Dialog WithUsername(TenantId tenant, Guid id, Guid accountId, string username) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        PersonalAccountId = accountId,
        Username = username,
    };

    /// <inheritdoc cref="WithUsername"/>
    /// <param name="phone">In E.164.</param>
    public static Dialog WithPhone(TenantId tenant, Guid id, Guid accountId, string phone) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        PersonalAccountId = accountId,
        Phone = phone,
    };

    public void MarkRead() => UnreadCount = 0;

    public void Touch(DateTimeOffset at) => LastMessageAt = LastMessageAt is { } last && last > at ? last : at;
}
