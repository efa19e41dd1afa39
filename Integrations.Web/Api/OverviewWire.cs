namespace Integrations.Web.Api;

/// <summary>What needs attention, and the numbers of a period.</summary>
internal sealed record OverviewReport(Attention[] Attention, OverviewNumbers Numbers, DateTimeOffset GeneratedAt);

/// <summary>One problem and the one thing to do about it.</summary>
internal sealed record Attention(
    string Kind, string Severity, Guid? AccountId, string? AccountName, Guid? DialogId, string? DialogName, Guid? MessageId, string Code,
    DateTimeOffset? Since, DateTimeOffset? Until, string Action, Guid? BotId = null, string? BotName = null)
{
    /// <summary>Whose conversation or trouble it is.</summary>
    public Guid? InboxId => AccountId ?? BotId;
}

/// <summary>The numbers of a period; the last item of the traffic still runs.</summary>
internal sealed record OverviewNumbers(
    Dictionary<string, long> Accounts, Dictionary<string, long> Bots, string[] Worlds, string Period, string Step, Traffic[] Traffic, Delay DeliveryDelayMs)
{
    public bool ByDay => Step is "day";
}

/// <summary>The messages of one hour or day.</summary>
internal sealed record Traffic(DateTimeOffset From, long Received, long Sent, long Failed, Delay DeliveryDelayMs);

/// <summary>From acceptance to delivery, in milliseconds; null when nothing was delivered.</summary>
internal sealed record Delay(double? P50, double? P95);
