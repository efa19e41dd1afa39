using System.ComponentModel.DataAnnotations;
using Integrations.Core.RateLimits;

namespace Integrations.Api.RateLimits;

/// <summary>How many requests are taken. All numbers are requests a minute; as many may come at once.</summary>
internal sealed class RateLimitOptions : IValidatableObject
{
    public const string Section = "RateLimits";

    /// <summary><c>RATE_LIMIT_ENABLED</c>: false takes every request.</summary>
    internal bool Enabled { get; set; } = true;

    /// <summary>Logins begun and answered by one user, where the tenant has set nothing else.</summary>
    [Range(1, RateLimit.Max)]
    public int Connect { get; set; } = 10;

    /// <summary>Messages sent by one user, where the tenant has set nothing else.</summary>
    [Range(1, RateLimit.Max)]
    public int Send { get; set; } = 100;

    /// <summary>Everything else by one user, where the tenant has set nothing else.</summary>
    [Range(LeastStatus, RateLimit.Max)]
    public int Status { get; set; } = 1000;

    /// <summary>Questions after the service's health from one address.</summary>
    [Range(1, RateLimit.Max)]
    public int Health { get; set; } = 60;

    /// <summary>Requests without a valid token from one address.</summary>
    [Range(1, RateLimit.Max)]
    public int Anonymous { get; set; } = 600;

    /// <summary>The most that a tenant may set for itself; lowered, it holds for what was set before, too.</summary>
    [Range(1, RateLimit.Max)]
    public int ConnectCeiling { get; set; } = 10_000;

    /// <inheritdoc cref="ConnectCeiling"/>
    [Range(1, RateLimit.Max)]
    public int SendCeiling { get; set; } = 100_000;

    /// <inheritdoc cref="ConnectCeiling"/>
    [Range(LeastStatus, RateLimit.Max)]
    public int StatusCeiling { get; set; } = 100_000;

    /// <summary>Below this the console could not show the page on which the limit is raised again.</summary>
    private const int LeastStatus = 60;

    public static int LeastOf(RouteClass routeClass) => routeClass is RouteClass.Status ? LeastStatus : 1;

    public RateLimit DefaultOf(RouteClass routeClass)
    {
        var number = routeClass switch
        {
            RouteClass.Connect => Connect,
            RouteClass.Send => Send,
            RouteClass.Status => Status,
            RouteClass.Health => Health,
            RouteClass.Anonymous => Anonymous,
            _ => throw new ArgumentOutOfRangeException(nameof(routeClass), routeClass, null),
        };
        return new(number, number);
    }

    public int CeilingOf(RouteClass routeClass) => routeClass switch
    {
        RouteClass.Connect => ConnectCeiling,
        RouteClass.Send => SendCeiling,
        RouteClass.Status => StatusCeiling,
        _ => throw new ArgumentOutOfRangeException(nameof(routeClass), routeClass, "Not a class that tenants set."),
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from routeClass in RateLimit.OfTenants
        let number = DefaultOf(routeClass).PerMinute
        where number > CeilingOf(routeClass)
        select new ValidationResult($"{Section}:{routeClass} ({number}) must not exceed {routeClass}Ceiling ({CeilingOf(routeClass)}).");
}
