using Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;
using Integrations.ServiceDefaults.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Hosting;

/// <summary>Stands in for <c>Aspire.Npgsql.EntityFrameworkCore.PostgreSQL</c>: the same call, the same keys.</summary>
public static class AspireEFPostgreSqlExtensions
{
    private const string Section = "Aspire:Npgsql:EntityFrameworkCore:PostgreSQL";

    /// <summary>Registers a pooled <typeparamref name="TContext"/> with retries, a health check named after it, traces and metrics.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="connectionName">The database's name: <c>ConnectionStrings:{connectionName}</c>.</param>
    /// <param name="configureSettings">Applied last, over the configuration.</param>
    /// <param name="configureDbContextOptions">For what is not a setting: interceptors, a naming convention.</param>
    /// <remarks>With retries on, EF Core refuses a transaction of one's own outside its execution strategy; <c>DisableRetry</c> lifts that.</remarks>
    public static void AddNpgsqlDbContext<TContext>(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configureSettings = null,
        Action<DbContextOptionsBuilder>? configureDbContextOptions = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = new NpgsqlEntityFrameworkCorePostgreSQLSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{typeof(TContext).Name}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.AddDbContextPool<TContext>(options =>
        {
            options.UseNpgsql(PostgresRegistration.Required(settings.ConnectionString, connectionName, Section), npgsql =>
            {
                if (!settings.DisableRetry)
                    npgsql.EnableRetryOnFailure();

                if (settings.CommandTimeout is { } seconds)
                    npgsql.CommandTimeout(seconds);
            });
            configureDbContextOptions?.Invoke(options);
        });

        if (!settings.DisableHealthChecks)
            builder.Services.AddPostgresCheck<DbContextCheck<TContext>>(typeof(TContext).Name);

        builder.Services.AddPostgresTelemetry(!settings.DisableTracing, !settings.DisableMetrics);
    }
}
