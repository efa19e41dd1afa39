using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Overview;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Overview;

/// <summary>All connections of a tenant, whatever they connect to.</summary>
internal static class ActivityEndpoints
{
    private static readonly UuidParameter ProjectId = new("project_id", "Only those of this project.");
    private static readonly WordParameter Type = new("integration_type", "Only those of this type.", byDefault: null, "personal_telegram", "telegram_bot");
    private static readonly WordParameter Period = new("period", "What the numbers are of: the last 24 hours, 7 or 30 days, in whole hours.", "30d", "24h", "7d", "30d");

    public static IEndpointConventionBuilder MapActivity(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/integrations", ListAsync).WithTags("Overview").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status)
        .WithName("ListIntegrations").RequireAuthorization(Policies.Read)
        .WithSummary("How accounts and bots stand, and what they did in a period")
        .WithDescription("One's own accounts and those of one's projects, for owners and administrators all; and the tenant's bots. The oldest first, at most 2000.")
        .WithQuery(ProjectId, Type, Period).Refuses(ErrorCodes.NotFound);

    private static async Task<Ok<ActivityResponse[]>> ListAsync(HttpContext context, Caller caller, ReadActivity read, CancellationToken cancellationToken)
    {
        var period = TimeSpan.FromDays(Period.Read(context) switch { "24h" => 1, "7d" => 7, _ => 30 });
        var rows = await read.ExecuteAsync(caller.Principal, ProjectId.Read(context), Type.Read(context), period, cancellationToken);
        return TypedResults.Ok(rows.Select(ActivityResponse.From).ToArray());
    }
}

/// <summary>An account or a bot, and what went on in it.</summary>
/// <param name="IntegrationType">personal_telegram or telegram_bot.</param>
/// <param name="Name">What it is called; null where it has no name yet.</param>
/// <param name="UserId">Whose account it is; of a bot, who connected it.</param>
/// <param name="Status">Of an account pending, active, error, paused or disconnected; of a bot pending, active, error or inactive.</param>
/// <param name="LastErrorCode">A code of the error catalogue; null where nothing is wrong.</param>
/// <param name="MessagesReceived">In the period.</param>
/// <param name="MessagesSent">In the period, those that failed included.</param>
/// <param name="LastActivity">When a message last came or went; null where none has.</param>
internal sealed record ActivityResponse(
    Guid Id, string IntegrationType, string? Name, int UserId, Guid? ProjectId, string Status, string? LastErrorCode, long MessagesReceived, long MessagesSent, DateTimeOffset? LastActivity)
{
    public static ActivityResponse From(IntegrationActivity row) => new(
        row.Id, row.Type, row.Name, row.UserId, row.ProjectId, row.Status, row.LastErrorCode, row.MessagesReceived, row.MessagesSent, row.LastActivity);
}
