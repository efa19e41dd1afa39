namespace Integrations.Core.RateLimits;

/// <summary>What a route is to those who limit requests: each class has a budget of its own.</summary>
public enum RouteClass
{
    /// <summary>Begins or answers a login. Counted per user.</summary>
    Connect,

    /// <summary>Sends a message, for the first time or again. Counted per user.</summary>
    Send,

    /// <summary>Reads, and everything that has no class of its own. Counted per user.</summary>
    Status,

    /// <summary>Asks how the service is. Counted per address.</summary>
    Health,

    /// <summary>Comes from somebody who has not proved who he is. Counted per address.</summary>
    Anonymous,
}

/// <summary>A token bucket's size and how it is filled.</summary>
/// <param name="PerMinute">Tokens that come back in a minute, evenly.</param>
/// <param name="Burst">Tokens that the bucket holds: so many requests may come at once.</param>
public readonly record struct RateLimit(int PerMinute, int Burst)
{
    /// <summary>The largest number of either that can be set at all.</summary>
    public const int Max = 100_000;

    /// <summary>The classes that a tenant may set for its users.</summary>
    public static IReadOnlyList<RouteClass> OfTenants { get; } = [RouteClass.Connect, RouteClass.Send, RouteClass.Status];
}
