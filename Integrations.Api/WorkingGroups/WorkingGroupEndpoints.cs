using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.WorkingGroups;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.WorkingGroups;

/// <summary>A project's working group: its managing bots, the supergroup with topics, and what waits to be posted there.</summary>
internal static class WorkingGroupEndpoints
{
    private const int MostBots = 20;

    public static RouteGroupBuilder MapWorkingGroups(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/projects/{id}/working-group").WithTags("Working groups").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", FindAsync).WithName("GetWorkingGroup").RequireAuthorization(Policies.Read)
            .WithSummary("How the project's working group stands: what mirroring lacks, and what waits to be posted");
        group.MapPut("", SetAsync).WithName("SetWorkingGroup").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Choose the managing bots and the group")
            .WithDescription(
                "Each bot asks Telegram for the group before anything is stored. A bot of no project works for this one from then on. "
                + "A group may be stored while something is missing: the answer tells what.")
            .Refuses(
                ErrorCodes.ValidationFailed, ErrorCodes.BotTaken, ErrorCodes.WorkingGroupNotFound, ErrorCodes.Conflict, ErrorCodes.TelegramBotTokenInvalid, ErrorCodes.TelegramFlood,
                ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);
        group.MapPost("/check", CheckAsync).WithName("CheckWorkingGroup").RequireAuthorization(Policies.ManageProjects).LimitedAs(RouteClass.Connect)
            .WithSummary("Ask Telegram now how the group stands").Refuses(ErrorCodes.WorkingGroupNotFound, ErrorCodes.SecretsUnavailable);
        group.MapDelete("", RemoveAsync).WithName("RemoveWorkingGroup").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Take the working group away").WithDescription("Its topics stay in Telegram. May be repeated.").Refuses(ErrorCodes.Conflict);
        return group;
    }

    private static async Task<Ok<WorkingGroupResponse>> FindAsync(Guid id, Caller caller, ReadWorkingGroup read, CancellationToken cancellationToken) =>
        TypedResults.Ok(WorkingGroupResponse.From(await read.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<WorkingGroupResponse>> SetAsync(
        Guid id, Body<WorkingGroupRequest> body, Caller caller, SetWorkingGroup set, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Bots is null)
            errors.Add("bots", "Required.");
        else if (body.Value.Bots.Length > MostBots)
            errors.Add("bots", $"At most {MostBots} bots.");
        var chat = body.Value.Chat is { Length: > 0 } text ? GroupNames.Parse(text) : null;
        if (body.Value.Chat is { Length: > 0 } && chat is null)
            errors.Add("chat", "Must be a group's id (-100…), its @name, or a link to it.");
        else if (chat is not null && body.Value.Bots is { Length: 0 })
            errors.Add("chat", "Must not be sent without bots: one of them has to be in the group.");
        GroupLanguage? language = null;
        if (body.Value.Language is { } word)
        {
            if (Words.TryRead<GroupLanguage>(word, out var read))
                language = read;
            else
                errors.Add("language", "Must be en, ru or uk.");
        }

        errors.ThrowIfAny();
        return TypedResults.Ok(WorkingGroupResponse.From(await set.ExecuteAsync(caller.Principal, id, new(body.Value.Bots!, chat, language), cancellationToken)));
    }

    private static async Task<Ok<WorkingGroupResponse>> CheckAsync(Guid id, Caller caller, CheckWorkingGroup check, CancellationToken cancellationToken) =>
        TypedResults.Ok(WorkingGroupResponse.From(await check.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<NoContent> RemoveAsync(Guid id, Caller caller, RemoveWorkingGroup remove, CancellationToken cancellationToken)
    {
        await remove.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }
}
