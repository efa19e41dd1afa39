using Integrations.Api.Http;
using Integrations.Core.RateLimits;

namespace Integrations.Api.RateLimits;

/// <summary>By which budget a route's requests are counted.</summary>
/// <param name="Reads">With this parameter in its query the same route only reads, and is counted so.</param>
internal sealed record LimitMetadata(RouteClass Class, QueryParameter? Reads)
{
    public RouteClass Of(HttpRequest request) => Reads is not null && request.Query.ContainsKey(Reads.Name) ? RouteClass.Status : Class;
}

/// <summary>Marks a route that counts its requests itself, because it knows only within by whose budget.</summary>
internal sealed record CountedWithinMetadata;

internal static class RateLimitConventions
{
    /// <summary>Every route has a class, its own or its group's; a test looks for one without.</summary>
    /// <param name="reads">A query parameter that turns the route into one that only reads.</param>
    public static TBuilder LimitedAs<TBuilder>(this TBuilder builder, RouteClass routeClass, QueryParameter? reads = null)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new LimitMetadata(routeClass, reads));
}
