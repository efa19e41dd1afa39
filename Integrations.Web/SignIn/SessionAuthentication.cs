using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Integrations.Web.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Integrations.Web.SignIn;

/// <summary>Authenticates a request by the opaque session id in its cookie; the Api says whether it is good and whose it is.</summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IHttpClientFactory clients)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Session";
    public const string CookieName = "integrations_session";
    public const string TokenClaim = "session_token";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Cookies[CookieName] is not { Length: > 0 } token)
            return AuthenticateResult.NoResult();
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/auth/me");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, Context.RequestAborted);
        if (!response.IsSuccessStatusCode)
            return AuthenticateResult.NoResult();
        var me = await response.Content.ReadFromJsonAsync<Me>(IntegrationsApi.Json, Context.RequestAborted);
        if (me is null)
            return AuthenticateResult.NoResult();
        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.Name, me.DisplayName ?? me.Email ?? ""), new Claim(ClaimTypes.Role, me.Role), new Claim(TokenClaim, token),
                new Claim(ClaimTypes.NameIdentifier, me.UserId.ToString(CultureInfo.InvariantCulture)),
            ],
            SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Redirect("/sign-in");
        return Task.CompletedTask;
    }

    private sealed record Me(int UserId, string Role, string? Email, string? DisplayName);
}
