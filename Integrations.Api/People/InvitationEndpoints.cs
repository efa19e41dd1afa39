using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.People;

/// <summary>One-time links by which people come in. Whoever invites hands the link over himself: there is no mail.</summary>
internal static class InvitationEndpoints
{
    /// <summary>Projects that one invitation may lead into.</summary>
    private const int MaxProjects = 100;

    public static void MapInvitations(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/invitations").WithTags("People").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListInvitations").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("The invitations that wait, the newest first");
        group.MapPost("", InviteAsync).WithName("InviteUser").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("Invite somebody who does not sign in here yet")
            .WithDescription("The token is answered once and works once, within seven days. Hand the link over yourself; no mail is sent.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.RoleTooHigh, ErrorCodes.EmailTaken, ErrorCodes.Conflict);
        group.MapPost("/{id}/resend", ResendAsync).WithName("ResendInvitation").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("Give an invitation another link and seven more days")
            .WithDescription("The link before is void from now on.").Refuses(ErrorCodes.RoleTooHigh);
        group.MapDelete("/{id}", RevokeAsync).WithName("RevokeInvitation").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("Make an invitation's link void");
        group.MapPost("/accept", AcceptAsync).WithName("AcceptInvitation").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("Become a user by an invitation's link")
            .WithDescription("Makes the user, puts him into the projects and signs him in. Works once.")
            .Refuses(ErrorCodes.InvitationInvalid, ErrorCodes.EmailTaken, ErrorCodes.ValidationFailed);
    }

    private static async Task<Ok<InvitationResponse[]>> ListAsync(Caller caller, ListInvitations list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(InvitationResponse.From).ToArray());

    private static async Task<Created<IssuedInvitationResponse>> InviteAsync(
        Body<InvitationRequest> body, Caller caller, InviteUser invite, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        AuthEndpoints.CheckEmail(request.Email, errors);
        if (request.Role is null)
            errors.Add("role", "Required.");
        var role = RoleWords.Check("role", request.Role, errors);
        if (request.ProjectIds is { Length: > MaxProjects })
            errors.Add("project_ids", $"Must have at most {MaxProjects}.");
        errors.ThrowIfAny();
        var token = SecretToken.New(SecretToken.InvitationPrefix);
        var open = await invite.ExecuteAsync(
            caller.Principal, request.Email!.Trim(), role!.Value, request.ProjectIds ?? [], SecretToken.Hash(token), cancellationToken);
        return TypedResults.Created((string?)null, new IssuedInvitationResponse(InvitationResponse.From(open), token));
    }

    private static async Task<Ok<IssuedInvitationResponse>> ResendAsync(Guid id, Caller caller, ResendInvitation resend, CancellationToken cancellationToken)
    {
        var token = SecretToken.New(SecretToken.InvitationPrefix);
        var open = await resend.ExecuteAsync(caller.Principal, id, SecretToken.Hash(token), cancellationToken);
        return TypedResults.Ok(new IssuedInvitationResponse(InvitationResponse.From(open), token));
    }

    private static async Task<NoContent> RevokeAsync(Guid id, Caller caller, RevokeInvitation revoke, CancellationToken cancellationToken)
    {
        await revoke.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<SessionResponse>> AcceptAsync(
        Body<AcceptInvitationRequest> body, HttpContext context, AcceptInvitation accept, Passwords passwords, Sessions sessions, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.Token))
            errors.Add("token", "Required.");
        AuthEndpoints.CheckNewPassword(request.Password, errors);
        Texts.CheckName("display_name", request.DisplayName, errors);
        errors.ThrowIfAny();
        if (!SecretToken.HasForm(request.Token, SecretToken.InvitationPrefix))
            throw new IntegrationException(ErrorCodes.InvitationInvalid);

        var user = await accept.ExecuteAsync(
            SecretToken.Hash(request.Token!), Texts.Named(request.DisplayName), () => passwords.HashAsync(request.Password!, cancellationToken), cancellationToken);
        var principal = new Principal(new(user.TenantId), user.UserId, user.Role, user.Email, user.DisplayName);
        var session = await sessions.BeginAsync(principal, AuthEndpoints.UserAgentOf(context), cancellationToken);
        return TypedResults.Ok(SessionResponse.From(new SignedIn(session, new Credential(principal, user.Id, SessionHash: null, ExpiresAt: null))));
    }
}
