namespace Integrations.Web.Api;

/// <summary>A connected channel or group; public because components' parameters must be.</summary>
/// <param name="Type">channel, group or supergroup.</param>
/// <param name="MissingRight">What has to be given to the account or the bot before it can post.</param>
public sealed record Channel(
    Guid Id,
    Guid? AccountId,
    Guid? BotId,
    string? SenderName,
    bool SenderIsConnected,
    string World,
    long ChannelId,
    string Title,
    string Type,
    string? Username,
    ChannelSettings Settings,
    int MembersCount,
    bool IsActive,
    bool CanPost,
    string? MissingRight,
    ChannelRights Rights,
    DateTimeOffset? CheckedAt,
    string? ErrorCode,
    string? ErrorDetail,
    DateTimeOffset? LastPostAt)
{
    /// <summary>What it is called here.</summary>
    public string Name => Settings.Label ?? Title;

    /// <summary>works, lacks (a right), lost, off, or waits (for its account or bot).</summary>
    public string State => ErrorCode is "CHANNEL_NOT_FOUND" ? "lost" : !IsActive ? "off" : !CanPost ? "lacks" : SenderIsConnected ? "works" : "waits";
}

public sealed record ChannelSettings(string? Label);

/// <summary>What the account or the bot may do there.</summary>
public sealed record ChannelRights(string Status, bool PostMessages, bool EditMessages, bool DeleteMessages, bool PinMessages, bool InviteUsers, bool ManageTopics);

/// <summary>A channel or group that can be picked.</summary>
internal sealed record FoundChannel(long ChannelId, string Title, string Type, string? Username, int MembersCount, bool CanPost, string? MissingRight);

/// <summary>A post, and what somebody asked last to be done with it.</summary>
internal sealed record Post(PostedMessage Message, PostChange? Change);

/// <param name="Status">scheduled, pending, delivered, failed or received.</param>
internal sealed record PostedMessage(
    Guid Id, string Direction, string Status, string Text, DateTimeOffset? TelegramDate, DateTimeOffset CreatedAt, string? ErrorCode, string? ErrorDetail,
    DateTimeOffset? ScheduledFor, DateTimeOffset? EditedAt, DateTimeOffset? DeletedAt, DateTimeOffset? PinnedAt, MessageMedia? Media = null)
{
    public bool Outgoing => Direction.EndsWith("_out", StringComparison.Ordinal);

    /// <summary>Telegram has it, or will get it: something can be done with it.</summary>
    public bool MayChange => DeletedAt is null && Status is not "failed";

    public bool IsThere => Status is "delivered" or "received";

    public DateTimeOffset At => TelegramDate ?? CreatedAt;
}

/// <param name="Kind">edit, delete, pin or unpin.</param>
/// <param name="State">pending, done or failed.</param>
internal sealed record PostChange(Guid Id, string Kind, string State, string? ErrorCode, string? ErrorDetail);

internal sealed record PostPage(Post[] Items, Guid? NextBefore);
