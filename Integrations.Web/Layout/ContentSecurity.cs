namespace Integrations.Web.Layout;

/// <summary>What a page of the console may load and do: only what this host serves, no inline script, in nobody's frame.</summary>
internal static class ContentSecurity
{
    // A picture that somebody is about to send is shown from the browser's own copy (blob:). Radzen's components and the QR picture carry style attributes; scripts come from files alone.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void UseContentSecurity(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        return next(context);
    });
}
