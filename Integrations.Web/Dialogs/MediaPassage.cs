using System.Net.Http.Headers;
using Integrations.Web.Api;
using Integrations.Web.SignIn;
using Microsoft.Net.Http.Headers;

namespace Integrations.Web.Dialogs;

/// <summary>The files of messages: the Api's answer, passed on as it comes, under the session of who asks. The browser has no other way to them.</summary>
internal static class MediaPassage
{
    private const string Path = "/media/{id:guid}";

    /// <summary>A picture that somebody opens by itself runs nothing, whatever is in it.</summary>
    private const string Policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

    private static readonly string[] Asked = [HeaderNames.Range, HeaderNames.IfRange, HeaderNames.IfNoneMatch];
    private static readonly string[] Answered = [HeaderNames.AcceptRanges, HeaderNames.ETag, HeaderNames.RetryAfter];

    public static string AddressOf(Guid id) => $"/media/{id}";

    /// <summary>The Api judges the session with the request itself; asking for it before would double each picture.</summary>
    public static void MapMedia(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, PassOnAsync).AllowAnonymous().WithMetadata(new JudgedByApiMetadata()).DisableAntiforgery();

    private static async Task PassOnAsync(Guid id, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        var response = context.Response;
        if (SessionCookie.Read(context) is not { } token)
        {
            response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        // Without a total timeout: a slow reader takes its time.
        using var http = clients.CreateClient(LiveStream.HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/telegram/media/{id}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var name in Asked)
        {
            if (context.Request.Headers[name] is [{ Length: > 0 } value])
                request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.StatusCode = (int)answer.StatusCode;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        foreach (var name in Answered)
        {
            if (answer.Headers.TryGetValues(name, out var values))
                response.Headers[name] = values.ToArray();
        }

        var content = answer.Content.Headers;
        response.ContentType = content.ContentType?.ToString();
        response.ContentLength = content.ContentLength;
        if (content.ContentDisposition is { } disposition)
            response.Headers.ContentDisposition = disposition.ToString();
        if (content.ContentRange is { } range)
            response.Headers.ContentRange = range.ToString();
        await answer.Content.CopyToAsync(response.Body, cancellationToken);
    }
}
