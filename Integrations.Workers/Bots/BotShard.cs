using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Accounts;
using Integrations.Workers.Accounts;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Bots;

/// <summary>The bots of one shard on this host.</summary>
internal sealed partial class BotShard : IDisposable
{
    private readonly WakeSignal _updates = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly ShardClaim _claim;
    private readonly World _world;
    private readonly UpdateProcessor _processor;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<BotShard> _logger;
    private Task _running = Task.CompletedTask;

    public BotShard(ShardClaim claim, World world, UpdateProcessor processor, IOptions<BotOptions> options, TimeProvider time, ILogger<BotShard> logger)
    {
        (_claim, _world, _processor, _interval, _time, _logger) = (claim, world, processor, options.Value.PollInterval, time, logger);
        // Taken once: a loss may dispose the source while the start is still on its way.
        _stopping = _stop.Token;
    }

    public void Start() => _running = Task.Run(() => LoopAsync(_updates, ct => _processor.DrainAsync(_claim, _world, ct)), CancellationToken.None);

    /// <summary>Something has come for a bot of this shard, or is to be sent by one.</summary>
    public void Ring() => _updates.Raise();

    /// <summary>What is being stored is rolled back or committed, as a whole; completes when nothing of the shard runs any more.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    private async Task LoopAsync(WakeSignal signal, Func<CancellationToken, Task> pass)
    {
        var ct = _stopping;
        try
        {
            while (true)
            {
                try
                {
                    await pass(ct);
                }
                catch (StaleEpochException)
                {
                    // Lost; the leases will say so in a moment.
                    return;
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    // One failed pass must not end the shard; the next one comes at the interval.
                    LogPassFailed(_logger, e, _claim.Shard);
                }

                await signal.WaitAsync(_interval, _time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Released or lost.
        }
    }

    [LoggerMessage(EventId = 4411, Level = LogLevel.Error, Message = "A pass over the bots of shard {Shard} failed; the next one comes at its interval")]
    private static partial void LogPassFailed(ILogger logger, Exception exception, int shard);
}
