namespace Integrations.Api.Http;

/// <summary>Headers that tell browsers to make nothing of an answer beyond what it is.</summary>
internal static class SecurityHeaders
{
    /// <summary>For everything but the reference page: an API's answer loads nothing and is framed by nobody.</summary>
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>For the reference page: only what this service itself serves. Its styles are set by script, hence unsafe-inline for them.</summary>
    private const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal) ? DocsPolicy : ApiPolicy;
        // Answers are one person's own; a handler that means otherwise says so.
        headers.CacheControl = "no-store";
        return next(context);
    });
}
