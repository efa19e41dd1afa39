using System.Diagnostics;
using System.Globalization;
using Integrations.Api.Json;
using Integrations.Core.Errors;
using Microsoft.Net.Http.Headers;

namespace Integrations.Api.Errors;

/// <summary>Writes refusals as problem documents.</summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    public static string TraceIdOf(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    /// <summary>Replaces whatever was prepared for the response; nothing may have been sent yet.</summary>
    public static Task WriteAsync(HttpContext context, IntegrationException refusal)
    {
        // For whoever counts refusals, after the answer.
        context.Features.Set(refusal);
        var body = ProblemBody.From(refusal, TraceIdOf(context));
        var response = context.Response;
        // What belongs to the status survives (WWW-Authenticate, Allow); what belongs to a body that is not sent does not.
        response.ContentLength = null;
        response.Headers.Remove(HeaderNames.ETag);
        response.Headers.Remove(HeaderNames.Location);
        response.StatusCode = body.Status;
        response.Headers.CacheControl = "no-store";
        if (body.RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(body, ApiJson.Default.ProblemBody, ContentType, context.RequestAborted);
    }
}
