using System.Text.Json;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

internal static class LogEndpoints
{
    /// <summary>What an installation keeps at most; thirty days by default (<c>Audit:LogsKeptFor</c>).</summary>
    private const int MaxDays = 365;

    private static readonly TextParameter IntegrationType = new("integration_type", "Which integration's log.", "telegram", 50);
    private static readonly WordParameter Status = new("log_status", "Only lines of this status.", byDefault: null, "success", "error", "pending");
    private static readonly TextParameter Action = new("action", "Only lines of this action, such as personal.login.", byDefault: null, 50);
    private static readonly UuidParameter Account = new("account_id", "Only lines about this account.");
    private static readonly NumberParameter User = new("user_id", "Only lines of this user.", byDefault: null, 1, int.MaxValue);
    private static readonly TextParameter Search = new("search", "Only lines with this in their code, message, action or trace.", byDefault: null, 100);
    private static readonly FlagParameter All = new("all", "Owners and administrators: the lines of all users of the tenant. Others get their own either way.", byDefault: false);
    private static readonly NumberParameter LogDays = new("days_back", "How many days back.", 30, 1, MaxDays);
    private static readonly NumberParameter StatDays = new("days_back", "How many days back.", 7, 1, MaxDays);
    private static readonly NumberParameter Page = new("page", "From 1.", 1, 1, 100_000);
    private static readonly NumberParameter Size = new("size", "Lines on a page.", 20, 1, 100);

    public static RouteGroupBuilder MapLogs(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/logs", ListAsync).WithName("ListLogs").RequireAuthorization(Policies.Read)
            .WithSummary("What was done and what became of it, the newest first")
            .WithQuery(IntegrationType, Status, Action, Account, User, Search, All, LogDays, Page, Size);
        telegram.MapGet("/logs.csv", ExportAsync).WithName("ExportLogs").RequireAuthorization(Policies.Read)
            .WithSummary("The same as a table for a spreadsheet")
            .WithDescription(
                $"Comma-separated values by RFC 4180 in UTF-8 with a byte order mark, at most {LogTable.MostLines} lines, the newest first. "
                + "A cell that a spreadsheet would take for a formula begins with an apostrophe.")
            .Produces<string>(StatusCodes.Status200OK, LogTable.ContentType)
            .WithQuery(IntegrationType, Status, Action, Account, User, Search, All, LogDays);
        telegram.MapGet("/stats/errors", CountAsync).WithName("GetErrorStatistics").RequireAuthorization(Policies.Read)
            .WithSummary("How many actions failed").WithQuery(StatDays);
        return telegram;
    }

    private static async Task<Ok<LogPageResponse>> ListAsync(HttpContext context, Caller caller, ListLogs list, CancellationToken cancellationToken)
    {
        var (page, size) = (Page.Int(context), Size.Int(context));
        var logs = await list.ExecuteAsync(caller.Principal, Filter(context), page, size, cancellationToken);
        return TypedResults.Ok(new LogPageResponse(
            [.. logs.Items.Select(LogResponse.From)], logs.Total, page, size, (int)((logs.Total + size - 1) / size)));
    }

    private static Task ExportAsync(HttpContext context, Caller caller, ListLogs list, CancellationToken cancellationToken) =>
        LogTable.WriteAsync(context.Response, list.StreamAsync(caller.Principal, Filter(context), LogTable.MostLines, cancellationToken), cancellationToken);

    private static LogFilter Filter(HttpContext context) => new(
        IntegrationType.Read(context)!,
        LogDays.Int(context),
        All.Read(context),
        Status.Read(context) is { } status ? Words.Read<LogStatus>(status) : null,
        Action.Read(context),
        Account.Read(context),
        (int?)User.Read(context),
        Search.Read(context));

    private static async Task<Ok<ErrorStatisticsResponse>> CountAsync(HttpContext context, Caller caller, CountErrors count, CancellationToken cancellationToken)
    {
        var days = StatDays.Int(context);
        var found = await count.ExecuteAsync(caller.Principal, "telegram", days, cancellationToken);
        var rate = found.TotalActions == 0 ? 0 : Math.Round(100.0 * found.ErrorCount / found.TotalActions, 2);
        return TypedResults.Ok(new ErrorStatisticsResponse(found.TotalActions, found.ErrorCount, found.SuccessCount, rate, days));
    }
}

/// <summary>One line of the log.</summary>
/// <param name="UserName">What the user is called; null where nobody has said.</param>
/// <param name="AccountName">What the account is called; null for lines about none, and where it has no name.</param>
/// <param name="Status">success, error or pending.</param>
/// <param name="Details">What else belongs to it; never a secret or a message's text.</param>
/// <param name="TraceId">Leads to the request in logs and traces.</param>
internal sealed record LogResponse(
    Guid Id,
    int? UserId,
    string? UserName,
    Guid? AccountId,
    string? AccountName,
    string IntegrationType,
    string Action,
    string Status,
    JsonElement Details,
    string? ErrorCode,
    string? ErrorMessage,
    string? TraceId,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static LogResponse From(NamedLog line) => new(
        line.Log.Id,
        line.Log.UserId,
        line.UserName,
        line.Log.AccountId,
        line.AccountName,
        line.Log.IntegrationType,
        line.Log.Action,
        Words.Of(line.Log.Status),
        line.Log.Details,
        line.Log.ErrorCode,
        line.Log.ErrorMessage,
        line.Log.TraceId,
        line.Log.CreatedAt,
        line.Log.UpdatedAt);
}

internal sealed record LogPageResponse(IReadOnlyList<LogResponse> Items, long Total, int Page, int Size, int Pages);

/// <param name="ErrorRate">Per cent of all actions, to two places.</param>
internal sealed record ErrorStatisticsResponse(long TotalActions, long ErrorCount, long SuccessCount, double ErrorRate, int PeriodDays);
