using Integrations.Core.Ownership;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.Bots;

/// <summary>The bots of one shard on this host: processes what comes for them, and sends what they are to send.</summary>
internal sealed partial class BotShard : IDisposable
{
    private readonly WakeSignal _updates = new();
    private readonly WakeSignal _messages = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly ShardClaim _claim;
    private readonly BotTools _tools;
    private readonly BotSender _sender;
    private readonly ILogger<BotShard> _logger;
    private Task _running = Task.CompletedTask;

    public BotShard(ShardClaim claim, BotTools tools)
    {
        (_claim, _tools, _logger) = (claim, tools, tools.Logger<BotShard>());
        _sender = new BotSender(claim, _messages.Raise, tools);
        // Taken once: a loss may dispose the source while the start is still on its way.
        _stopping = _stop.Token;
    }

    private TimeSpan Interval => _tools.Options.PollInterval;

    public void Start() => _running = Task.WhenAll(
        Task.Run(() => LoopAsync(_updates, ct => _tools.Processor.DrainAsync(_claim, _tools.Telegram.World, ct), () => Interval), CancellationToken.None),
        Task.Run(() => LoopAsync(_messages, _sender.PassAsync, () => _sender.Pause(Interval)), CancellationToken.None));

    /// <summary>Something has come for a bot of this shard, or is to be sent by one.</summary>
    public void Ring()
    {
        _updates.Raise();
        _messages.Raise();
    }

    /// <summary>What is being stored is stored as a whole or not at all, what is being sent ends; then nothing of the shard runs any more.</summary>
    public async Task ReleaseAsync(CancellationToken deadline)
    {
        await _stop.CancelAsync();
        await _running;
        await _sender.EndAsync(deadline);
    }

    /// <summary>Every connection is cut before this returns; the task completes when nothing of the shard runs any more.</summary>
    public Task LoseAsync()
    {
        _sender.Abort();
        return ReleaseAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _stop.Dispose();
    }

    private async Task LoopAsync(WakeSignal signal, Func<CancellationToken, Task> pass, Func<TimeSpan> pause)
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
                    await signal.WaitAsync(Interval, _tools.Time, ct);
                    continue;
                }

                await signal.WaitAsync(pause(), _tools.Time, ct);
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
