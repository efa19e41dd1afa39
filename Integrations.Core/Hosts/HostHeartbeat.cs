using Integrations.Core.Tenancy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Hosts;

/// <summary>A process that is no worker, as it tells of itself. Workers tell with their leases.</summary>
public sealed record HostSign(Guid Id, string Kind, string Name, string Version, DateTimeOffset StartedAt);

/// <summary>Keeps the registry of hosts: a sign of life replaces the one before.</summary>
public sealed class HostRegistry(TenantDatabase database)
{
    public Task TellAsync(HostSign sign, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sign);
        return ExecuteAsync(
            """
            insert into hosts (id, kind, name, version, started_at, heartbeat_at) values ($1, $2, $3, $4, $5, clock_timestamp())
            on conflict (id) do update set heartbeat_at = excluded.heartbeat_at
            """,
            cancellationToken,
            sign.Id,
            sign.Kind,
            sign.Name,
            sign.Version,
            sign.StartedAt.ToUniversalTime());
    }

    /// <summary>It stops in order: nobody needs to wonder where it is.</summary>
    public Task LeaveAsync(Guid id, CancellationToken cancellationToken) => ExecuteAsync("delete from hosts where id = $1", cancellationToken, id);

    /// <summary>Those that went without a word are told as dead for a while, then forgotten.</summary>
    internal Task ForgetAsync(TimeSpan after, CancellationToken cancellationToken) =>
        ExecuteAsync("delete from hosts where heartbeat_at < clock_timestamp() - $1", cancellationToken, after);

    private Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
#pragma warning disable CA2100 // Constant texts of the methods above.
            await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
            foreach (var parameter in parameters)
                command.Parameters.Add(new NpgsqlParameter { Value = parameter });
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);
}

/// <summary>Tells that this host lives, every five seconds.</summary>
public sealed partial class HostHeartbeat(HostRegistry registry, string kind, IConfiguration configuration, TimeProvider time, ILogger<HostHeartbeat> logger) : BackgroundService
{
    /// <summary>After so long without a sign a host counts as dead.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1);

    private readonly HostSign _sign = new(
        Guid.CreateVersion7(time.GetUtcNow()), kind, Environment.MachineName, VersionOf(configuration), time.GetUtcNow());

    /// <summary><c>VERSION</c>, as the health routes tell it.</summary>
    public static string VersionOf(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["VERSION"] is { Length: > 0 } version ? version : "1.0.0";
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await registry.LeaveAsync(_sign.Id, cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // It is told as dead for a day then, which is nearly the truth.
            LogNotTold(logger, e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await registry.TellAsync(_sign, stoppingToken);
                await registry.ForgetAsync(Forgotten, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next sign comes in five seconds; until then this host looks as silent as it is.
                LogNotTold(logger, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Warning, Message = "The sign of life of this host was not stored")]
    private static partial void LogNotTold(ILogger logger, Exception exception);
}
