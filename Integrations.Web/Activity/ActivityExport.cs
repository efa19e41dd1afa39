using System.Net.Http.Headers;
using System.Security.Claims;
using Integrations.Web.Api;
using Integrations.Web.SignIn;

namespace Integrations.Web.Activity;

/// <summary>The downloads of the log and of the audit: the Api's answer, passed on as it comes, under the session of who asks.</summary>
internal static class ActivityExport
{
    public const string Path = "/activity/export";

    public const string AuditPath = "/audit/export";

    public static void MapActivityExport(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken) =>
            PassOnAsync("api/v1/telegram/logs.csv", user, context, clients, cancellationToken)).RequireAuthorization();
        routes.MapGet(AuditPath, (ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken) =>
            PassOnAsync("api/v1/audit/export.csv", user, context, clients, cancellationToken)).RequireAuthorization();
    }

    private static async Task PassOnAsync(string path, ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        // Without a total timeout: a long log takes its time.
        using var http = clients.CreateClient(LiveStream.HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, path + context.Request.QueryString);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", user.FindFirstValue(SessionAuthentication.TokenClaim));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.Headers.CacheControl = "no-store";
        if (response.Content.Headers.ContentType is { } type)
            context.Response.ContentType = type.ToString();
        if (response.Content.Headers.ContentDisposition is { } disposition)
            context.Response.Headers.ContentDisposition = disposition.ToString();
        await response.Content.CopyToAsync(context.Response.Body, cancellationToken);
    }
}
