using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Integrations.Api.Authentication;
using Integrations.Api.Errors;
using Integrations.Core.Errors;
using Integrations.Core.Refusals;
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
        if (Request.Headers[Header].Count == 0)
            return Task.FromResult(AuthenticateResult.NoResult());

        if (IsRight(Request, settings.Value))
            return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(SchemeName)), SchemeName)));

        Context.Features.Set(RefusalLead.Nothing);
        return Task.FromResult(AuthenticateResult.Fail("wrong key"));
    }

    /// <summary>Whether a host of this installation sent this request.</summary>
    public static bool IsRight(HttpRequest request, CallerAuthenticationOptions settings)
    {
        var (values, key) = (request.Headers[Header], settings.InternalServiceKey);
        // Hashes have one length, so the comparison takes one time whatever was sent.
        return values.Count == 1 && key.Length > 0
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(values[0] ?? "")), SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, new(ErrorCodes.Unauthenticated, $"Internal routes need the header {Header}."));
}
