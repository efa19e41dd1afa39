using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Projects;

internal static class ProjectEndpoints
{
    public static RouteGroupBuilder MapProjects(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/projects").WithTags("Projects").WithMetadata(new ShapedMetadata());
        group.MapGet("", ListAsync).WithName("ListProjects").RequireAuthorization(Policies.Read).WithSummary("The tenant's projects, by name");
        group.MapPost("", OpenAsync).WithName("OpenProject").RequireAuthorization(Policies.ManageProjects)
            .WithSummary("Open a project").Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict);
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
        return TypedResults.Created((string?)null, ProjectResponse.From(project));
    }
}

internal sealed record ProjectRequest
{
    [Required]
    [Description("Unique in the tenant; at most 200 characters.")]
    public string? Name { get; init; }

    [Description("Mirror messages into the working group of the project's managing bot. Accounts of such a project need that bot. Default: false.")]
    public bool? Mirroring { get; init; }
}

/// <summary>A workspace in a tenant.</summary>
internal sealed record ProjectResponse(Guid Id, string Name, bool Mirroring, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectResponse From(Project project) => new(project.Id, project.Name, project.Mirroring, project.CreatedAt, project.UpdatedAt);
}
