using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Media;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Integrations.Api.Telegram;

/// <summary>Taking files that messages send later.</summary>
internal static class UploadEndpoints
{
    /// <summary>Beside the file: boundaries and headers of the form; and what is read of a body that is too long, so that its sender gets the answer.</summary>
    private const long BodySlack = 4 * 1024 * 1024;

    private const int MaxBoundary = 100;

    private static readonly TextParameter FileName = new("file_name", "The name that the receiver sees; for a body that is the file itself.", null, 255);

    public static RouteGroupBuilder MapUploads(this RouteGroupBuilder telegram)
    {
        telegram.MapPost("/media", UploadAsync).WithName("UploadMedia").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Upload a file to send")
            .WithDescription(
                "A form (multipart/form-data) with one part named file, or the file as the body with its Content-Type and ?file_name=. What it is, its content decides. "
                + "The answer's id is for the media of POST /api/v1/telegram/send; what no message takes within a day is deleted.")
            .WithQuery(FileName)
            .WithMetadata(new IdempotencyMetadata(), new UploadMetadata())
            .Refuses(
                ErrorCodes.ValidationFailed, ErrorCodes.BodyTooLarge, ErrorCodes.MediaQuota, ErrorCodes.BodyInvalid, ErrorCodes.IdempotencyMismatch, ErrorCodes.IdempotencyInProgress,
                ErrorCodes.ServiceUnavailable);
        return telegram;
    }

    private static async Task<Created<UploadResponse>> UploadAsync(
        HttpContext context, Caller caller, UploadMedia upload, UploadPlaces places, IOptions<MediaOptions> options, CancellationToken cancellationToken)
    {
        var key = MessageEndpoints.KeyOf(context.Request);
        // Only here: every other body is short. The file itself is measured while it is read.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = options.Value.MaxBytes + BodySlack;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { MinDataRate: { } usual } rate)
            rate.MinDataRate = new MinDataRate(Math.Max(options.Value.UploadRate, usual.BytesPerSecond), usual.GracePeriod);

        UploadedMedia media;
        try
        {
            using var place = await places.TakeAsync(cancellationToken);
            media = await upload.ExecuteAsync(caller.Principal, await ReadAsync(context, options.Value.MaxBytes, cancellationToken), key, cancellationToken);
        }
        catch (IntegrationException e) when (e.Code == ErrorCodes.BodyTooLarge && context.Request.Headers.Expect.Count == 0)
        {
            // Whoever asked first (Expect: 100-continue) has sent nothing and needs not.
            await ReadOutAsync(context.Request.Body, cancellationToken);
            throw;
        }
        catch (IOException e) when (e is not Microsoft.AspNetCore.Http.BadHttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw new IntegrationException(ErrorCodes.BodyInvalid, "The form is not whole.", inner: e);
        }

        if (media.Replayed)
            context.Response.Headers["Idempotency-Replayed"] = "true";
        return TypedResults.Created((string?)null, UploadResponse.From(media));
    }

    /// <summary>
    /// Reads what is left of a refused body, up to the length and the rate that every body is held to: most clients look at the answer only
    /// when they have sent all, and the server by itself waits for five seconds.
    /// </summary>
    private static async Task ReadOutAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            await body.CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            // Longer or slower than anything that is read out: its sender sees the connection end.
        }
    }

    private static async Task<Upload> ReadAsync(HttpContext context, long maxBytes, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return new(request.Body, request.ContentLength, type?.MediaType.Value, FileName.Read(context));

        if (HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= MaxBoundary } boundary)
            throw new IntegrationException(ErrorCodes.BodyInvalid, "The form has no boundary.");
        if (request.ContentLength > maxBytes + BodySlack)
            throw new IntegrationException(ErrorCodes.BodyTooLarge, $"A file has at most {maxBytes} bytes.");

        MultipartSection? section;
        try
        {
            section = await new MultipartReader(boundary, request.Body).ReadNextSectionAsync(cancellationToken);
        }
        catch (InvalidDataException e)
        {
            throw new IntegrationException(ErrorCodes.BodyInvalid, "The body is not a form.", inner: e);
        }
        if (section?.GetContentDispositionHeader() is not { } disposition || HeaderUtilities.RemoveQuotes(disposition.Name).Value != "file")
            throw FieldErrors.One("file", "Required: the first part of the form, named file.");

        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        // Its own length is told nowhere; that of the whole form is a little more.
        return new(section.Body, request.ContentLength is { } whole ? Math.Min(whole, maxBytes) : null, section.ContentType?.Split(';')[0].Trim(), HeaderUtilities.RemoveQuotes(name).Value ?? FileName.Read(context));
    }
}

/// <summary>Marks a route whose body is a file.</summary>
internal sealed record UploadMetadata;

/// <summary>How many uploads this copy takes at once.</summary>
internal sealed class UploadPlaces(IOptions<MediaOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _places = new(options.Value.UploadsAtOnce);

    /// <summary>A place, held until it is disposed of.</summary>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE: none became free.</exception>
    public async ValueTask<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _places.WaitAsync(either.Token);
            return new Place(_places);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IntegrationException(ErrorCodes.ServiceUnavailable, "As many files are being uploaded as are taken at once. Repeat the request shortly.", Patience, inner: e);
        }
    }

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
