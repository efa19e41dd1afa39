using Integrations.Web.Api;
using Integrations.Web.Layout;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Web.SignIn;

/// <summary>The forms that set and clear the session cookie, and the switches of language and theme. A form's parameters are bound only with a valid antiforgery token.</summary>
internal static class SignInEndpoints
{
    private static readonly string[] Languages = ["en", "ru", "uk"];

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/account/welcome", WelcomeAsync);
        routes.MapPost("/account/sign-in", SignInAsync);
        routes.MapPost("/account/sign-out", SignOutAsync);
        routes.MapPost("/account/language", SetLanguage);
        routes.MapPost("/account/theme", SetTheme);
    }

    private static Task<IResult> WelcomeAsync(
        HttpContext context, IHttpClientFactory clients, [FromForm] string token, [FromForm] string email, [FromForm] string password,
        CancellationToken cancellationToken) =>
        EnterAsync(context, clients, "api/v1/auth/owner-link", new { token, email, password }, "/welcome", cancellationToken);

    private static Task<IResult> SignInAsync(
        HttpContext context, IHttpClientFactory clients, [FromForm] string email, [FromForm] string password,
        CancellationToken cancellationToken) =>
        EnterAsync(context, clients, "api/v1/auth/sign-in", new { email, password }, "/sign-in", cancellationToken);

    private static async Task<IResult> EnterAsync(
        HttpContext context, IHttpClientFactory clients, string path, object body, string back, CancellationToken cancellationToken)
    {
        using var response = await clients.CreateClient(nameof(IntegrationsApi)).PostAsJsonAsync(path, body, IntegrationsApi.Json, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var error = await ApiException.ReadAsync(response, cancellationToken);
            return Results.Redirect($"{back}?error={Uri.EscapeDataString(error.Code)}");
        }

        var entered = await response.Content.ReadFromJsonAsync<Entered>(IntegrationsApi.Json, cancellationToken)
            ?? throw new InvalidOperationException("The Api signed in without a session.");
        context.Response.Cookies.Append(SessionAuthentication.CookieName, entered.SessionToken, Cookie(context, TimeSpan.FromDays(14)));
        return Results.Redirect("/");
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.BadRequest();
        if (context.Request.Cookies[SessionAuthentication.CookieName] is { } token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/auth/sign-out");
            request.Headers.Authorization = new("Bearer", token);
            using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, cancellationToken);
        }

        context.Response.Cookies.Delete(SessionAuthentication.CookieName);
        return Results.Redirect("/sign-in");
    }

    private static IResult SetLanguage(HttpContext context, [FromForm] string language, [FromForm] string? back)
    {
        if (!Languages.Contains(language, StringComparer.Ordinal))
            return Results.BadRequest();
        context.Response.Cookies.Append(
            CookieRequestCultureProvider.DefaultCookieName, CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(language)),
            Cookie(context, TimeSpan.FromDays(365)));
        return Back(back);
    }

    private static IResult SetTheme(HttpContext context, [FromForm] string theme, [FromForm] string? back)
    {
        if (!Appearance.All.Contains(theme, StringComparer.Ordinal))
            return Results.BadRequest();
        context.Response.Cookies.Append(Appearance.CookieName, theme, Cookie(context, TimeSpan.FromDays(365)));
        return Back(back);
    }

    // To where the form stood, and never to another host.
    private static IResult Back(string? path) =>
        Results.LocalRedirect(Uri.IsWellFormedUriString(path, UriKind.Relative) && path!.StartsWith('/') && !path.StartsWith("//", StringComparison.Ordinal) ? path : "/");

    private static CookieOptions Cookie(HttpContext context, TimeSpan lifetime) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        MaxAge = lifetime,
        Path = "/",
    };

    private sealed record Entered(string SessionToken);
}
