using System.ComponentModel.DataAnnotations;
using System.Text;

namespace Integrations.Api.Authentication;

/// <summary>How callers prove who they are.</summary>
internal sealed class CallerAuthenticationOptions : IValidatableObject
{
    /// <summary><c>JWT_SECRET_KEY</c>: the secret shared with the customer's user service, at least 32 bytes (RFC 7518 section 3.2). Empty refuses all its tokens.</summary>
    public string JwtSecretKey { get; set; } = "";

    /// <summary>Where the user service publishes its public keys, for tokens signed with RS256 or ES256.</summary>
    public JwksOptions Jwks { get; set; } = new();

    /// <summary>What the claim <c>iss</c> of the user service's tokens must say. Empty asks for none.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>What the claim <c>aud</c> must name. Empty asks for none; set it where one issuer serves several services (RFC 8725 section 3.9).</summary>
    public string Audience { get; set; } = "";

    /// <summary><c>INTERNAL_SERVICE_KEY</c>: what hosts of this installation show each other, at least 32 bytes. Empty closes the internal routes.</summary>
    public string InternalServiceKey { get; set; } = "";

    /// <summary>How long a session of the console lasts after it was last used.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>How long an owner link may wait for its use.</summary>
    public TimeSpan OwnerLinkLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long what the database says of a token's user is believed without asking again.</summary>
    public TimeSpan UserCacheLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Keys that came over a plain connection are whoever's stood in between.</summary>
    public bool FetchesKeysSafely(bool isDevelopment) =>
        Jwks.Address is not { IsAbsoluteUri: true } address || address.Scheme == Uri.UriSchemeHttps || address.IsLoopback || isDevelopment;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (JwtSecretKey.Length > 0 && Encoding.UTF8.GetByteCount(JwtSecretKey) < 32)
            yield return new("JWT_SECRET_KEY must have at least 32 bytes.");
        if (InternalServiceKey.Length > 0 && Encoding.UTF8.GetByteCount(InternalServiceKey) < 32)
            yield return new("INTERNAL_SERVICE_KEY must have at least 32 bytes.");
        if (Jwks.Address is { } address && (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http") || address.UserInfo.Length > 0))
            yield return new("Authentication:Jwks:Address must be an http or https address without a user.");
        if (Jwks.Lifetime <= TimeSpan.Zero || Jwks.MinimumPause < TimeSpan.FromSeconds(1) || Jwks.StaleLifetime < TimeSpan.Zero || Jwks.Timeout <= TimeSpan.Zero)
            yield return new("Authentication:Jwks: Lifetime and Timeout must be positive, MinimumPause a second or more, StaleLifetime not negative.");
        if (SessionLifetime < TimeSpan.FromMinutes(1) || OwnerLinkLifetime <= TimeSpan.Zero || UserCacheLifetime < TimeSpan.Zero)
            yield return new("Authentication: SessionLifetime must be a minute or more, OwnerLinkLifetime positive, UserCacheLifetime not negative.");
    }
}
