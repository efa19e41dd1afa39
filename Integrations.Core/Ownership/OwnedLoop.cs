using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Ownership;

/// <summary>Periodic work that one worker does for the whole installation: the one that holds shard 0.</summary>
/// <remarks>At a hand-over two may do one pass each, so a pass must bear being done twice.</remarks>
internal abstract partial class OwnedLoop(ShardLeases leases, TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Does the work once.</summary>
    protected abstract Task PassAsync(CancellationToken ct);

    /// <summary>Called instead while another worker does it.</summary>
    protected virtual void Rest()
    {
    }

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TickAsync(stoppingToken);
    }

    internal async Task TickAsync(CancellationToken ct)
    {
        if (!leases.Held.Any(claim => claim.Shard == 0))
        {
            Rest();
            return;
        }

        try
        {
            await PassAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // An exception that leaves ExecuteAsync stops the whole host; the next tick tries again.
            LogPassFailed(logger, GetType().Name, e);
        }
    }

    [LoggerMessage(EventId = 3220, Level = LogLevel.Error, Message = "A pass of {Work} failed; the next tick tries again")]
    private static partial void LogPassFailed(ILogger logger, string work, Exception exception);
}
