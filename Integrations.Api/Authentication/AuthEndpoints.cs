using System.Net.Mail;
using Integrations.Api.Http;
using Integrations.Api.People;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Refusals;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Authentication;

internal static class AuthEndpoints
{
    public static RouteGroupBuilder MapAuthentication(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/auth").WithTags("Sign-in").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapPost("/owner-link", UseOwnerLinkAsync).WithName("UseOwnerLink").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("Set the owner's password by the one-time link")
            .WithDescription("Makes the tenant and its owner, and signs the owner in. Works once, within 15 minutes of the link.")
            .Refuses(ErrorCodes.OwnerLinkInvalid, ErrorCodes.ValidationFailed);
        group.MapPost("/sign-in", SignInAsync).WithName("SignIn").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("Sign in by address and password")
            .WithDescription(
                "The session lasts 14 days from its last use. After five failed tries an address waits up to 15 minutes. "
                + "Who has a second factor gets 202 and a challenge, to be answered with a code within five minutes.")
            .Refuses(ErrorCodes.SignInFailed, ErrorCodes.RateLimited, ErrorCodes.ValidationFailed);
        group.MapPost("/sign-in/code", AnswerChallengeAsync).WithName("AnswerSignInChallenge").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("Finish signing in with a code")
            .WithDescription("Takes what the authenticator shows, or a recovery code; each works once. A challenge takes five tries.")
            .Refuses(ErrorCodes.ChallengeInvalid, ErrorCodes.CodeWrong, ErrorCodes.RateLimited, ErrorCodes.ValidationFailed);
        group.MapPost("/sign-out", SignOutAsync).WithName("SignOut").RequireAuthorization(Policies.Read).BeforeSecondFactor()
            .WithSummary("End this session")
            .WithDescription("Its token is void from now on, and event streams that it opened end. A token of the user service cannot be ended here.")
            .Refuses(ErrorCodes.Conflict);
        group.MapGet("/me", Me).WithName("Me").RequireAuthorization(Policies.Read).BeforeSecondFactor().WithSummary("Who the token speaks for");
        return group;
    }

    private static async Task<Ok<SessionResponse>> UseOwnerLinkAsync(Body<OwnerLinkRequest> body, OwnerLinks links, HttpContext context, CancellationToken cancellationToken)
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
            request.Token!, request.Email!.Trim(), request.Password!, Texts.Named(request.DisplayName), UserAgentOf(context), cancellationToken)));
    }

    private static async Task<Results<Ok<SessionResponse>, Accepted<ChallengeResponse>>> SignInAsync(
        Body<SignInRequest> body, SignIn signIn, CallerAddress address, HttpContext context, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        CheckEmail(request.Email, errors);
        if (string.IsNullOrEmpty(request.Password) || request.Password.Length > Passwords.MaxLength)
            errors.Add("password", $"Must have 1 to {Passwords.MaxLength} characters.");
        errors.ThrowIfAny();
        context.Features.Set(new RefusalLead(RefusalLeadKind.Email, request.Email!.Trim()));
        var step = await signIn.ExecuteAsync(request.Email!.Trim(), request.Password!, address.Of(context), UserAgentOf(context), cancellationToken);
        return step.Challenge is { } challenge
            ? TypedResults.Accepted((string?)null, new ChallengeResponse(challenge.Token, challenge.ExpiresAt))
            : TypedResults.Ok(SessionResponse.From(step.SignedIn!));
    }

    private static async Task<Ok<SessionResponse>> AnswerChallengeAsync(
        Body<ChallengeAnswerRequest> body, SignInChallenges challenges, CallerAddress address, HttpContext context, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.Challenge))
            errors.Add("challenge", "Required.");
        SecondFactorEndpoints.CheckCode(request.Code, errors);
        errors.ThrowIfAny();
        if (SecretToken.HasForm(request.Challenge, SecretToken.ChallengePrefix))
            context.Features.Set(new RefusalLead(RefusalLeadKind.Challenge, Convert.ToHexStringLower(SecretToken.Hash(request.Challenge!))));
        return TypedResults.Ok(SessionResponse.From(
            await challenges.AnswerAsync(request.Challenge!, request.Code!, address.Of(context), UserAgentOf(context), cancellationToken)));
    }

    private static async Task<NoContent> SignOutAsync(Caller caller, Sessions sessions, CancellationToken cancellationToken)
    {
        if (caller.Credential.SessionHash is not { } hash)
            throw new IntegrationException(ErrorCodes.Conflict, "Only a session can be signed out. A token of the user service ends there, and a key is revoked.");

        await sessions.EndAsync(caller.Principal.Tenant, hash, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Ok<UserResponse> Me(Caller caller) => TypedResults.Ok(UserResponse.From(caller.Credential));

    /// <summary>The console asks for a person: it tells his browser in the same header.</summary>
    internal static string? UserAgentOf(HttpContext context) => context.Request.Headers.UserAgent.ToString();

    internal static void CheckEmail(string? email, FieldErrors errors)
    {
        var trimmed = email?.Trim();
        if (trimmed is not { Length: > 0 and <= 254 } || trimmed.Any(char.IsControl) || !MailAddress.TryCreate(trimmed, out var address) || address.Address != trimmed)
            errors.Add("email", "Must be an e-mail address.");
    }

    internal static void CheckNewPassword(string? password, FieldErrors errors, string field = "password")
    {
        if (password is null || password.Length is < Passwords.MinLength or > Passwords.MaxLength)
            errors.Add(field, $"Must have {Passwords.MinLength} to {Passwords.MaxLength} characters.");
    }
}
