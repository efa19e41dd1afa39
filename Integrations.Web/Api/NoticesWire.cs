namespace Integrations.Web.Api;

internal sealed record NoticePage(UserNotice[] Items, int Unread, int Total);

/// <summary>What one was told. A problem and its end are one notice.</summary>
internal sealed record UserNotice(
    Guid Id, string Kind, Guid? AccountId, string? AccountName, Guid? BotId, string? BotName, Guid? DialogId, string? DialogName, Guid? ChannelId, string? ChannelName, string? Code, DateTimeOffset? Until, DateTimeOffset Since,
    int Times, DateTimeOffset ToldAt, DateTimeOffset? ReadAt)
{
    public bool IsProblem => Kind is "account_error" or "login_needed" or "message_failed" or "bot_error" or "channel_lost";

    public bool IsOver => Kind is "account_back" or "flood_over" or "bot_back" or "channel_back";
}

internal sealed record NoticeSettings(string[] Muted);
