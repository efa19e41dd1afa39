using System.Diagnostics.Metrics;
using System.Globalization;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;

namespace Integrations.Api.RateLimits;

/// <summary>Takes one token for each request, or refuses it with RATE_LIMITED; either way the answer says how much is left.</summary>
/// <remarks>
/// It comes after authentication, so that a user has one budget wherever he comes from, and before authorization, so that what is refused
/// there is counted too. A stream of events is one request when it is opened; how many may stand open is <see cref="Events.StreamPlaces"/>' matter.
/// </remarks>
internal sealed class RateLimitMiddleware
{
    public const string LimitHeader = "RateLimit-Limit";
    public const string RemainingHeader = "RateLimit-Remaining";
    public const string ResetHeader = "RateLimit-Reset";

    private readonly RequestDelegate _next;
    private readonly IOptions<RateLimitOptions> _options;
    private readonly LimitsInForce _limits;
    private readonly Buckets _buckets;
    private readonly CallerAddress _address;
    private readonly Counter<long> _limited;

    public RateLimitMiddleware(RequestDelegate next, IOptions<RateLimitOptions> options, LimitsInForce limits, Buckets buckets, CallerAddress address, IMeterFactory meters)
    {
        (_next, _options, _limits, _buckets, _address) = (next, options, limits, buckets, address);
        _limited = meters.Create("Integrations.RateLimits").CreateCounter<long>("rate_limited_total", description: "Requests refused because there were too many, by class of route.");
    }

    public async Task InvokeAsync(HttpContext context, Caller caller)
    {
        if (_options.Value.Enabled && !Probes.IsOne(context.Request) && context.GetEndpoint()?.Metadata.GetMetadata<CountedWithinMetadata>() is null)
            await TakeAsync(context, caller.Known);
        await _next(context);
    }

    private async Task TakeAsync(HttpContext context, Principal? principal)
    {
        // What no route takes is counted like reading.
        var routeClass = context.GetEndpoint()?.Metadata.GetMetadata<LimitMetadata>()?.Of(context.Request) ?? RouteClass.Status;
        if (principal is null && routeClass is not RouteClass.Health)
            routeClass = RouteClass.Anonymous;

        var byAddress = routeClass is RouteClass.Health or RouteClass.Anonymous;
        var limit = byAddress
            ? _options.Value.DefaultOf(routeClass)
            : await _limits.OfAsync(principal!.Tenant, routeClass, context.RequestAborted);
        var whose = byAddress ? _address.Of(context) : string.Create(CultureInfo.InvariantCulture, $"{principal!.Tenant}:{principal.UserId}");
        var answer = await _buckets.TakeAsync($"{Words.Of(routeClass)}:{whose}", limit, context.RequestAborted);

        Tell(context.Response.Headers, limit, answer);
        if (answer.Admitted)
            return;

        _limited.Add(1, new KeyValuePair<string, object?>("class", Words.Of(routeClass)));
        throw new IntegrationException(ErrorCodes.RateLimited, Explain(routeClass, limit, answer), answer.Wait);
    }

    /// <summary>As draft-ietf-httpapi-ratelimit-headers has them; with a refusal, Reset is the same moment as Retry-After.</summary>
    private static void Tell(IHeaderDictionary headers, RateLimit limit, BucketAnswer answer)
    {
        headers[LimitHeader] = limit.Burst.ToString(CultureInfo.InvariantCulture);
        headers[RemainingHeader] = answer.Remaining.ToString(CultureInfo.InvariantCulture);
        headers[ResetHeader] = Seconds(answer.Admitted ? answer.UntilFull : answer.Wait).ToString(CultureInfo.InvariantCulture);
    }

    private static string Explain(RouteClass routeClass, RateLimit limit, BucketAnswer answer) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(routeClass is RouteClass.Health or RouteClass.Anonymous ? "Your address" : "You")} may make {limit.PerMinute} requests of this kind a minute. Wait {Seconds(answer.Wait)} s before the next one.");

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}
