using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Overview;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Overview;

internal static class OverviewEndpoints
{
    private static readonly NumberParameter Waiting = new("waiting_minutes", "How long somebody may wait for an answer before it needs attention.", 15, 1, 10_080);

    public static IEndpointConventionBuilder MapOverview(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/overview", ReadAsync).WithTags("Overview").WithMetadata(new ShapedMetadata())
        .WithName("GetOverview").RequireAuthorization(Policies.Read)
        .WithSummary("What needs attention, and the numbers of the last 24 hours")
        .WithDescription(
            "Administrators see the connections and the counts of all accounts of their tenant; messages and dialogs are named only to the user of their account. "
            + "Of each kind at most 50 problems are told.")
        .WithQuery(Waiting);

    private static async Task<Ok<OverviewResponse>> ReadAsync(HttpContext context, Caller caller, ReadOverview read, CancellationToken cancellationToken) =>
        TypedResults.Ok(OverviewResponse.From(await read.ExecuteAsync(caller.Principal, TimeSpan.FromMinutes(Waiting.Int(context)), cancellationToken)));
}

/// <param name="Attention">The gravest first, among equals the newest first.</param>
internal sealed record OverviewResponse(IReadOnlyList<AttentionResponse> Attention, NumbersResponse Numbers, DateTimeOffset GeneratedAt)
{
    public static OverviewResponse From(OverviewPage page) => new(
        [
            .. page.Attention.Select(item => new AttentionResponse(
                item.Kind, item.Severity, item.AccountId, item.DialogId, item.MessageId, item.Code, item.Since, item.Until, item.Action)),
        ],
        new(
            page.Numbers.Accounts,
            [.. page.Numbers.Hours.Select(hour => new HourResponse(hour.Hour, hour.Received, hour.Sent, hour.Failed))],
            new(page.Numbers.DelayP50, page.Numbers.DelayP95)),
        page.At);
}

/// <summary>One problem and the one thing to do about it.</summary>
/// <param name="Kind">account_error, login_expired, flood_wait, message_failed, dialog_waiting or key_file.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="Code">A code of the error catalogue; NO_ANSWER for a dialog that waits; LOCAL_KEY_FILE or KEY_FILE_OPEN for the files of keys.</param>
/// <param name="Since">When it began, as far as is known.</param>
/// <param name="Until">When it ends by itself; null where it does not.</param>
/// <param name="Action">reconnect, log_in, wait, retry, answer, keep_keys or close_keys.</param>
internal sealed record AttentionResponse(
    string Kind, string Severity, Guid? AccountId, Guid? DialogId, Guid? MessageId, string Code, DateTimeOffset? Since, DateTimeOffset? Until, string Action);

/// <param name="Accounts">How many accounts are in each state: pending, active, error, paused, disconnected.</param>
/// <param name="Hours">24 hours, the oldest first, the running one last.</param>
internal sealed record NumbersResponse(IReadOnlyDictionary<string, long> Accounts, IReadOnlyList<HourResponse> Hours, DelayResponse DeliveryDelayMs);

/// <param name="Failed">Of those sent in this hour.</param>
internal sealed record HourResponse(DateTimeOffset Hour, long Received, long Sent, long Failed);

/// <summary>From acceptance to delivery, in milliseconds; null when nothing was delivered.</summary>
internal sealed record DelayResponse(double? P50, double? P95);
