using System.Net.Mail;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Authentication;

internal static class AuthEndpoints
{
    public static RouteGroupBuilder MapAuthentication(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/auth").WithTags("Sign-in").WithMetadata(new ShapedMetadata());
        group.MapPost("/owner-link", UseOwnerLinkAsync).WithName("UseOwnerLink").AllowAnonymous()
            .WithSummary("Set the owner's password by the one-time link")
            .WithDescription("Makes the tenant and its owner, and signs the owner in. Works once, within 15 minutes of the link.")
            .Refuses(ErrorCodes.OwnerLinkInvalid, ErrorCodes.ValidationFailed);
        group.MapPost("/sign-in", SignInAsync).WithName("SignIn").AllowAnonymous()
            .WithSummary("Sign in by address and password")
            .WithDescription("The session lasts 14 days from its last use. After five failed tries an address waits up to 15 minutes.")
            .Refuses(ErrorCodes.SignInFailed, ErrorCodes.RateLimited, ErrorCodes.ValidationFailed);
        group.MapPost("/sign-out", SignOutAsync).WithName("SignOut").RequireAuthorization(Policies.Read)
            .WithSummary("End this session")
            .WithDescription("Its token is void from now on, and event streams that it opened end. A token of the user service cannot be ended here.")
            .Refuses(ErrorCodes.Conflict);
        group.MapGet("/me", Me).WithName("Me").RequireAuthorization(Policies.Read).WithSummary("Who the token speaks for");
        return group;
    }

    private static async Task<Ok<SessionResponse>> UseOwnerLinkAsync(Body<OwnerLinkRequest> body, OwnerLinks links, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.Token))
            errors.Add("token", "Required.");
        CheckEmail(request.Email, errors);
        CheckNewPassword(request.Password, errors);
        Texts.CheckName("display_name", request.DisplayName, errors);
        errors.ThrowIfAny();
        return TypedResults.Ok(SessionResponse.From(await links.UseAsync(
            request.Token!, request.Email!.Trim(), request.Password!, Texts.Named(request.DisplayName), cancellationToken)));
    }

    private static async Task<Ok<SessionResponse>> SignInAsync(Body<SignInRequest> body, SignIn signIn, HttpContext context, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        CheckEmail(request.Email, errors);
        if (string.IsNullOrEmpty(request.Password) || request.Password.Length > Passwords.MaxLength)
            errors.Add("password", $"Must have 1 to {Passwords.MaxLength} characters.");
        errors.ThrowIfAny();
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        return TypedResults.Ok(SessionResponse.From(await signIn.ExecuteAsync(request.Email!.Trim(), request.Password!, address, cancellationToken)));
    }

    private static async Task<NoContent> SignOutAsync(Caller caller, Sessions sessions, CancellationToken cancellationToken)
    {
        if (caller.Credential.SessionHash is not { } hash)
            throw new IntegrationException(ErrorCodes.Conflict, "This token was issued by the user service and ends there.");

        await sessions.EndAsync(caller.Principal.Tenant, hash, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Ok<UserResponse> Me(Caller caller) => TypedResults.Ok(UserResponse.From(caller.Credential));

    private static void CheckEmail(string? email, FieldErrors errors)
    {
        var trimmed = email?.Trim();
        if (trimmed is not { Length: > 0 and <= 254 } || trimmed.Any(char.IsControl) || !MailAddress.TryCreate(trimmed, out var address) || address.Address != trimmed)
            errors.Add("email", "Must be an e-mail address.");
    }

    private static void CheckNewPassword(string? password, FieldErrors errors)
    {
        if (password is null || password.Length is < Passwords.MinLength or > Passwords.MaxLength)
            errors.Add("password", $"Must have {Passwords.MinLength} to {Passwords.MaxLength} characters.");
    }
}
