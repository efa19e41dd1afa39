using Integrations.Api.Authentication;
using Integrations.Api.Health;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Redis;
using Integrations.Core.Hosts;
using Integrations.Core.Messaging;
using Integrations.Core.RateLimits;
using Integrations.Core.Secrets.Vault;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Hosts;

internal static class SystemEndpoints
{
    private static readonly TimeSpan PatienceForRedis = TimeSpan.FromSeconds(2);

    public static IEndpointConventionBuilder MapSystem(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/system", ReadAsync).WithTags("System").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status)
        .WithName("GetSystem").RequireAuthorization(Policies.ReadSystem)
        .WithSummary("How the installation stands: hosts, shards, what waits, the balance of messages, versions and health")
        .WithDescription(
            "For owners and administrators. Hosts, shards, their accounts, the queue and the event relay are of the whole installation, in counts only; "
            + "the balance of messages is the caller's tenant's.");

    private static async Task<Ok<SystemResponse>> ReadAsync(
        Caller caller, ReadInstallation read, Doorbell doorbell, RedisConnection redis, VaultHealth vault, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var asking = redis.VersionAsync(PatienceForRedis, cancellationToken);
        var state = await read.ExecuteAsync(caller.Principal, cancellationToken);
        var redisVersion = await asking;
        return TypedResults.Ok(SystemResponse.From(
            state,
            new(HostHeartbeat.VersionOf(configuration), state.Migration, state.PostgreSql, doorbell.BrokerVersion, redisVersion),
            // Whoever reads this was let in by the database.
            HealthEndpoints.Components(databaseStands: true, doorbell, await vault.StateAsync(cancellationToken)),
            // What it holds may be lost; what needs it is refused meanwhile.
            new(redisVersion is null ? "degraded" : "healthy", "Redis")));
    }
}
