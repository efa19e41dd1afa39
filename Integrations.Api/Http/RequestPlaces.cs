using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using Integrations.Core.Errors;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Http;

/// <summary>How many requests this copy works on at once. The rest waits in a line of bounded length, and what finds no place in it is refused.</summary>
internal sealed class RequestPlaces : IDisposable
{
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(2);

    private readonly HttpLimitOptions _options;
    private readonly ConcurrencyLimiter _places;
    private readonly Counter<long> _refused;

    public RequestPlaces(IOptions<HttpLimitOptions> options, IMeterFactory meters)
    {
        _options = options.Value;
        _places = new(new()
        {
            PermitLimit = _options.Requests,
            QueueLimit = _options.Queue,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        var meter = meters.Create("Integrations.Http");
        meter.CreateObservableGauge("http_requests_running", () => Running, description: "Requests that are worked on, without event streams.");
        meter.CreateObservableGauge("http_requests_waiting", () => Waiting, description: "Requests that wait for their turn.");
        _refused = meter.CreateCounter<long>("http_requests_refused_total", description: "Requests that were answered with 503 because there were too many at once.");
    }

    public long Running => _options.Requests - _places.GetStatistics()!.CurrentAvailablePermits;

    public long Waiting => _places.GetStatistics()!.CurrentQueuedCount;

    /// <summary>A place, held until it is disposed of.</summary>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE: the line is full, or was not over in time.</exception>
    public async ValueTask<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        var place = _places.AttemptAcquire();
        if (!place.IsAcquired)
        {
            place.Dispose();
            place = await WaitAsync(cancellationToken);
        }

        if (place is { IsAcquired: true })
            return place;

        place?.Dispose();
        _refused.Add(1);
        throw new IntegrationException(ErrorCodes.ServiceUnavailable, "The service has as many requests as it can work on. Repeat the request shortly.", RetryLater);
    }

    public void Dispose() => _places.Dispose();

    /// <summary>Null when the time in the line is over.</summary>
    private async ValueTask<RateLimitLease?> WaitAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.QueueTime);
        try
        {
            return await _places.AcquireAsync(1, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>Marks a route whose requests last for as long as somebody listens; how many there may be is bounded elsewhere.</summary>
internal sealed record LastingMetadata;

internal sealed class RequestPlacesMiddleware(RequestDelegate next, RequestPlaces places)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (Probes.IsOne(context.Request) || context.GetEndpoint()?.Metadata.GetMetadata<LastingMetadata>() is not null)
        {
            await next(context);
            return;
        }

        using var place = await places.TakeAsync(context.RequestAborted);
        await next(context);
    }
}
