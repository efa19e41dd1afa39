using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.People;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.Projects;

internal static class ProjectEndpoints
{
    public static RouteGroupBuilder MapProjects(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/projects").WithTags("Projects").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListProjects").RequireAuthorization(Policies.Read).WithSummary("The tenant's projects, by name");
        group.MapPost("", OpenAsync).WithName("OpenProject").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Open a project").Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict, ErrorCodes.ProjectNotReady);
        group.MapGet("/{id}", FindAsync).WithName("GetProject").RequireAuthorization(Policies.Read).WithSummary("One project");
        group.MapPatch("/{id}", ChangeAsync).WithName("ChangeProject").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Rename a project, or switch its mirroring").Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict, ErrorCodes.ProjectNotReady);
        group.MapDelete("/{id}", DeleteAsync).WithName("DeleteProject").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Delete a project that has no accounts").Refuses(ErrorCodes.ProjectNotEmpty);
        group.MapGet("/{id}/members", ListMembersAsync).WithName("ListProjectMembers").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Who works in the project, by name");
        group.MapPut("/{id}/members/{user_id}", AddMemberAsync).WithName("AddProjectMember").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Put a person into the project").WithDescription("Members read and answer the dialogs of the project's accounts. May be repeated.");
        group.MapDelete("/{id}/members/{user_id}", RemoveMemberAsync).WithName("RemoveProjectMember").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Take a person out of the project").WithDescription("May be repeated.");
        return group;
    }

    private static async Task<Ok<ProjectResponse[]>> ListAsync(Caller caller, ListProjects list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(ProjectResponse.From).ToArray());

    private static async Task<Created<ProjectResponse>> OpenAsync(Body<ProjectRequest> body, Caller caller, OpenProject open, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (Texts.Named(body.Value.Name) is null)
            errors.Add("name", "Required.");
        Texts.CheckName("name", body.Value.Name, errors);
        errors.ThrowIfAny();
        var project = await open.ExecuteAsync(caller.Principal, Texts.Named(body.Value.Name)!, body.Value.Mirroring ?? false, cancellationToken);
        return TypedResults.Created((string?)null, ProjectResponse.From(new ProjectOverview(project, 0, new Dictionary<string, int>(), new Dictionary<string, int>(), [], [])));
    }

    private static async Task<Ok<ProjectResponse>> FindAsync(Guid id, Caller caller, FindProject find, CancellationToken cancellationToken) =>
        TypedResults.Ok(ProjectResponse.From(await find.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<ProjectResponse>> ChangeAsync(
        Guid id, Body<ChangeProjectRequest> body, Caller caller, ChangeProject change, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Name is not null && Texts.Named(body.Value.Name) is null)
            errors.Add("name", "Must not be empty.");
        Texts.CheckName("name", body.Value.Name, errors);
        errors.ThrowIfAny();
        return TypedResults.Ok(ProjectResponse.From(
            await change.ExecuteAsync(caller.Principal, id, Texts.Named(body.Value.Name), body.Value.Mirroring, cancellationToken)));
    }

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteProject delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<PersonResponse[]>> ListMembersAsync(Guid id, Caller caller, ProjectMembers members, CancellationToken cancellationToken) =>
        TypedResults.Ok((await members.ListAsync(caller.Principal, id, cancellationToken)).Select(user => PersonResponse.From(user)).ToArray());

    private static async Task<NoContent> AddMemberAsync(
        Guid id, [FromRoute(Name = "user_id")] int userId, Caller caller, ProjectMembers members, CancellationToken cancellationToken)
    {
        await members.AddAsync(caller.Principal, id, userId, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RemoveMemberAsync(
        Guid id, [FromRoute(Name = "user_id")] int userId, Caller caller, ProjectMembers members, CancellationToken cancellationToken)
    {
        await members.RemoveAsync(caller.Principal, id, userId, cancellationToken);
        return TypedResults.NoContent();
    }
}
