using System.ComponentModel;
using Integrations.Core.Notices;
using Integrations.Core.Persistence;

namespace Integrations.Api.Notices;

/// <summary>Which notices were read.</summary>
internal sealed record NoticesReadRequest
{
    public const int MaxIds = 1000;

    [Description("At most 1000.")]
    public Guid[]? Ids { get; init; }

    [Description("All there are, instead of ids.")]
    public bool? All { get; init; }
}

/// <param name="Read">How many were unread until now.</param>
internal sealed record NoticesReadResponse(int Read);

/// <summary>What the caller does not want to be told.</summary>
internal sealed record NoticeSettingsRequest
{
    [Description("Kinds: account_error, account_back, login_needed, flood_wait, flood_over, message_failed, bot_error, bot_back, channel_lost, channel_back. An empty list mutes nothing.")]
    public string[]? Muted { get; init; }
}

/// <param name="Muted">Kinds that the caller is not told of.</param>
internal sealed record NoticeSettingsResponse(IReadOnlyList<string> Muted)
{
    public static NoticeSettingsResponse From(IReadOnlyList<NoticeKind> muted) => new([.. muted.Select(Words.Of)]);
}

/// <summary>One notice.</summary>
/// <param name="Kind">account_error, account_back, login_needed, flood_wait, flood_over, message_failed, bot_error, bot_back, channel_lost or channel_back.</param>
/// <param name="AccountId">Null where it is about a bot.</param>
/// <param name="BotId">Null where it is about an account.</param>
/// <param name="ChannelId">The connected channel that it is about.</param>
/// <param name="Code">Of the error catalogue: what the problem is, or was.</param>
/// <param name="Until">When a wait ends.</param>
/// <param name="Since">When the problem began.</param>
/// <param name="Times">How often it happened until somebody read of it.</param>
/// <param name="ToldAt">When it last changed.</param>
internal sealed record NoticeResponse(
    Guid Id,
    string Kind,
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
    DateTimeOffset? ReadAt)
{
    public static NoticeResponse From(Notice notice) => new(
        notice.Id,
        Words.Of(notice.Kind),
        notice.AccountId,
        notice.AccountName,
        notice.BotId,
        notice.BotName,
        notice.DialogId,
        notice.DialogName,
        notice.ChannelId,
        notice.ChannelName,
        notice.Code,
        notice.Until,
        notice.Since,
        notice.Times,
        notice.ToldAt,
        notice.ResolvedAt,
        notice.ReadAt);
}

/// <param name="Unread">Of all notices, not of the page.</param>
internal sealed record NoticePageResponse(IReadOnlyList<NoticeResponse> Items, int Unread, int Total, int Page, int Size, int Pages);
