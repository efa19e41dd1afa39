using System.Diagnostics.Metrics;
using Integrations.Api.Redis;
using Integrations.Core.RateLimits;

namespace Integrations.Api.RateLimits;

/// <summary>The buckets in Redis, and while it does not answer those of this process. A limit is never the reason of an outage.</summary>
internal sealed partial class Buckets
{
    private readonly RedisBuckets _shared;
    private readonly LocalBuckets _own;
    private readonly RedisFallback _fallback;
    private readonly ILogger<Buckets> _logger;

    public Buckets(RedisBuckets shared, LocalBuckets own, TimeProvider time, IMeterFactory meters, ILogger<Buckets> logger)
    {
        (_shared, _own, _logger) = (shared, own, logger);
        _fallback = new(time, LogAway, Back);
        meters.Create("Integrations.RateLimits").CreateObservableGauge(
            "rate_limit_backend", Observe, description: "Where requests are counted now: 1 for redis (all copies together) or for local (each copy for itself).");
    }

    public ValueTask<BucketAnswer> TakeAsync(string bucket, RateLimit limit, CancellationToken cancellationToken) =>
        _fallback.AskAsync(() => _shared.TakeAsync(bucket, limit, at: null, cancellationToken), () => _own.Take(bucket, limit), cancellationToken);

    private void Back()
    {
        _own.Clear();
        LogBack();
    }

    private IEnumerable<Measurement<int>> Observe()
    {
        var away = _fallback.IsAway ? 1 : 0;
        return [new(1 - away, new KeyValuePair<string, object?>("backend", "redis")), new(away, new KeyValuePair<string, object?>("backend", "local"))];
    }

    [LoggerMessage(EventId = 3011, Level = LogLevel.Warning, Message = "Redis does not answer: each copy of the service counts requests for itself")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(EventId = 3012, Level = LogLevel.Information, Message = "Redis answers again: all copies of the service count requests together")]
    private partial void LogBack();
}
