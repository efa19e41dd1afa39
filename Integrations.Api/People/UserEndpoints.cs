using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.People;

/// <summary>The tenant's people, for its administrators.</summary>
internal static class UserEndpoints
{
    public static RouteGroupBuilder MapPeople(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/users").WithTags("People").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListUsers").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("The tenant's people, by name")
            .WithDescription("For owners and administrators who are signed in themselves; so are all routes of people and invitations. sign_in tells whether a person signs in here or comes by a token of the user service.");
        group.MapPatch("/{user_id}", ChangeAsync).WithName("ChangeUser").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("Change a person's role or name, or switch him on or off")
            .WithDescription(
                "Only owners make, change and unmake owners. Nobody changes his own role or switches himself off. The role of a person who comes by a token follows that token. "
                + "Who is switched off is signed out at once, his event streams end, and his API keys are revoked for good.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.RoleTooHigh, ErrorCodes.LastOwner, ErrorCodes.OwnRole, ErrorCodes.RoleOfToken);
        routes.MapInvitations();
        routes.MapOwnAccount();
        routes.MapSecuritySettings();
        return group;
    }

    private static async Task<Ok<PersonResponse[]>> ListAsync(Caller caller, ListUsers list, CancellationToken cancellationToken)
    {
        var users = await list.ExecuteAsync(caller.Principal, cancellationToken);
        var secured = await list.WithSecondFactorAsync(caller.Principal, cancellationToken);
        return TypedResults.Ok(users.Select(user => PersonResponse.From(user, secured.Contains(user.UserId))).ToArray());
    }

    private static async Task<Ok<PersonResponse>> ChangeAsync(
        [FromRoute(Name = "user_id")] int userId, Body<ChangeUserRequest> body, Caller caller, ChangeUser change, TokenUsers tokens, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var role = RoleWords.Check("role", request.Role, errors);
        Texts.CheckName("display_name", request.DisplayName, errors);
        errors.ThrowIfAny();
        var user = await change.ExecuteAsync(caller.Principal, userId, new(role, request.IsActive, request.DisplayName?.Trim()), cancellationToken);
        tokens.Forget(caller.Principal.Tenant, userId);
        return TypedResults.Ok(PersonResponse.From(user));
    }
}

/// <summary>Roles as requests name them.</summary>
internal static class RoleWords
{
    /// <summary>Null where none was sent, or a wrong one, which is then among the errors.</summary>
    public static Role? Check(string field, string? word, FieldErrors errors)
    {
        if (word is null)
            return null;
        if (Words.TryRead<Role>(word, out var role))
            return role;

        errors.Add(field, "Must be one of: viewer, operator, admin, owner.");
        return null;
    }
}
