using System.Text.Json;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

internal static class LogEndpoints
{
    /// <summary>Lines are kept this long.</summary>
    private const int MaxDays = 365;

    private static readonly TextParameter IntegrationType = new("integration_type", "Which integration's log.", "telegram", 50);
    private static readonly WordParameter Status = new("log_status", "Only lines of this status.", byDefault: null, "success", "error", "pending");
    private static readonly NumberParameter LogDays = new("days_back", "How many days back.", 30, 1, MaxDays);
    private static readonly NumberParameter StatDays = new("days_back", "How many days back.", 7, 1, MaxDays);
    private static readonly NumberParameter Page = new("page", "From 1.", 1, 1, 100_000);
    private static readonly NumberParameter Size = new("size", "Lines on a page.", 20, 1, 100);

    public static RouteGroupBuilder MapLogs(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/logs", ListAsync).WithName("ListLogs").RequireAuthorization(Policies.Read)
            .WithSummary("What the caller did and what became of it, the newest first").WithQuery(IntegrationType, Status, LogDays, Page, Size);
        telegram.MapGet("/stats/errors", CountAsync).WithName("GetErrorStatistics").RequireAuthorization(Policies.Read)
            .WithSummary("How many actions failed").WithQuery(StatDays);
        return telegram;
    }

    private static async Task<Ok<LogPageResponse>> ListAsync(HttpContext context, Caller caller, ListLogs list, CancellationToken cancellationToken)
    {
        var (page, size) = (Page.Int(context), Size.Int(context));
        LogStatus? status = Status.Read(context) is { } word ? Words.Read<LogStatus>(word) : null;
        var logs = await list.ExecuteAsync(caller.Principal, IntegrationType.Read(context)!, status, LogDays.Int(context), page, size, cancellationToken);
        return TypedResults.Ok(new LogPageResponse(
            [.. logs.Items.Select(LogResponse.From)], logs.Total, page, size, (int)((logs.Total + size - 1) / size)));
    }

    private static async Task<Ok<ErrorStatisticsResponse>> CountAsync(HttpContext context, Caller caller, CountErrors count, CancellationToken cancellationToken)
    {
        var days = StatDays.Int(context);
        var found = await count.ExecuteAsync(caller.Principal, "telegram", days, cancellationToken);
        var rate = found.TotalActions == 0 ? 0 : Math.Round(100.0 * found.ErrorCount / found.TotalActions, 2);
        return TypedResults.Ok(new ErrorStatisticsResponse(found.TotalActions, found.ErrorCount, found.SuccessCount, rate, days));
    }
}

/// <summary>One line of the log.</summary>
/// <param name="Status">success, error or pending.</param>
/// <param name="Details">What else belongs to it; never a secret or a message's text.</param>
internal sealed record LogResponse(
    Guid Id,
    int? UserId,
    Guid? AccountId,
    string IntegrationType,
    string Action,
    string Status,
    JsonElement Details,
    string? ErrorCode,
    string? ErrorMessage,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static LogResponse From(IntegrationLog log) => new(
        log.Id,
        log.UserId,
        log.AccountId,
        log.IntegrationType,
        log.Action,
        Words.Of(log.Status),
        log.Details,
        log.ErrorCode,
        log.ErrorMessage,
        log.CreatedAt,
        log.UpdatedAt);
}

internal sealed record LogPageResponse(IReadOnlyList<LogResponse> Items, long Total, int Page, int Size, int Pages);

/// <param name="ErrorRate">Per cent of all actions, to two places.</param>
internal sealed record ErrorStatisticsResponse(long TotalActions, long ErrorCount, long SuccessCount, double ErrorRate, int PeriodDays);
