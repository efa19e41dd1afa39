using System.Net;

namespace Integrations.Web.SignIn;

/// <summary>The cookie that holds a session's opaque id.</summary>
/// <remarks>
/// Over TLS its name begins with <c>__Host-</c>: a browser then takes it only with Secure, for the whole host and for no other one, so that neither a
/// neighbouring host nor somebody on the line can plant one. In clear that name cannot be kept, so a developer's machine has a plain one, and only it.
/// </remarks>
internal static class SessionCookie
{
    public const string Plain = "integrations_session";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>The session's id, or null.</summary>
    public static string? Read(HttpContext context) => context.Request.Cookies[NameFor(context)] is { Length: > 0 } token ? token : null;

    /// <summary>A cookie's name as it is to be on this connection: guarded, but where that cannot be.</summary>
    public static string NameFor(HttpContext context, string plain) => MayBePlain(context) ? plain : "__Host-" + plain;

    public static void Write(HttpContext context, string token) => context.Response.Cookies.Append(NameFor(context), token, Options(context, Lifetime));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(NameFor(context), Options(context, lifetime: null));

    private static string NameFor(HttpContext context) => NameFor(context, Plain);

    private static bool MayBePlain(HttpContext context) =>
        !context.Request.IsHttps && IsLoopback(context.Request.Host.Host) && !context.RequestServices.GetRequiredService<IHostEnvironment>().IsProduction();

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>How a cookie of signing in lies in the browser; gone with it where no lifetime is given.</summary>
    public static CookieOptions Options(HttpContext context, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        // Where it is not encrypted after all, the browser leaves the guarded one out, and nobody is signed in over a line that others read.
        Secure = !MayBePlain(context),
        MaxAge = lifetime,
        Path = "/",
    };
}
