using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Integrations.Api.Telegram;

/// <summary>The files of messages.</summary>
internal static class MediaEndpoints
{
    public static RouteGroupBuilder MapMedia(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/media/{id}", ReadAsync).WithName("GetMedia").RequireAuthorization(Policies.Read)
            .WithSummary("The content of a message's file")
            .WithDescription(
                "For whoever may read the message. Pictures, audio and video of common types are sent to be shown, everything else to be kept as a file. "
                + "Range requests get a part. While the file is still being fetched the answer is 409 with Retry-After.")
            .Produces<string>(StatusCodes.Status200OK, "application/octet-stream")
            .Refuses(ErrorCodes.MediaNotReady, ErrorCodes.MediaUnavailable, ErrorCodes.MediaTooBig);
        return telegram;
    }

    private static async Task<FileStreamHttpResult> ReadAsync(Guid id, HttpContext context, Caller caller, OpenMedia open, CancellationToken cancellationToken)
    {
        var (file, content) = await open.ExecuteAsync(caller.Principal, id, cancellationToken);
        Download.Show(context.Response, file.MimeType ?? "", file.FileName ?? Words.Of(file.Kind) + Download.ExtensionOf(file.MimeType));
        var tag = file.Sha256 is { } hash ? new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(hash)}\"") : null;
        return TypedResults.Stream(content, context.Response.ContentType, entityTag: tag, enableRangeProcessing: true);
    }
}
