using Integrations.Core.Messaging;
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
        var group = routes.MapGroup("/api/v1/health").WithTags("Health").AllowAnonymous();
        group.MapGet("/detailed", DetailedAsync).WithName("GetDetailedHealth").WithSummary("The service and what it stands on");
        group.MapGet("/liveness", Liveness).WithName("GetLiveness").WithSummary("The process answers");
        group.MapGet("/readiness", ReadinessAsync).WithName("GetReadiness").WithSummary("The service can do its work");
        return group;
    }

    private static async Task<Results<Ok<DetailedHealthResponse>, JsonHttpResult<DetailedHealthResponse>>> DetailedAsync(
        DatabaseCheck database, Doorbell doorbell, IConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var databaseStands = await database.AnswersAsync(cancellationToken);
        var response = new DetailedHealthResponse(
            databaseStands ? Healthy : Unhealthy,
            Service,
            time.GetUtcNow(),
            VersionOf(configuration),
            new(
                new(databaseStands ? Healthy : Unhealthy, "PostgreSQL"),
                // Secrets lie under key files here; a Vault that is not asked cannot be called healthy.
                new("not_configured", "HashiCorp Vault"),
                // Rings may be lost: polls take over, so its absence slows the service and does not stop it.
                new(doorbell.IsConnected ? Healthy : "degraded", "RabbitMQ")));
        return databaseStands ? TypedResults.Ok(response) : TypedResults.Json(response, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static Ok<HealthResponse> Liveness(IConfiguration configuration) => TypedResults.Ok(new HealthResponse("alive", Service, VersionOf(configuration)));

    private static async Task<Results<Ok<HealthResponse>, JsonHttpResult<HealthResponse>>> ReadinessAsync(
        DatabaseCheck database, IConfiguration configuration, CancellationToken cancellationToken) =>
        await database.AnswersAsync(cancellationToken)
            ? TypedResults.Ok(new HealthResponse("ready", Service, VersionOf(configuration)))
            : TypedResults.Json(new HealthResponse("not_ready", Service, VersionOf(configuration)), statusCode: StatusCodes.Status503ServiceUnavailable);

    private static string VersionOf(IConfiguration configuration) => configuration["VERSION"] is { Length: > 0 } version ? version : "1.0.0";
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

/// <param name="Status">healthy, degraded, unhealthy or not_configured.</param>
internal sealed record HealthComponent(string Status, string Type);
