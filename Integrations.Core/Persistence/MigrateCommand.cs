using Integrations.Core.Ownership;
using Integrations.Core.Tls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>The command-line face of the migrator: plain sentences, exit code 0 or 1.</summary>
public static class MigrateCommand
{
    private static readonly TimeSpan PatienceForDatabase = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Settings: <c>ConnectionStrings:integrations</c> (a superuser's), <c>Database:ApiPassword</c>, <c>Database:WorkerPassword</c>,
    /// <c>Ownership:ShardCount</c>, <c>Tls:*</c>.
    /// </summary>
    public static async Task<int> RunAsync(IConfiguration configuration, ILoggerFactory loggers, TimeProvider time, TextWriter output, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(loggers);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            var settings = new MigratorSettings(
                Connection(configuration),
                configuration["Database:ApiPassword"] ?? "",
                configuration["Database:WorkerPassword"] ?? "",
                configuration.GetValue($"{OwnershipOptions.Section}:{nameof(OwnershipOptions.ShardCount)}", new OwnershipOptions().ShardCount));
            var applied = await RunPatientlyAsync(new Migrator(settings, loggers.CreateLogger<Migrator>()), time, output, ct);
            await output.WriteLineAsync(applied == 0 ? "The database is up to date." : $"The database is up to date; {applied} migrations were applied.");
            return 0;
        }
        catch (Exception e) when (e is MigrationException or NpgsqlException or InvalidOperationException or ArgumentException)
        {
            await output.WriteLineAsync($"The migration failed: {e.Message}");
            return 1;
        }
    }

    /// <summary>The superuser's password goes over this line, so it is as guarded as a host's.</summary>
    private static string Connection(IConfiguration configuration)
    {
        var text = configuration.GetConnectionString("integrations") ?? throw new MigrationException("ConnectionStrings:integrations is not set.");
        var tls = configuration.GetSection(TlsOptions.Section).Get<TlsOptions>() ?? new TlsOptions();
        // As for a host: without a word it is Production.
        var production = (configuration[HostDefaults.EnvironmentKey] ?? Environments.Production).Equals(Environments.Production, StringComparison.OrdinalIgnoreCase);
        return EncryptedConnections.Problems(configuration, tls, production).FirstOrDefault() is { } problem
            ? throw new MigrationException(problem)
            : ServerCertificates.Apply(tls, new NpgsqlConnectionStringBuilder(text)).ConnectionString;
    }

    /// <summary>A database that is still starting is waited for.</summary>
    private static async Task<int> RunPatientlyAsync(Migrator migrator, TimeProvider time, TextWriter output, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await migrator.RunAsync(ct);
            }
            catch (NpgsqlException e) when (e.IsTransient && time.GetElapsedTime(started) < PatienceForDatabase)
            {
                await output.WriteLineAsync($"The database cannot be reached yet: {e.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            }
        }
    }
}
