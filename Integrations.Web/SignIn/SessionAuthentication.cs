using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Integrations.Web.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.Options;

namespace Integrations.Web.SignIn;

/// <summary>Authenticates a request by the opaque session id in its cookie; the Api says whether it is good and whose it is.</summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IHttpClientFactory clients, VisitorAddress visitor)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Session";
    public const string TokenClaim = "session_token";

    private static readonly object OwesKey = new();

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A file is everybody's; asking for each of a page's dozen would only use up its reader's limit.
        if (Context.GetEndpoint()?.Metadata is { } metadata && (metadata.GetMetadata<StaticAssetDescriptor>() is not null || metadata.GetMetadata<JudgedByApiMetadata>() is not null))
            return AuthenticateResult.NoResult();
        if (SessionCookie.Read(Context) is not { } token)
            return AuthenticateResult.NoResult();
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/auth/me");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        visitor.AddTo(request, Context);
        using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, Context.RequestAborted);
        if (!response.IsSuccessStatusCode)
            return AuthenticateResult.NoResult();
        var me = await response.Content.ReadFromJsonAsync<Me>(IntegrationsApi.Json, Context.RequestAborted);
        if (me is null)
            return AuthenticateResult.NoResult();
        if (me.OwesSecondFactor)
        {
            // Nothing is open to him but setting one up, so to every page he is nobody yet.
            Context.Items[OwesKey] = true;
            return AuthenticateResult.NoResult();
        }

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
        Response.Redirect(Owes(Context) ? "/second-factor" : "/sign-in");
        return Task.CompletedTask;
    }

    /// <summary>Whether the request's person is signed in but for a second factor that his tenant asks for.</summary>
    public static bool Owes(HttpContext context) => context.Items.ContainsKey(OwesKey);

    private sealed record Me(int UserId, string Role, string? Email, string? DisplayName, bool OwesSecondFactor);
}

/// <summary>Marks a route that hands the session on to the Api and shows what that answers: nobody has to ask twice whose it is.</summary>
internal sealed record JudgedByApiMetadata;
