using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Integrations.AppHost.LocalHosting.DeveloperPage;

/// <summary>
/// Keeps other people and other web sites out of the developer page. The loopback address alone does not: any page open in the same browser
/// can send requests to it, and a name that such a page's owner controls can be made to resolve to it.
/// </summary>
internal sealed class PageGuard(RequestDelegate next, string token)
{
    private readonly byte[] _token = Encoding.UTF8.GetBytes(token);

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";

        var refusal = Refuse(context.Request);
        if (refusal is null)
        {
            return next(context);
        }

        context.Response.StatusCode = (int)refusal.Value.Status;
        return context.Response.WriteAsync(refusal.Value.Reason, context.RequestAborted);
    }

    private static bool IsLoopbackName(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private (HttpStatusCode Status, string Reason)? Refuse(HttpRequest request)
    {
        // The port may differ from ours: an SSH tunnel may bring the page to another one.
        if (!IsLoopbackName(request.Host.Host))
        {
            return (HttpStatusCode.MisdirectedRequest, "The developer page answers only to the name of this machine's loopback address.");
        }

        if (request.Headers.Origin is [var origin, ..] && origin != $"{request.Scheme}://{request.Host}")
        {
            return (HttpStatusCode.Forbidden, "The developer page takes no requests from other sites.");
        }

        if (request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && !HasToken(request))
        {
            return (HttpStatusCode.Unauthorized, "The token is missing or wrong. Open the link that the application host printed.");
        }

        return null;
    }

    private bool HasToken(HttpRequest request) =>
        request.Headers[HeaderNames.Authorization] is [var value]
        && value is not null
        && value.StartsWith("Bearer ", StringComparison.Ordinal)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value["Bearer ".Length..]), _token);
}
