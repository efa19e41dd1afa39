namespace Integrations.Core.Notices;

/// <summary>What is told to a user; each kind can be muted by itself.</summary>
public enum NoticeKind
{
    /// <summary>An account is in trouble.</summary>
    AccountError,

    /// <summary>The trouble is over.</summary>
    AccountBack,

    /// <summary>Only a new login helps.</summary>
    LoginNeeded,

    /// <summary>Telegram asks an account to wait for more than a minute.</summary>
    FloodWait,

    FloodOver,

    /// <summary>A message was given up.</summary>
    MessageFailed,

    /// <summary>A bot is in trouble.</summary>
    BotError,

    /// <summary>The bot's trouble is over.</summary>
    BotBack,

    /// <summary>In a connected channel nothing can be posted any more.</summary>
    ChannelLost,

    /// <summary>In the channel it can be posted again.</summary>
    ChannelBack,
}

/// <summary>One notice. A problem and its end are one: the kind tells which of them it is now.</summary>
/// <param name="AccountId">Null where it is about a bot.</param>
/// <param name="BotId">Null where it is about an account.</param>
/// <param name="ChannelId">The connected channel that it is about.</param>
/// <param name="Code">Of the error catalogue: what the problem is, or was.</param>
/// <param name="Until">When a wait ends.</param>
/// <param name="Since">When the problem began.</param>
/// <param name="Times">How often it happened until somebody read of it.</param>
/// <param name="ToldAt">When it last changed.</param>
public sealed record Notice(
    Guid Id,
    NoticeKind Kind,
    Guid? AccountId,
    string? AccountName,
    Guid? BotId,
    string? BotName,
    Guid? DialogId,
    string? DialogName,
    Guid? ChannelId,
    string? ChannelName,
    string? Code,
    DateTimeOffset? Until,
    DateTimeOffset Since,
    int Times,
    DateTimeOffset ToldAt,
    DateTimeOffset? ResolvedAt,
    DateTimeOffset? ReadAt);

/// <summary>A page of notices.</summary>
/// <param name="Unread">Of all, not of the page.</param>
public sealed record NoticePage(IReadOnlyList<Notice> Items, int Unread, int Total);
