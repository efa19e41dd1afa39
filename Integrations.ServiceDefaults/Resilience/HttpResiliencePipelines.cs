using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Integrations.ServiceDefaults.Resilience;

/// <summary>One pipeline per client and destination, so that the breaker of a broken destination does not refuse the healthy ones.</summary>
/// <remarks>Kept outside the handlers: the factory replaces a handler every two minutes, and a breaker would forget with it.</remarks>
internal sealed class HttpResiliencePipelines(IOptionsMonitor<HttpResilienceOptions> options, TimeProvider time)
{
    /// <summary>Webhooks go to addresses that tenants choose, so the number of destinations has no natural end.</summary>
    private const int MostDestinations = 2_000;

    /// <summary>Says whether this request may be sent again.</summary>
    public static readonly ResiliencePropertyKey<bool> MayRetry = new("integrations.may-retry");

    private readonly ConcurrentDictionary<(string Client, string Authority), ResiliencePipeline<HttpResponseMessage>> _pipelines = new();

    public ResiliencePipeline<HttpResponseMessage> For(string client, Uri address)
    {
        // Starting over costs a breaker's memory and nothing else.
        if (_pipelines.Count >= MostDestinations)
            _pipelines.Clear();

        return _pipelines.GetOrAdd((client, address.Authority), static (key, self) => self.Build(key.Client), this);
    }

    private ResiliencePipeline<HttpResponseMessage> Build(string client)
    {
        var settings = options.Get(client);
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        pipeline.AddTimeout(settings.TotalTimeout);
        if (settings.MaxRetries > 0)
            pipeline.AddRetry(Retries(settings));

        return pipeline
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                FailureRatio = settings.BreakerFailureRatio,
                MinimumThroughput = settings.BreakerMinimumTries,
                SamplingDuration = settings.BreakerWindow,
                BreakDuration = settings.BreakerPause,
                ShouldHandle = outcome => ValueTask.FromResult(IsFailure(outcome.Outcome)),
            })
            .AddTimeout(settings.AttemptTimeout)
            .Build();
    }

    private RetryStrategyOptions<HttpResponseMessage> Retries(HttpResilienceOptions settings) => new()
    {
        MaxRetryAttempts = settings.MaxRetries,
        Delay = settings.RetryDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        ShouldHandle = arguments => ValueTask.FromResult(ShouldRetry(arguments, settings)),
        // Null leaves the delay to the backoff above.
        DelayGenerator = arguments => ValueTask.FromResult(RetryAfter(arguments.Outcome.Result) is { } asked && asked > settings.RetryDelay
            ? asked
            : (TimeSpan?)null),
        OnRetry = arguments =>
        {
            arguments.Outcome.Result?.Dispose();
            return default;
        },
    };

    private bool ShouldRetry(RetryPredicateArguments<HttpResponseMessage> arguments, HttpResilienceOptions settings)
    {
        if (!arguments.Context.Properties.GetValue(MayRetry, false))
            return false;

        // Waiting longer than the caller waits helps nobody: it gets the answer now, with the header that says when.
        if (RetryAfter(arguments.Outcome.Result) is { } asked && asked >= settings.TotalTimeout)
            return false;

        return IsFailure(arguments.Outcome) || arguments.Outcome.Result?.StatusCode is HttpStatusCode.TooManyRequests;
    }

    /// <summary>A rate limit is an answer of a healthy service, so 429 is no failure here.</summary>
    private static bool IsFailure(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.RequestTimeout } => true,
        { Result.StatusCode: >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented } => true,
        _ => false,
    };

    /// <summary>Both forms of RFC 9110 section 10.2.3: seconds and a date.</summary>
    private TimeSpan? RetryAfter(HttpResponseMessage? response) => response?.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };
}
