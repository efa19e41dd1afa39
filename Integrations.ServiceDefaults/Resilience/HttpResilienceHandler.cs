using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Integrations.ServiceDefaults.Resilience;

/// <summary>Gives each request a time limit per try and in all, retries where that is safe, and a circuit breaker per destination.</summary>
/// <remarks>
/// Only methods that RFC 9110 calls idempotent are sent again; a POST that timed out may have been done. Whatever kept the answer from
/// coming reaches the caller as <see cref="HttpRequestException"/> with the reason inside, so that nobody outside needs to know Polly.
/// </remarks>
internal sealed class HttpResilienceHandler(HttpResiliencePipelines pipelines, string client) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } address)
            return await base.SendAsync(request, cancellationToken);

        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(HttpResiliencePipelines.MayRetry, IsIdempotent(request.Method) && CanBeSentAgain(request.Content));
        try
        {
            return await pipelines.For(client, address).ExecuteAsync(
                static async (context, state) => await state.Handler.TryAsync(state.Request, context.CancellationToken),
                context,
                (Handler: this, Request: request));
        }
        catch (BrokenCircuitException e)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError,
                $"{address.Authority} failed too often; no request is sent there before {e.RetryAfter?.TotalSeconds ?? 0:0.#} s have passed.", e);
        }
        catch (TimeoutRejectedException e)
        {
            throw new HttpRequestException(HttpRequestError.Unknown, $"{address.Authority} did not answer within {e.Timeout.TotalSeconds:0.###} s.", e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Task<HttpResponseMessage> TryAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        base.SendAsync(request, cancellationToken);

    private static bool IsIdempotent(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options
        || method == HttpMethod.Put || method == HttpMethod.Delete || method == HttpMethod.Trace;

    /// <summary>A stream has been read when the second try wants it.</summary>
    private static bool CanBeSentAgain(HttpContent? content) => content is not (StreamContent or MultipartContent);
}

internal static class HttpResilienceExtensions
{
    public static void AddHttpResilience(this IServiceCollection services, IConfiguration configuration)
    {
        services.ConfigureAll<HttpResilienceOptions>(options => configuration.GetSection(HttpResilienceOptions.Section).Bind(options));
        services.AddOptions<HttpResilienceOptions>().ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<HttpResilienceOptions>, HttpResilienceOptionsValidator>();
        services.TryAddSingleton<HttpResiliencePipelines>();
    }
}
