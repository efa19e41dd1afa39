using Integrations.Core.Secrets.Vault;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Integrations.Workers;

/// <summary>
/// Where a worker waits whose settings lie in a Vault that is sealed or away. Meanwhile it lives, is not ready, and says why; nobody has to start it
/// again afterwards.
/// </summary>
internal static partial class VaultRoom
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>Reads the settings into the builder, however long that takes.</summary>
    /// <returns>False when the host was told to stop while it waited.</returns>
    public static async Task<bool> PassAsync(WebApplicationBuilder builder, string[] args, TimeProvider time)
    {
        var state = await builder.TryAddVaultSettingsAsync();
        if (state is VaultState.Ok or VaultState.NotConfigured)
            return true;

        await using var room = Open(args, () => state);
        var log = room.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(VaultRoom));
        LogWaits(log, state);
        await room.StartAsync();
        using var timer = new PeriodicTimer(RetryInterval, time);
        try
        {
            var stopping = room.Lifetime.ApplicationStopping;
            do
            {
                await timer.WaitForNextTickAsync(stopping);
                state = await builder.TryAddVaultSettingsAsync(stopping);
            }
            while (state is not VaultState.Ok);
            LogGoesOn(log);
            return true;
        }
        catch (OperationCanceledException) when (room.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            // The worker itself takes over the address.
            await room.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>The health routes of every host, and nothing else. The name of the check that fails tells what is in the way.</summary>
    private static WebApplication Open(string[] args, Func<VaultState> state)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.Services.AddHealthChecks()
            .AddCheck("vault_sealed", () => state() is VaultState.Sealed ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy())
            .AddCheck("vault_unreachable", () => state() is VaultState.Unreachable ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy());
        var room = builder.Build();
        room.MapDefaultEndpoints();
        return room;
    }

    [LoggerMessage(EventId = 3306, Level = LogLevel.Warning, Message = "Settings of this host are in Vault, which is {State}: it waits until they can be read")]
    private static partial void LogWaits(ILogger logger, VaultState state);

    [LoggerMessage(EventId = 3307, Level = LogLevel.Information, Message = "Vault answers: the host starts")]
    private static partial void LogGoesOn(ILogger logger);
}
