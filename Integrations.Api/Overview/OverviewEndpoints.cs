using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Overview;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Overview;

internal static class OverviewEndpoints
{
    private static readonly NumberParameter Waiting = new("waiting_minutes", "How long somebody may wait for an answer before it needs attention.", 15, 1, 10_080);
    private static readonly WordParameter Period = new("period", "What the numbers are of: 24 hours by the hour, or 7 or 30 days by the day.", "24h", "24h", "7d", "30d");
    private static readonly ZoneParameter Zone = new("zone", "The IANA time zone whose days are meant, such as Europe/Kyiv. Hours need none.");

    public static IEndpointConventionBuilder MapOverview(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/overview", ReadAsync).WithTags("Overview").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status)
        .WithName("GetOverview").RequireAuthorization(Policies.Read)
        .WithSummary("What needs attention, and the numbers of a period")
        .WithDescription(
            "Administrators see the connections and the counts of all accounts of their tenant; messages and dialogs are named only to the user of their account and the members of its project. "
            + "Of each kind at most 50 problems are told. The running hour or day is the last one of the traffic; delays are percentiles of a histogram and up to a tenth off.")
        .WithQuery(Waiting, Period, Zone);

    private static async Task<Ok<OverviewResponse>> ReadAsync(HttpContext context, Caller caller, ReadOverview read, CancellationToken cancellationToken)
    {
        var word = Period.Read(context)!;
        var period = word switch
        {
            "7d" => new OverviewPeriod(7, ByDay: true, Zone.Read(context)),
            "30d" => new OverviewPeriod(30, ByDay: true, Zone.Read(context)),
            _ => OverviewPeriod.Day,
        };
        return TypedResults.Ok(OverviewResponse.From(
            await read.ExecuteAsync(caller.Principal, TimeSpan.FromMinutes(Waiting.Int(context)), period, cancellationToken), word));
    }
}

/// <param name="Attention">The gravest first, among equals the newest first.</param>
internal sealed record OverviewResponse(IReadOnlyList<AttentionResponse> Attention, NumbersResponse Numbers, DateTimeOffset GeneratedAt)
{
    public static OverviewResponse From(OverviewPage page, string period) => new(
        [
            .. page.Attention.Select(item => new AttentionResponse(
                item.Kind, item.Severity, item.AccountId, item.AccountName, item.DialogId, item.DialogName, item.MessageId, item.Code, item.Since, item.Until,
                item.Action, item.BotId, item.BotName)),
        ],
        new(
            page.Numbers.Accounts,
            page.Numbers.Bots,
            page.Numbers.Worlds,
            period,
            page.Numbers.Period.ByDay ? "day" : "hour",
            [
                .. page.Numbers.Traffic.Select(bucket => new TrafficResponse(
                    bucket.From, bucket.Received, bucket.Sent, bucket.Failed, new(bucket.DelayP50, bucket.DelayP95))),
            ],
            new(page.Numbers.DelayP50, page.Numbers.DelayP95)),
        page.At);
}

/// <summary>One problem and the one thing to do about it.</summary>
/// <param name="Kind">account_error, bot_error, login_expired, flood_wait, message_failed, dialog_waiting, channel_lost or key_file.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="AccountName">What the account is called; null where it has no name yet.</param>
/// <param name="DialogName">Whom the dialog is with; null where it is not about one.</param>
/// <param name="Code">A code of the error catalogue; NO_ANSWER for a dialog that waits; LOCAL_KEY_FILE or KEY_FILE_OPEN for the files of keys.</param>
/// <param name="Since">When it began, as far as is known.</param>
/// <param name="Until">When it ends by itself; null where it does not.</param>
/// <param name="BotId">Whose it is, where it is a bot's.</param>
/// <param name="Action">reconnect, restart, log_in, wait, retry, answer, open_channels, keep_keys or close_keys.</param>
internal sealed record AttentionResponse(
    string Kind, string Severity, Guid? AccountId, string? AccountName, Guid? DialogId, string? DialogName, Guid? MessageId, string Code,
    DateTimeOffset? Since, DateTimeOffset? Until, string Action, Guid? BotId, string? BotName);

/// <param name="Accounts">How many accounts are in each state.</param>
/// <param name="Bots">How many bots are in each state: pending, active, error, inactive.</param>
/// <param name="Worlds">Where these accounts and bots live: sandbox or telegram.</param>
/// <param name="Period">What was asked for.</param>
/// <param name="Step">hour or day: what one item of the traffic is of.</param>
/// <param name="Traffic">The oldest first; the last one still runs.</param>
internal sealed record NumbersResponse(
    IReadOnlyDictionary<string, long> Accounts, IReadOnlyDictionary<string, long> Bots, IReadOnlyList<string> Worlds, string Period, string Step, IReadOnlyList<TrafficResponse> Traffic, DelayResponse DeliveryDelayMs);

/// <param name="Failed">Of those sent in this time.</param>
internal sealed record TrafficResponse(DateTimeOffset From, long Received, long Sent, long Failed, DelayResponse DeliveryDelayMs);

/// <summary>From acceptance to delivery, in milliseconds; null when nothing was delivered.</summary>
internal sealed record DelayResponse(double? P50, double? P95);
