using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Integrations.Api.RateLimits;

/// <summary>What a tenant's administrators see and set of its users' limits.</summary>
internal static class LimitEndpoints
{
    public static WebApplicationBuilder AddRateLimits(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<RateLimitOptions>()
            .BindConfiguration(RateLimitOptions.Section)
            .Configure<IConfiguration>((options, settings) => options.Enabled = settings.GetValue("RATE_LIMIT_ENABLED", true))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton<Redis.RedisConnection>();
        services.TryAddSingleton<RedisBuckets>();
        services.TryAddSingleton<LocalBuckets>();
        services.TryAddSingleton<Buckets>();
        services.TryAddSingleton<LimitsInForce>();
        services.TryAddSingleton<CallerAddress>();
        return builder;
    }

    public static RouteGroupBuilder MapLimits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/settings/limits").WithTags("Settings").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ReadAsync).WithName("GetLimits").RequireAuthorization(Policies.ManageLimits)
            .WithSummary("How many requests each user of the tenant may make");
        group.MapPut("", SetAsync).WithName("SetLimits").RequireAuthorization(Policies.ManageLimits)
            .WithSummary("Set how many requests each user of the tenant may make")
            .WithDescription("Replaces what was set: a class that is left out goes back to the default. It holds within seconds, for each user alone.")
            .Refuses(ErrorCodes.ValidationFailed);
        return group;
    }

    private static async Task<Ok<LimitsResponse>> ReadAsync(
        Caller caller, ReadLimits read, LimitsInForce inForce, IOptions<RateLimitOptions> options, CancellationToken cancellationToken) =>
        TypedResults.Ok(LimitsResponse.From(await read.ExecuteAsync(caller.Principal.Tenant, cancellationToken), inForce, options.Value));

    private static async Task<Ok<LimitsResponse>> SetAsync(
        Body<LimitsRequest> body, Caller caller, SetLimits set, LimitsInForce inForce, IOptions<RateLimitOptions> options, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var limits = new Dictionary<RouteClass, RateLimit>();
        foreach (var routeClass in RateLimit.OfTenants)
        {
            if (body.Value.Of(routeClass) is { } request && Check(routeClass, request, options.Value, errors) is { } limit)
                limits.Add(routeClass, limit);
        }

        errors.ThrowIfAny();
        await set.ExecuteAsync(caller.Principal, limits, cancellationToken);
        inForce.Forget(caller.Principal.Tenant);
        return TypedResults.Ok(LimitsResponse.From(limits, inForce, options.Value));
    }

    private static RateLimit? Check(RouteClass routeClass, LimitRequest request, RateLimitOptions options, FieldErrors errors)
    {
        var (least, most) = (RateLimitOptions.LeastOf(routeClass), options.CeilingOf(routeClass));
        var name = Words.Of(routeClass);
        if (request.PerMinute is null)
            errors.Add($"{name}.per_minute", "Required.");
        CheckNumber("per_minute", request.PerMinute);
        CheckNumber("burst", request.Burst);
        return errors.Any ? null : new RateLimit(request.PerMinute!.Value, request.Burst ?? request.PerMinute.Value);

        void CheckNumber(string field, int? number)
        {
            if (number is { } value && (value < least || value > most))
                errors.Add($"{name}.{field}", $"Must be a whole number from {least} to {most}.");
        }
    }
}

internal sealed record LimitsRequest
{
    [Description("Logins begun and answered by one user.")]
    public LimitRequest? Connect { get; init; }

    [Description("Messages sent by one user.")]
    public LimitRequest? Send { get; init; }

    [Description("Everything else by one user, reading above all.")]
    public LimitRequest? Status { get; init; }

    public LimitRequest? Of(RouteClass routeClass) => routeClass switch
    {
        RouteClass.Connect => Connect,
        RouteClass.Send => Send,
        RouteClass.Status => Status,
        _ => null,
    };
}

internal sealed record LimitRequest
{
    [Required]
    [Description("Requests a minute, evenly.")]
    public int? PerMinute { get; init; }

    [Description("Requests that may come at once; per_minute when it is left out.")]
    public int? Burst { get; init; }
}

/// <param name="Enabled">False when this installation limits nothing (RATE_LIMIT_ENABLED).</param>
internal sealed record LimitsResponse(bool Enabled, IReadOnlyList<LimitResponse> Limits)
{
    public static LimitsResponse From(IReadOnlyDictionary<RouteClass, RateLimit> set, LimitsInForce inForce, RateLimitOptions options) => new(
        options.Enabled,
        [.. RateLimit.OfTenants.Select(routeClass => LimitResponse.From(routeClass, inForce.Bounded(set, routeClass), set.ContainsKey(routeClass), options))]);
}

/// <summary>The limit of one class of routes, for each user alone.</summary>
/// <param name="Class">connect, send or status.</param>
/// <param name="PerMinute">Requests a minute that hold now.</param>
/// <param name="Burst">Requests that may come at once now.</param>
/// <param name="Source">default, or tenant where it has been set.</param>
/// <param name="Minimum">The least that can be set.</param>
/// <param name="Ceiling">The most that this installation lets a tenant set.</param>
internal sealed record LimitResponse(string Class, int PerMinute, int Burst, string Source, int DefaultPerMinute, int DefaultBurst, int Minimum, int Ceiling)
{
    public static LimitResponse From(RouteClass routeClass, RateLimit limit, bool isSet, RateLimitOptions options)
    {
        var byDefault = options.DefaultOf(routeClass);
        return new(
            Words.Of(routeClass), limit.PerMinute, limit.Burst, isSet ? "tenant" : "default",
            byDefault.PerMinute, byDefault.Burst, RateLimitOptions.LeastOf(routeClass), options.CeilingOf(routeClass));
    }
}
