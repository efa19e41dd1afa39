using System.Collections.Concurrent;
using Integrations.Core.Ownership;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.Fetching;

/// <summary>The files of one shard on this host that are to be fetched.</summary>
internal sealed partial class FetchShard : IDisposable
{
    /// <summary>Files of one shard that are fetched at once.</summary>
    private const int AtOnce = 4;

    /// <summary>Covers lost rings, and what was put off.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private readonly WakeSignal _wake = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly ShardClaim _claim;
    private readonly AddressFetcher _fetcher;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Task _looping = Task.CompletedTask;

    public FetchShard(ShardClaim claim, AddressFetcher fetcher, TimeProvider time, ILogger logger)
    {
        (_claim, _fetcher, _time, _logger) = (claim, fetcher, time, logger);
        // Taken once: a loss may dispose the source while the start is still on its way.
        _stopping = _stop.Token;
    }

    public void Start() => _looping = Task.Run(LoopAsync, CancellationToken.None);

    /// <summary>A message that waits for a file may have been accepted.</summary>
    public void Ring() => _wake.Raise();

    /// <summary>Breaks off what is being fetched; the next owner begins it again.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _looping;
        await Task.WhenAll(_running.Values);
    }

    public void Dispose() => _stop.Dispose();

    private async Task LoopAsync()
    {
        var ct = _stopping;
        try
        {
            while (true)
            {
                try
                {
                    await PassAsync(ct);
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

                await _wake.WaitAsync(Interval, _time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Released or lost.
        }
    }

    private async Task PassAsync(CancellationToken ct)
    {
        while (AtOnce - _running.Count is > 0 and var room)
        {
            var claimed = await _fetcher.ClaimAsync(_claim, room, [.. _running.Keys], ct);
            if (claimed.Count == 0)
                return;

            foreach (var waiting in claimed)
            {
                var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _running[waiting.Id] = FetchAsync(waiting, begun.Task, ct);
                begun.SetResult();
            }
        }
    }

    private async Task FetchAsync(WaitingAddress waiting, Task begun, CancellationToken ct)
    {
        await begun;
        try
        {
            await _fetcher.FetchAsync(_claim, waiting, ct);
            _running.TryRemove(waiting.Id, out _);
            _wake.Raise();
            return;
        }
        catch (StaleEpochException)
        {
            // Another's now.
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The next owner begins it again.
        }
        catch (Exception e)
        {
            // What came is not stored: it is still waiting, and is taken again at the interval, when the database may be back.
            LogNotStored(_logger, e, waiting.Id);
        }

        _running.TryRemove(waiting.Id, out _);
    }

    [LoggerMessage(EventId = 4511, Level = LogLevel.Error, Message = "A pass over the addresses of shard {Shard} failed; the next one comes at its interval")]
    private static partial void LogPassFailed(ILogger logger, Exception exception, int shard);

    [LoggerMessage(EventId = 4512, Level = LogLevel.Warning, Message = "File {MediaId} could not be stored; it is fetched again")]
    private static partial void LogNotStored(ILogger logger, Exception exception, Guid mediaId);
}
