using System.Text;
using Integrations.Core.Errors;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Authentication;

/// <summary>Believes or refuses a token of the customer's user service.</summary>
internal sealed class UserTokens(IOptions<CallerAuthenticationOptions> settings, KeySet published, TimeProvider time)
{
    private readonly TokenKey? _shared =
        settings.Value.JwtSecretKey is { Length: > 0 } secret ? TokenKey.Shared(Encoding.UTF8.GetBytes(secret)) : null;

    /// <summary>The token, if a key of the user service signed it; null for any other text.</summary>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE while the published keys cannot be had.</exception>
    public async Task<SignedToken?> VerifyAsync(string text, CancellationToken cancellationToken) =>
        SignedToken.Read(text) is { } token && await KeyOfAsync(token, cancellationToken) is { } key && token.IsSignedBy(key) ? token : null;

    /// <summary>Whom a verified token speaks for.</summary>
    /// <exception cref="IntegrationException">UNAUTHENTICATED: it has lapsed, or is for others.</exception>
    public TokenClaims Read(SignedToken token) =>
        TokenClaims.Read(token.Payload, time.GetUtcNow(), settings.Value.Issuer, settings.Value.Audience, out var problem)
        ?? throw new IntegrationException(ErrorCodes.Unauthenticated, problem);

    /// <summary>The shared secret has no name and no other key has its algorithm, so a <c>kid</c> says nothing about it.</summary>
    private async ValueTask<TokenKey?> KeyOfAsync(SignedToken token, CancellationToken cancellationToken) =>
        token.Algorithm switch
        {
            "HS256" => _shared,
            "RS256" or "ES256" when published.IsConfigured => await published.FindAsync(token.KeyId, token.Algorithm, cancellationToken),
            _ => null,
        };
}
