using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Integrations.Api.Authentication;
using Integrations.Api.Errors;
using Integrations.Core.Errors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Internal;

/// <summary>Knows the hosts of this installation by <c>X-Internal-Key</c>. It opens the internal routes and no other.</summary>
internal sealed class InternalKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    IOptions<CallerAuthenticationOptions> settings) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "InternalKey";
    public const string Policy = "Internal";
    public const string Header = "X-Internal-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var values = Request.Headers[Header];
        if (values.Count == 0)
            return Task.FromResult(AuthenticateResult.NoResult());

        var key = settings.Value.InternalServiceKey;
        // Hashes have one length, so the comparison takes one time whatever was sent.
        var same = values.Count == 1 && key.Length > 0
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(values[0] ?? "")), SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return Task.FromResult(same
            ? AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(SchemeName)), SchemeName))
            : AuthenticateResult.Fail("wrong key"));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, new(ErrorCodes.Unauthenticated, $"Internal routes need the header {Header}."));
}
