using System.Net;
using Integrations.Web.Api;
using Integrations.Web.Layout;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Web.SignIn;

/// <summary>The forms that set and clear the session cookie, and the switches of language and theme. A form's parameters are bound only with a valid antiforgery token.</summary>
internal static class SignInEndpoints
{
    /// <summary>What the password has brought and the code is sent with; it opens nothing by itself and is gone in minutes. Guarded as the session's.</summary>
    private const string ChallengeCookie = "integrations_challenge";

    private static readonly TimeSpan ChallengeLifetime = TimeSpan.FromMinutes(5);
    private static readonly string[] Languages = ["en", "ru", "uk"];

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/account/welcome", WelcomeAsync);
        routes.MapPost("/account/invite", InviteAsync);
        routes.MapPost("/account/sign-in", SignInAsync);
        routes.MapPost("/account/sign-in/code", AnswerChallengeAsync);
        routes.MapPost("/account/sign-out", SignOutAsync);
        routes.MapPost("/account/language", SetLanguageAsync);
        routes.MapPost("/account/theme", SetThemeAsync);
        routes.MapGet("/account/preferences", ApplyPreferencesAsync);
    }

    private static Task<IResult> WelcomeAsync(
        HttpContext context, IHttpClientFactory clients, VisitorAddress visitor, [FromForm] string token, [FromForm] string email, [FromForm] string password,
        CancellationToken cancellationToken) =>
        EnterAsync(context, clients, visitor, "api/v1/auth/owner-link", new { token, email, password }, "/welcome", cancellationToken);

    private static Task<IResult> InviteAsync(
        HttpContext context, IHttpClientFactory clients, VisitorAddress visitor, [FromForm] string token, [FromForm] string displayName, [FromForm] string password,
        CancellationToken cancellationToken) =>
        EnterAsync(context, clients, visitor, "api/v1/invitations/accept", new { token, displayName, password }, "/invite", cancellationToken);

    private static Task<IResult> SignInAsync(
        HttpContext context, IHttpClientFactory clients, VisitorAddress visitor, [FromForm] string email, [FromForm] string password,
        CancellationToken cancellationToken) =>
        EnterAsync(context, clients, visitor, "api/v1/auth/sign-in", new { email, password }, "/sign-in", cancellationToken);

    private static async Task<IResult> AnswerChallengeAsync(
        HttpContext context, IHttpClientFactory clients, VisitorAddress visitor, [FromForm] string code, CancellationToken cancellationToken)
    {
        if (context.Request.Cookies[SessionCookie.NameFor(context, ChallengeCookie)] is not { Length: > 0 } challenge)
            return Results.Redirect("/sign-in?error=CHALLENGE_INVALID");
        return await EnterAsync(context, clients, visitor, "api/v1/auth/sign-in/code", new { challenge, code }, "/sign-in/code", cancellationToken);
    }

    private static async Task<IResult> EnterAsync(
        HttpContext context, IHttpClientFactory clients, VisitorAddress visitor, string path, object body, string back, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: IntegrationsApi.Json) };
        visitor.AddTo(request, context);
        // The person finds his sessions again by the browser's name.
        request.Headers.TryAddWithoutValidation("User-Agent", context.Request.Headers.UserAgent.ToString());
        using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var error = await ApiException.ReadAsync(response, cancellationToken);
            // A challenge that is void is not tried again.
            return Results.Redirect($"{(error.Code is "CHALLENGE_INVALID" ? "/sign-in" : back)}?error={Uri.EscapeDataString(error.Code)}");
        }

        if (response.StatusCode is HttpStatusCode.Accepted)
        {
            var challenged = await response.Content.ReadFromJsonAsync<Challenged>(IntegrationsApi.Json, cancellationToken)
                ?? throw new InvalidOperationException("The Api asked for a code without a challenge.");
            context.Response.Cookies.Append(SessionCookie.NameFor(context, ChallengeCookie), challenged.Challenge, SessionCookie.Options(context, ChallengeLifetime));
            return Results.Redirect("/sign-in/code");
        }

        var entered = await response.Content.ReadFromJsonAsync<Entered>(IntegrationsApi.Json, cancellationToken)
            ?? throw new InvalidOperationException("The Api signed in without a session.");
        SessionCookie.Write(context, entered.SessionToken);
        var challengeCookie = SessionCookie.NameFor(context, ChallengeCookie);
        if (context.Request.Cookies.ContainsKey(challengeCookie))
            context.Response.Cookies.Delete(challengeCookie, SessionCookie.Options(context, lifetime: null));
        await ApplyAsync(context, clients, entered.SessionToken, cancellationToken);
        return Results.Redirect("/");
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.BadRequest();
        if (SessionCookie.Read(context) is { } token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/auth/sign-out");
            request.Headers.Authorization = new("Bearer", token);
            using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, cancellationToken);
        }

        SessionCookie.Delete(context);
        return Results.Redirect("/sign-in");
    }

    private static async Task<IResult> SetLanguageAsync(
        HttpContext context, IHttpClientFactory clients, [FromForm] string language, [FromForm] string? back, CancellationToken cancellationToken)
    {
        if (!Languages.Contains(language, StringComparer.Ordinal))
            return Results.BadRequest();
        SetLanguage(context, language);
        await RememberAsync(context, clients, new(Language: language), cancellationToken);
        return Back(back);
    }

    private static async Task<IResult> SetThemeAsync(
        HttpContext context, IHttpClientFactory clients, [FromForm] string theme, [FromForm] string? back, CancellationToken cancellationToken)
    {
        if (!Appearance.All.Contains(theme, StringComparer.Ordinal))
            return Results.BadRequest();
        SetTheme(context, theme);
        await RememberAsync(context, clients, new(Theme: theme), cancellationToken);
        return Back(back);
    }

    /// <summary>Brings the cookies in line with what the person has chosen; it changes nothing else, so that an address suffices.</summary>
    private static async Task<IResult> ApplyPreferencesAsync(HttpContext context, IHttpClientFactory clients, string? back, CancellationToken cancellationToken)
    {
        if (SessionCookie.Read(context) is { } token)
            await ApplyAsync(context, clients, token, cancellationToken);
        return Back(back);
    }

    private static async Task ApplyAsync(HttpContext context, IHttpClientFactory clients, string token, CancellationToken cancellationToken)
    {
        using var response = await PreferencesAsync(clients, HttpMethod.Get, token, null, cancellationToken);
        if (!response.IsSuccessStatusCode || await response.Content.ReadFromJsonAsync<Preferences>(IntegrationsApi.Json, cancellationToken) is not { } chosen)
            return;
        if (chosen.Language is { } language && Languages.Contains(language, StringComparer.Ordinal))
            SetLanguage(context, language);
        if (chosen.Theme is { } theme && Appearance.All.Contains(theme, StringComparer.Ordinal))
            SetTheme(context, theme);
    }

    /// <summary>A choice in the header is the person's, not only this browser's. Without the Api it is this browser's.</summary>
    private static async Task RememberAsync(HttpContext context, IHttpClientFactory clients, Preferences choice, CancellationToken cancellationToken)
    {
        if (SessionCookie.Read(context) is not { } token)
            return;
        try
        {
            using var response = await PreferencesAsync(clients, HttpMethod.Patch, token, choice, cancellationToken);
        }
        catch (HttpRequestException)
        {
            // The cookie is set all the same, and the page will say that the Api is away.
        }
    }

    private static async Task<HttpResponseMessage> PreferencesAsync(
        IHttpClientFactory clients, HttpMethod method, string token, Preferences? change, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, "api/v1/me/preferences");
        request.Headers.Authorization = new("Bearer", token);
        if (change is not null)
            request.Content = JsonContent.Create(change, options: IntegrationsApi.Json);
        return await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, cancellationToken);
    }

    private static void SetLanguage(HttpContext context, string language) =>
        context.Response.Cookies.Append(
            CookieRequestCultureProvider.DefaultCookieName, CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(language)),
            Cookie(context, TimeSpan.FromDays(365)));

    private static void SetTheme(HttpContext context, string theme) =>
        context.Response.Cookies.Append(Appearance.CookieName, theme, Cookie(context, TimeSpan.FromDays(365)));

    // To where the form stood, and never to another host.
    private static IResult Back(string? path) =>
        Results.LocalRedirect(Uri.IsWellFormedUriString(path, UriKind.Relative) && path!.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) ? path : "/");

    /// <summary>For what is no secret.</summary>
    private static CookieOptions Cookie(HttpContext context, TimeSpan lifetime) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        MaxAge = lifetime,
        Path = "/",
    };

    private sealed record Entered(string SessionToken);

    private sealed record Challenged(string Challenge);
}
