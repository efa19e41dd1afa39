using System.Text.Json;

namespace Integrations.Web.Api;

/// <summary>The Api refused: its code, what to do next, and the trace to ask about.</summary>
internal sealed class ApiException(string code, string detail, string? traceId, TimeSpan? retryAfter = null) : Exception($"{code}: {detail}")
{
    public string Code => code;

    public string Detail => detail;

    /// <summary>This person asked more often than the Api lets one; after <see cref="RetryAfter"/> it goes on.</summary>
    public bool IsRateLimit => code == "RATE_LIMITED";

    public string? TraceId => traceId;

    /// <summary>How long to wait before the next try, where the Api names it.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Reads problem+json (RFC 9457); an answer without it keeps its HTTP status as the code.</summary>
    public static async Task<ApiException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<Problem>(IntegrationsApi.Json, cancellationToken);
            if (problem?.Code is not null)
            {
                TimeSpan? wait = problem.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
                return new ApiException(problem.Code, problem.Detail ?? problem.Title ?? "", problem.TraceId, wait);
            }
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // A proxy or a broken host answered in another format: the status is what is left to tell.
        }

        return new ApiException($"HTTP {(int)response.StatusCode}", response.ReasonPhrase ?? "", null);
    }

    private sealed record Problem(string? Code, string? Title, string? Detail, string? TraceId, int? RetryAfter);
}
