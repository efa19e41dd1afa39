using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Workers.Accounts;
using Integrations.Workers.WorkingGroups;

namespace Integrations.Workers.Bots;

/// <summary>The bots of one shard on this host: processes what comes for them, fetches the files of it, sends what they are to send, and fills the shard's working groups.</summary>
internal sealed partial class BotShard : IDisposable
{
    private readonly WakeSignal _updates = new();
    private readonly WakeSignal _messages = new();
    private readonly WakeSignal _news = new();
    private readonly WakeSignal _waitingFiles = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly ShardClaim _claim;
    private readonly BotTools _tools;
    private readonly BotSender _sender;
    private readonly GroupMirrors _groups;
    private readonly BotFiles _files;
    private readonly ILogger<BotShard> _logger;
    private Task _running = Task.CompletedTask;

    public BotShard(ShardClaim claim, BotTools tools)
    {
        (_claim, _tools, _logger) = (claim, tools, tools.Logger<BotShard>());
        _sender = new BotSender(claim, _messages.Raise, tools);
        _groups = new GroupMirrors(claim, tools.Groups);
        _files = new BotFiles(claim, _waitingFiles.Raise, tools);
        // Taken once: a loss may dispose the source while the start is still on its way.
        _stopping = _stop.Token;
    }

    private TimeSpan Interval => _tools.Options.PollInterval;

    public void Start() => _running = Task.WhenAll(
        Task.Run(() => LoopAsync(_updates, ProcessAsync, () => Interval), CancellationToken.None),
        Task.Run(() => LoopAsync(_waitingFiles, _files.PassAsync, () => Interval), CancellationToken.None),
        Task.Run(() => LoopAsync(_messages, _sender.PassAsync, () => _sender.Pause(Interval)), CancellationToken.None),
        Task.Run(() => LoopAsync(_news, _groups.PassAsync, () => Interval), CancellationToken.None));

    /// <summary>Something has come for a bot of this shard, or is to be sent by one.</summary>
    public void Ring(RingKind kind)
    {
        _updates.Raise();
        if (kind is RingKind.Updates)
        {
            _tools.Processor.Ring();
            return;
        }

        _messages.Raise();
        _news.Raise();
    }

    /// <summary>What is being stored is stored as a whole or not at all, what is being sent ends; then nothing of the shard runs any more.</summary>
    public async Task ReleaseAsync(CancellationToken deadline)
    {
        await _stop.CancelAsync();
        await _running;
        await _files.EndAsync();
        await Task.WhenAll(_sender.EndAsync(deadline), _groups.EndAsync(deadline));
    }

    /// <summary>Every connection is cut before this returns; the task completes when nothing of the shard runs any more.</summary>
    public Task LoseAsync()
    {
        _sender.Abort();
        _groups.Abort();
        return ReleaseAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _groups.Dispose();
        _stop.Dispose();
    }

    private async Task ProcessAsync(CancellationToken ct)
    {
        await _tools.Processor.DrainAsync(_claim, _tools.Telegram.World, ct);
        _waitingFiles.Raise();
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
