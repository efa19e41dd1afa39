using System.Globalization;
using Integrations.Core.Outbound;

namespace Integrations.Core.Webhooks;

/// <summary>What a try of a delivery came to.</summary>
public enum WebhookResult
{
    /// <summary>2xx: never again.</summary>
    Delivered,

    /// <summary>Tried again by the schedule.</summary>
    Failed,

    /// <summary>As <see cref="Failed"/>, and the endpoint has more than it can bear: 429, 502, 503, 504 or no answer in time.</summary>
    Overloaded,

    /// <summary>410: the endpoint wants nothing any more and is disabled.</summary>
    Gone,
}

/// <summary>What a try of a delivery came to, and what to say of it.</summary>
/// <param name="Reason">For the person who looks after the endpoint: <c>503</c>, <c>No answer within 15 s.</c> Nothing of the answer's own text is in it.</param>
/// <param name="RetryAfter">How long the receiver asked to be left alone.</param>
public readonly record struct WebhookOutcome(WebhookResult Result, string Reason, TimeSpan? RetryAfter = null)
{
    /// <summary>Judges an answer by its head; the specification gives the body no meaning.</summary>
    /// <param name="status">Redirects must not have been followed: where they lead was checked by nobody.</param>
    /// <param name="retryAfter">The header as it stands.</param>
    public static WebhookOutcome Of(int status, string? retryAfter, DateTimeOffset now)
    {
        var reason = status.ToString(CultureInfo.InvariantCulture);
        return status switch
        {
            >= 200 and <= 299 => new(WebhookResult.Delivered, reason),
            >= 300 and <= 399 => new(WebhookResult.Failed, $"{reason}: redirects are not followed."),
            410 => new(WebhookResult.Gone, reason),
            429 or 502 or 503 or 504 => new(WebhookResult.Overloaded, reason, Webhooks.RetryAfter.Read(retryAfter, now)),
            _ => new(WebhookResult.Failed, reason, Webhooks.RetryAfter.Read(retryAfter, now)),
        };
    }

    public static WebhookOutcome Of(HttpResponseMessage response, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(response);
        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null;
        return Of((int)response.StatusCode, retryAfter, now);
    }

    /// <summary>There was no answer. A delivery whose answer was lost may have arrived: that is what its id is for.</summary>
    public static WebhookOutcome Of(HttpRequestException failure) => failure switch
    {
        // What OutboundHttp says of a slow answer, in words that may be shown.
        OutboundRefusedException { InnerException: OperationCanceledException } => new(WebhookResult.Overloaded, failure.Message),
        OutboundRefusedException => new(WebhookResult.Failed, failure.Message),
        _ => new(WebhookResult.Failed, failure.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "The name of the host is not known.",
            HttpRequestError.ConnectionError => "No connection.",
            HttpRequestError.SecureConnectionError => "No secure connection: the certificate or the version of TLS is not accepted.",
            HttpRequestError.ResponseEnded => "The connection ended before the answer.",
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded => "The answer is not HTTP that can be read.",
            _ => "The connection failed.",
        }),
    };

    /// <summary>The sender's own limit ended the try.</summary>
    public static WebhookOutcome TimedOut(TimeSpan limit) =>
        new(WebhookResult.Overloaded, string.Create(CultureInfo.InvariantCulture, $"No answer within {limit.TotalSeconds:0.#} s."));
}
