using Integrations.Api.RateLimits;
using Integrations.Core.Hosts;
using Integrations.Core.Messaging;
using Integrations.Core.RateLimits;
using Integrations.Core.Secrets.Vault;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Integrations.Api.Health;

/// <summary>The versioned health routes. <c>/health</c> and <c>/alive</c> are every host's own (<c>MapDefaultEndpoints</c>).</summary>
internal static class HealthEndpoints
{
    private const string Service = "integration-service";
    private const string Healthy = "healthy";
    private const string Unhealthy = "unhealthy";

    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DatabaseCheck>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck>("database", timeout: TimeSpan.FromSeconds(5));
        return builder;
    }

    public static RouteGroupBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/health").WithTags("Health").AllowAnonymous().LimitedAs(RouteClass.Health);
        group.MapGet("/detailed", DetailedAsync).WithName("GetDetailedHealth").WithSummary("The service and what it stands on");
        group.MapGet("/liveness", Liveness).WithName("GetLiveness").WithSummary("The process answers");
        group.MapGet("/readiness", ReadinessAsync).WithName("GetReadiness").WithSummary("The service can do its work");
        return group;
    }

    private static async Task<Results<Ok<DetailedHealthResponse>, JsonHttpResult<DetailedHealthResponse>>> DetailedAsync(
        DatabaseCheck database, Doorbell doorbell, VaultHealth vault, IConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var databaseStands = await database.AnswersAsync(cancellationToken);
        var response = new DetailedHealthResponse(
            databaseStands ? Healthy : Unhealthy,
            Service,
            time.GetUtcNow(),
            HostHeartbeat.VersionOf(configuration),
            Components(databaseStands, doorbell, await vault.StateAsync(cancellationToken)));
        return databaseStands ? TypedResults.Ok(response) : TypedResults.Json(response, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>What the service stands on.</summary>
    public static HealthComponents Components(bool databaseStands, Doorbell doorbell, VaultState vault) => new(
        new(databaseStands ? Healthy : Unhealthy, "PostgreSQL"),
        // Neither takes the service out of its balancer: data keys in memory go on serving, and every copy would be taken out at once, which
        // unseals nothing. What needs a key that is not in memory is refused with SECRETS_UNAVAILABLE.
        new(
            vault switch
            {
                VaultState.NotConfigured => "not_configured",
                VaultState.Ok => Healthy,
                VaultState.Sealed => "sealed",
                _ => "unreachable",
            },
            "HashiCorp Vault"),
        // Rings may be lost: polls take over, so its absence slows the service and does not stop it.
        new(doorbell.IsConnected ? Healthy : "degraded", "RabbitMQ"));

    private static Ok<HealthResponse> Liveness(IConfiguration configuration) => TypedResults.Ok(new HealthResponse("alive", Service, HostHeartbeat.VersionOf(configuration)));

    private static async Task<Results<Ok<HealthResponse>, JsonHttpResult<HealthResponse>>> ReadinessAsync(
        DatabaseCheck database, IConfiguration configuration, CancellationToken cancellationToken) =>
        await database.AnswersAsync(cancellationToken)
            ? TypedResults.Ok(new HealthResponse("ready", Service, HostHeartbeat.VersionOf(configuration)))
            : TypedResults.Json(new HealthResponse("not_ready", Service, HostHeartbeat.VersionOf(configuration)), statusCode: StatusCodes.Status503ServiceUnavailable);
}

/// <summary>Whether the database answers, as the role that the service works under.</summary>
internal sealed class DatabaseCheck(NpgsqlDataSource dataSource) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using var command = dataSource.CreateCommand("select 1");
            await command.ExecuteScalarAsync(limit.Token);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await AnswersAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
}

/// <param name="Status">alive, ready or not_ready.</param>
internal sealed record HealthResponse(string Status, string Service, string Version);

/// <param name="Status">healthy or unhealthy.</param>
internal sealed record DetailedHealthResponse(string Status, string Service, DateTimeOffset Timestamp, string Version, HealthComponents Components);

internal sealed record HealthComponents(HealthComponent Database, HealthComponent Vault, HealthComponent Rabbitmq);

/// <param name="Status">healthy, degraded, unhealthy or not_configured; of Vault also sealed and unreachable.</param>
internal sealed record HealthComponent(string Status, string Type);
