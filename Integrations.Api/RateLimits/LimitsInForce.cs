using System.Collections.Concurrent;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;

namespace Integrations.Api.RateLimits;

/// <summary>The numbers that hold for a caller now: what the tenant has set within the installation's ceilings, else the default.</summary>
internal sealed class LimitsInForce(ReadLimits read, IOptions<RateLimitOptions> options, TimeProvider time)
{
    /// <summary>How long what a tenant has set is believed: so soon a change made at another copy holds here.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(3);

    /// <summary>Tenants. Past it the cache starts anew, which costs one query per tenant.</summary>
    private const int Capacity = 10_000;

    private readonly ConcurrentDictionary<TenantId, Known> _known = new();

    public async ValueTask<RateLimit> OfAsync(TenantId tenant, RouteClass routeClass, CancellationToken cancellationToken) =>
        Bounded(await SetByAsync(tenant, cancellationToken), routeClass);

    /// <summary>What holds when a tenant has set this.</summary>
    public RateLimit Bounded(IReadOnlyDictionary<RouteClass, RateLimit> set, RouteClass routeClass)
    {
        if (!set.TryGetValue(routeClass, out var limit))
            return options.Value.DefaultOf(routeClass);

        var ceiling = options.Value.CeilingOf(routeClass);
        return new(Math.Min(limit.PerMinute, ceiling), Math.Min(limit.Burst, ceiling));
    }

    /// <summary>This copy made a change: it holds here at once.</summary>
    public void Forget(TenantId tenant) => _known.TryRemove(tenant, out _);

    private async ValueTask<IReadOnlyDictionary<RouteClass, RateLimit>> SetByAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(tenant, out var known) && !known.IsMineToRenew(time, Lifetime))
            return known.Limits;

        var limits = await read.ExecuteAsync(tenant, cancellationToken);
        if (_known.Count >= Capacity)
            _known.Clear();
        _known[tenant] = new Known(limits, time.GetTimestamp());
        return limits;
    }

    private sealed class Known(IReadOnlyDictionary<RouteClass, RateLimit> limits, long at)
    {
        private long _at = at;

        public IReadOnlyDictionary<RouteClass, RateLimit> Limits => limits;

        /// <summary>True for one caller once it is too old; the others go on with what they have meanwhile.</summary>
        public bool IsMineToRenew(TimeProvider time, TimeSpan lifetime)
        {
            var at = Interlocked.Read(ref _at);
            return time.GetElapsedTime(at) >= lifetime && Interlocked.CompareExchange(ref _at, time.GetTimestamp(), at) == at;
        }
    }
}
