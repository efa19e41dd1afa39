using System.Net.Http.Headers;
using System.Security.Claims;
using Integrations.Web.Api;
using Integrations.Web.SignIn;

namespace Integrations.Web.Dialogs;

/// <summary>The download of a dialog: the Api's file, passed on as it comes, under the session of who asks.</summary>
internal static class DialogExport
{
    private const string Path = "/dialogs/export";

    public static string Of(Guid dialog) => $"{Path}/{dialog:D}";

    public static void MapDialogExport(this IEndpointRouteBuilder routes) => routes.MapGet(Path + "/{id:guid}", PassOnAsync).RequireAuthorization();

    private static async Task PassOnAsync(Guid id, ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        // Without a total timeout: a long dialog takes its time.
        using var http = clients.CreateClient(LiveStream.HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/telegram/dialogs/{id:D}/export?format=text&notes=true");
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
