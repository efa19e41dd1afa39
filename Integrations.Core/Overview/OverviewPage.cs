namespace Integrations.Core.Overview;

/// <summary>What needs somebody's attention, and the numbers of the last day.</summary>
public sealed record OverviewPage(IReadOnlyList<AttentionItem> Attention, OverviewNumbers Numbers, DateTimeOffset At);

/// <summary>One problem and the one thing to do about it.</summary>
/// <param name="Kind">account_error, login_expired, flood_wait, message_failed, dialog_waiting or key_file.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="Code">A code of the error catalogue; for key_file LOCAL_KEY_FILE or KEY_FILE_OPEN; for dialog_waiting NO_ANSWER.</param>
/// <param name="Since">When it began, as far as is known.</param>
/// <param name="Until">When it ends by itself; null where it does not.</param>
/// <param name="Action">reconnect, log_in, wait, retry, answer, keep_keys or close_keys.</param>
public sealed record AttentionItem(
    string Kind, string Severity, Guid? AccountId, Guid? DialogId, Guid? MessageId, string Code, DateTimeOffset? Since, DateTimeOffset? Until, string Action);

/// <param name="Accounts">How many accounts are in each state; states without any are there with 0.</param>
/// <param name="Hours">The last 24 hours, the oldest first, the running one last.</param>
/// <param name="DelayP50">Milliseconds from acceptance to delivery of what was delivered in this time; null when nothing was.</param>
public sealed record OverviewNumbers(IReadOnlyDictionary<string, long> Accounts, IReadOnlyList<HourOfTraffic> Hours, double? DelayP50, double? DelayP95);

/// <param name="Failed">Of those accepted in this hour.</param>
public sealed record HourOfTraffic(DateTimeOffset Hour, long Received, long Sent, long Failed);
