using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Integrations.ServiceDefaults.Postgres;

/// <summary>What both registrations share.</summary>
internal static class PostgresRegistration
{
    /// <summary>A probe that hangs is a probe that failed; the AppHost and Kubernetes ask again every few seconds.</summary>
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(3);

    public static string Required(string? connectionString, string name, string section) =>
        string.IsNullOrWhiteSpace(connectionString)
            ? throw new InvalidOperationException(
                $"No connection string: set 'ConnectionStrings:{name}' or the key 'ConnectionString' in section '{section}'.")
            : connectionString;

    /// <summary>The same check twice would only ask twice, and two checks of one name make every health request fail.</summary>
    public static void AddPostgresCheck<TCheck>(this IServiceCollection services, string name) where TCheck : class, IHealthCheck =>
        services.Configure<HealthCheckServiceOptions>(checks =>
        {
            if (checks.Registrations.All(check => check.Name != name))
            {
                checks.Registrations.Add(new HealthCheckRegistration(
                    name, provider => ActivatorUtilities.GetServiceOrCreateInstance<TCheck>(provider), failureStatus: null, tags: null, CheckTimeout));
            }
        });

    /// <summary>Npgsql has its own source and meter; naming them twice changes nothing.</summary>
    public static void AddPostgresTelemetry(this IServiceCollection services, bool traces, bool metrics)
    {
        if (traces)
            services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Npgsql"));

        if (metrics)
            services.ConfigureOpenTelemetryMeterProvider(meters => meters.AddMeter("Npgsql"));
    }
}

/// <summary>Resolves inside the check, where an exception (a missing connection string) is a failed check and not a failed request.</summary>
internal sealed class DbContextCheck<TContext>(IServiceProvider services) : IHealthCheck where TContext : DbContext
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext check, CancellationToken cancellationToken = default) =>
        await services.GetRequiredService<TContext>().Database.CanConnectAsync(cancellationToken)
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(check.Registration.FailureStatus, "The database does not accept connections.");
}

/// <inheritdoc cref="DbContextCheck{TContext}"/>
internal sealed class DataSourceCheck(IServiceProvider services) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext check, CancellationToken cancellationToken = default)
    {
        await using var command = services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
