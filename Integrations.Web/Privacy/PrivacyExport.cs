using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using Integrations.Web.Api;
using Integrations.Web.SignIn;

namespace Integrations.Web.Privacy;

/// <summary>The downloads of what is kept about somebody: the Api's archive, passed on as it comes, under the session of who asks.</summary>
/// <remarks>An address names people by ids of this service only; a phone or a name would stay behind in histories and logs.</remarks>
internal static class PrivacyExport
{
    public const string Path = "/privacy/export";

    /// <summary>Of the reader himself.</summary>
    public const string Own = Path + "?subject=me";

    public const string Tenant = Path + "?subject=tenant";

    public static string OfUser(int userId) => string.Create(CultureInfo.InvariantCulture, $"{Path}?subject=user&user_id={userId}");

    public static string OfDialog(Guid dialogId) => $"{Path}?subject=person&dialog_id={dialogId:D}";

    public static void MapPrivacyExport(this IEndpointRouteBuilder routes) => routes.MapGet(Path, PassOnAsync).RequireAuthorization();

    private static async Task PassOnAsync(ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        var query = context.Request.Query;
        var subject = query["subject"].ToString();
        // Without a total timeout: a large archive takes its time.
        using var http = clients.CreateClient(LiveStream.HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Post, subject == "me" ? "api/v1/privacy/exports/me" : "api/v1/privacy/exports");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", user.FindFirstValue(SessionAuthentication.TokenClaim));
        if (subject != "me")
        {
            request.Content = JsonContent.Create(
                new
                {
                    subject,
                    user_id = int.TryParse(query["user_id"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null,
                    dialog_id = Guid.TryParseExact(query["dialog_id"], "D", out var dialog) ? dialog : (Guid?)null,
                },
                options: IntegrationsApi.Json);
        }

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
