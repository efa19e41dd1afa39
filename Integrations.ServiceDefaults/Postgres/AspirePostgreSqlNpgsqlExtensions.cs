using System.Data.Common;
using Aspire.Npgsql;
using Integrations.ServiceDefaults.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Microsoft.Extensions.Hosting;

/// <summary>Stands in for <c>Aspire.Npgsql</c>: the same call, the same keys.</summary>
public static class AspirePostgreSqlNpgsqlExtensions
{
    private const string Section = "Aspire:Npgsql";

    /// <summary>Registers one <see cref="NpgsqlDataSource"/> (also as <see cref="DbDataSource"/>) with a health check, traces and metrics.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="connectionName">The database's name: <c>ConnectionStrings:{connectionName}</c>.</param>
    /// <param name="configureSettings">Applied last, over the configuration.</param>
    /// <param name="configureDataSourceBuilder">For type mappings and what else is not a setting.</param>
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = new NpgsqlSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.TryAddSingleton(services =>
        {
            var source = new NpgsqlDataSourceBuilder(PostgresRegistration.Required(settings.ConnectionString, connectionName, Section));
            source.UseLoggerFactory(services.GetService<ILoggerFactory>());
            configureDataSourceBuilder?.Invoke(source);
            return source.Build();
        });
        builder.Services.TryAddSingleton<DbDataSource>(services => services.GetRequiredService<NpgsqlDataSource>());

        if (!settings.DisableHealthChecks)
            builder.Services.AddPostgresCheck<DataSourceCheck>("PostgreSql");

        builder.Services.AddPostgresTelemetry(!settings.DisableTracing, !settings.DisableMetrics);
    }
}
