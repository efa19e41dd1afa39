using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.People;

/// <summary>The second factor of people who sign in here: their own, and how an owner takes a lost one away.</summary>
internal static class SecondFactorEndpoints
{
    /// <summary>How authenticators call this service.</summary>
    private const string Issuer = "Integrations";

    internal const int MaxCode = 64;

    public static void MapSecondFactor(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/me/second-factor").WithTags("Own account").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", StateAsync).WithName("GetSecondFactor").RequireAuthorization(Policies.OwnAccount).BeforeSecondFactor()
            .WithSummary("Whether signing in takes a code as well");
        group.MapPost("", BeginAsync).WithName("BeginSecondFactor").RequireAuthorization(Policies.OwnAccount).BeforeSecondFactor()
            .WithSummary("Begin to use an authenticator")
            .WithDescription("Answers its secret once (RFC 6238: SHA-1, six digits, 30 seconds). Nothing changes at sign-in until a code confirms it.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.PasswordWrong, ErrorCodes.RateLimited, ErrorCodes.Conflict);
        group.MapPost("/confirm", ConfirmAsync).WithName("ConfirmSecondFactor").RequireAuthorization(Policies.OwnAccount).BeforeSecondFactor()
            .WithSummary("Switch the second factor on by its first code")
            .WithDescription("Answers ten recovery codes once; each signs in once in place of a code. All other sessions of the caller end.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.CodeWrong, ErrorCodes.RateLimited, ErrorCodes.Conflict);
        group.MapPost("/recovery-codes", RenewCodesAsync).WithName("RenewRecoveryCodes").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Get ten new recovery codes").WithDescription("The ones before are void.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.PasswordWrong, ErrorCodes.CodeWrong, ErrorCodes.RateLimited, ErrorCodes.Conflict);
        group.MapPost("/disable", DisableAsync).WithName("DisableSecondFactor").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Switch the second factor off")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.PasswordWrong, ErrorCodes.CodeWrong, ErrorCodes.RateLimited, ErrorCodes.Conflict);

        routes.MapGroup("/api/v1/users").WithTags("People").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status)
            .MapDelete("/{user_id}/second-factor", ResetAsync).WithName("ResetSecondFactor").RequireAuthorization(Policies.ResetSecondFactors)
            .WithSummary("Take a lost second factor away from somebody")
            .WithDescription("For owners. The person is signed out everywhere and signs in by password alone until he sets up another. It stands in the log.")
            .Refuses(ErrorCodes.OwnRole);
    }

    private static async Task<Ok<SecondFactorResponse>> StateAsync(Caller caller, SecondFactors factors, CancellationToken cancellationToken) =>
        TypedResults.Ok(SecondFactorResponse.From(await factors.StateAsync(caller.Principal, cancellationToken)));

    private static async Task<Ok<SecondFactorSecretResponse>> BeginAsync(
        Body<OwnPasswordRequest> body, Caller caller, HttpContext context, CallerAddress address, OwnPasswords passwords, SecondFactors factors, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        CheckPassword(body.Value.Password, errors);
        errors.ThrowIfAny();
        await passwords.RequireAsync(caller.Credential, body.Value.Password!, address.Of(context), cancellationToken);
        var secret = await factors.BeginAsync(caller.Principal, cancellationToken);
        return TypedResults.Ok(new SecondFactorSecretResponse(Totp.Base32(secret), Totp.Address(Issuer, caller.Principal.Email ?? $"{caller.Principal.UserId}", secret)));
    }

    private static async Task<Ok<RecoveryCodesResponse>> ConfirmAsync(
        Body<SecondFactorCodeRequest> body, Caller caller, HttpContext context, CallerAddress address, SecondFactors factors, SignInThrottle throttle, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        CheckCode(body.Value.Code, errors);
        errors.ThrowIfAny();
        var codes = await JudgeAsync(
            caller, address.Of(context), throttle,
            () => factors.ConfirmAsync(caller.Principal, body.Value.Code!, caller.Credential.SessionHash, cancellationToken), cancellationToken);
        return TypedResults.Ok(new RecoveryCodesResponse(codes));
    }

    private static async Task<Ok<RecoveryCodesResponse>> RenewCodesAsync(
        Body<SecondFactorProofRequest> body, Caller caller, HttpContext context, CallerAddress address, OwnPasswords passwords, SecondFactors factors, SignInThrottle throttle,
        CancellationToken cancellationToken)
    {
        await RequirePasswordAsync(body.Value, caller, address.Of(context), passwords, cancellationToken);
        var codes = await JudgeAsync(
            caller, address.Of(context), throttle,
            () => factors.RenewCodesAsync(caller.Principal, body.Value.Code!, cancellationToken), cancellationToken);
        return TypedResults.Ok(new RecoveryCodesResponse(codes));
    }

    private static async Task<NoContent> DisableAsync(
        Body<SecondFactorProofRequest> body, Caller caller, HttpContext context, CallerAddress address, OwnPasswords passwords, SecondFactors factors, SignInThrottle throttle,
        CancellationToken cancellationToken)
    {
        await RequirePasswordAsync(body.Value, caller, address.Of(context), passwords, cancellationToken);
        await JudgeAsync(
            caller, address.Of(context), throttle,
            async () =>
            {
                await factors.DisableAsync(caller.Principal, body.Value.Code!, cancellationToken);
                return true;
            },
            cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> ResetAsync(
        [FromRoute(Name = "user_id")] int userId, Caller caller, SecondFactors factors, CancellationToken cancellationToken)
    {
        await factors.ResetAsync(caller.Principal, userId, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Task<string> RequirePasswordAsync(
        SecondFactorProofRequest request, Caller caller, string address, OwnPasswords passwords, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        CheckPassword(request.Password, errors);
        CheckCode(request.Code, errors);
        errors.ThrowIfAny();
        return passwords.RequireAsync(caller.Credential, request.Password!, address, cancellationToken);
    }

    /// <summary>Wrong codes count against the same account as those at sign-in.</summary>
    private static async Task<T> JudgeAsync<T>(Caller caller, string address, SignInThrottle throttle, Func<Task<T>> judge, CancellationToken cancellationToken)
    {
        var name = $"code of {caller.Credential.UserRow}";
        if (await throttle.EnterAsync(address, name, cancellationToken) is { } wait)
            throw new IntegrationException(ErrorCodes.RateLimited, "Too many wrong codes. Wait before the next one.", wait);
        var result = await judge();
        await throttle.SucceededAsync(address, name, cancellationToken);
        return result;
    }

    private static void CheckPassword(string? password, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(password) || password.Length > Passwords.MaxLength)
            errors.Add("password", $"Must have 1 to {Passwords.MaxLength} characters.");
    }

    internal static void CheckCode(string? code, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(code) || code.Length > MaxCode)
            errors.Add("code", "Must be the six digits of the authenticator, or a recovery code.");
    }
}

internal sealed record OwnPasswordRequest
{
    [Required]
    [Description("The caller's password.")]
    public string? Password { get; init; }
}

internal sealed record SecondFactorCodeRequest
{
    [Required]
    [Description("The six digits that the authenticator shows.")]
    public string? Code { get; init; }
}

internal sealed record SecondFactorProofRequest
{
    [Required]
    [Description("The caller's password.")]
    public string? Password { get; init; }

    [Required]
    [Description("The six digits that the authenticator shows, or a recovery code.")]
    public string? Code { get; init; }
}

/// <summary>How the caller's second factor stands.</summary>
/// <param name="Enabled">Whether signing in takes a code as well.</param>
/// <param name="Since">When it was switched on.</param>
/// <param name="RecoveryCodesLeft">Recovery codes that were not used yet.</param>
internal sealed record SecondFactorResponse(bool Enabled, DateTimeOffset? Since, int RecoveryCodesLeft)
{
    public static SecondFactorResponse From(SecondFactorState state) => new(state.Since is not null, state.Since, state.RecoveryCodesLeft);
}

/// <summary>A new authenticator's secret.</summary>
/// <param name="Secret">In base32, to be typed. It cannot be read again.</param>
/// <param name="OtpauthUri">The same for a QR code.</param>
internal sealed record SecondFactorSecretResponse(string Secret, string OtpauthUri);

/// <summary>The codes that sign in once each in place of the authenticator.</summary>
/// <param name="RecoveryCodes">They cannot be read again.</param>
internal sealed record RecoveryCodesResponse(string[] RecoveryCodes);
