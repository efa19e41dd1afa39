using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Core.Persistence;

namespace Integrations.Api.Authentication;

/// <summary>What the owner types behind the one-time link.</summary>
internal sealed record OwnerLinkRequest
{
    [Required]
    [Description("The token of the link, from the part after the #.")]
    public string? Token { get; init; }

    [Required]
    [Description("The address to sign in with from now on.")]
    public string? Email { get; init; }

    [Required]
    [Description("10 to 256 characters.")]
    public string? Password { get; init; }

    [Description("How the console calls the owner; also the first name of the tenant.")]
    public string? DisplayName { get; init; }
}

internal sealed record SignInRequest
{
    [Required]
    public string? Email { get; init; }

    [Required]
    public string? Password { get; init; }
}

internal sealed record ChallengeAnswerRequest
{
    [Required]
    [Description("What signing in has answered.")]
    public string? Challenge { get; init; }

    [Required]
    [Description("The six digits that the authenticator shows, or a recovery code.")]
    public string? Code { get; init; }
}

/// <summary>The password was right; a code is owed.</summary>
/// <param name="Challenge">To be sent with the code. It cannot be read again.</param>
/// <param name="ExpiresAt">Until when.</param>
internal sealed record ChallengeResponse(string Challenge, DateTimeOffset ExpiresAt);

/// <summary>A session and whose it is.</summary>
/// <param name="SessionToken">Send it as <c>Authorization: Bearer …</c>. It cannot be read again.</param>
internal sealed record SessionResponse(string SessionToken, UserResponse User)
{
    public static SessionResponse From(SignedIn signedIn) => new(signedIn.SessionToken, UserResponse.From(signedIn.Credential));
}

/// <summary>A person.</summary>
/// <param name="UserId">The number by which other objects name the user; unique in the tenant.</param>
/// <param name="OwesSecondFactor">Everything but setting a second factor up is refused with SECOND_FACTOR_REQUIRED; after a sign-in, ask /api/v1/auth/me.</param>
internal sealed record UserResponse(Guid Id, int UserId, string Role, Guid TenantId, string? Email, string? DisplayName, bool OwesSecondFactor)
{
    public static UserResponse From(Credential credential) => new(
        credential.UserRow,
        credential.Principal.UserId,
        Words.Of(credential.Principal.Role),
        credential.Principal.Tenant.Value,
        credential.Principal.Email,
        credential.Principal.DisplayName,
        credential.OwesSecondFactor);
}
