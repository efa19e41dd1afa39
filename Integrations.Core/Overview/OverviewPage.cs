namespace Integrations.Core.Overview;

/// <summary>What needs somebody's attention, and the numbers of a period.</summary>
public sealed record OverviewPage(IReadOnlyList<AttentionItem> Attention, OverviewNumbers Numbers, DateTimeOffset At);

/// <summary>One problem and the one thing to do about it.</summary>
/// <param name="Kind">account_error, bot_error, login_expired, flood_wait, message_failed, dialog_waiting, channel_lost or key_file.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="AccountName">What the account is called: its name, else its username, else its phone; null where it has none of them yet.</param>
/// <param name="DialogName">The same of the dialog; of a channel its title.</param>
/// <param name="Code">A code of the error catalogue; for key_file LOCAL_KEY_FILE or KEY_FILE_OPEN; for dialog_waiting NO_ANSWER.</param>
/// <param name="Since">When it began, as far as is known.</param>
/// <param name="Until">When it ends by itself; null where it does not.</param>
/// <param name="BotId">Whose it is, where it is a bot's.</param>
/// <param name="Action">reconnect, restart, log_in, wait, retry, answer, open_channels, keep_keys or close_keys.</param>
public sealed record AttentionItem(
    string Kind, string Severity, Guid? AccountId, string? AccountName, Guid? DialogId, string? DialogName, Guid? MessageId, string Code,
    DateTimeOffset? Since, DateTimeOffset? Until, string Action, Guid? BotId = null, string? BotName = null);

/// <param name="Accounts">How many accounts are in each state; states without any are there with 0. A first login that came to nothing is no account.</param>
/// <param name="Bots">The same of bots.</param>
/// <param name="Worlds">Where these accounts and bots live: sandbox or telegram.</param>
/// <param name="Period">What the traffic is of.</param>
/// <param name="Traffic">The oldest first, the running hour or day last.</param>
/// <param name="DelayP50">Milliseconds from acceptance to delivery of what was delivered in this time; null when nothing was.</param>
public sealed record OverviewNumbers(
    IReadOnlyDictionary<string, long> Accounts, IReadOnlyDictionary<string, long> Bots, IReadOnlyList<string> Worlds, OverviewPeriod Period, IReadOnlyList<TrafficBucket> Traffic, double? DelayP50, double? DelayP95);

/// <summary>The messages of one hour or day.</summary>
/// <param name="Failed">Of those accepted in it.</param>
/// <param name="DelayP50">Of those accepted in it and delivered, in milliseconds.</param>
public sealed record TrafficBucket(DateTimeOffset From, long Received, long Sent, long Failed, double? DelayP50, double? DelayP95);

/// <summary>A period that is looked at in equal steps.</summary>
/// <param name="Count">How many steps, the running one included.</param>
/// <param name="ByDay">Days of the reader's own zone; else hours.</param>
/// <param name="Zone">An IANA time zone that PostgreSQL knows, too. Where it stands off by less than an hour, a day begins with the hour that its midnight is in.</param>
public sealed record OverviewPeriod(int Count, bool ByDay, string Zone)
{
    public static OverviewPeriod Day { get; } = new(24, ByDay: false, "UTC");
}
