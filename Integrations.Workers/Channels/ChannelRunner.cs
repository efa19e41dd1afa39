using System.Collections.Concurrent;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Channels;
using Integrations.Workers.Accounts;
using Integrations.Workers.Worlds;

namespace Integrations.Workers.Channels;

/// <summary>
/// Looks for what is due on the shards of this host — scheduled messages, changes of messages, questions about channels and looks at them — and has it done.
/// </summary>
/// <remarks>
/// Nothing is claimed. A piece of work is due until its outcome is stored, is under way at most once here, and may be done again by the next owner after
/// a crash, which changes nothing. A hand-over waits for what is under way, so that an older change never reaches Telegram after a newer one.
/// </remarks>
internal sealed partial class ChannelRunner : ShardConsumer, IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, HeldShard> _shards = new();
    private readonly WakeSignal _wake = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ShardLeases _leases;
    private readonly ChannelQueue _queue;
    private readonly ChannelWork _work;
    private readonly ChannelOptions _options;
    private readonly TelegramWorld _world;
    private readonly Core.Telegram.Bots.TelegramBotOptions _bots;
    private readonly Doorbell _doorbell;
    private readonly TimeProvider _time;
    private readonly ILogger<ChannelRunner> _logger;
    private DoorbellListener? _listener;
    private Task _running = Task.CompletedTask;
    private int _disposed;

    public ChannelRunner(
        ShardLeases leases,
        ChannelQueue queue,
        ChannelWork work,
        ChannelOptions options,
        TelegramWorld world,
        Core.Telegram.Bots.TelegramBotOptions bots,
        Doorbell doorbell,
        TimeProvider time,
        ILogger<ChannelRunner> logger)
    {
        (_leases, _queue, _work, _options, _world, _bots, _doorbell, _time, _logger) = (leases, queue, work, options, world, bots, doorbell, time, logger);
        leases.Attach(this);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = _doorbell.Listen();
        _running = Task.WhenAll(Task.Run(() => ListenAsync(_listener), CancellationToken.None), Task.Run(LoopAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running;
    }

    public override Task OnClaimedAsync(ShardClaim claim, CancellationToken abandoned)
    {
        _shards[claim.Shard] = new HeldShard(claim);
        _listener?.Attend(Ring.Channels(claim.Shard));
        _wake.Raise();
        return Task.CompletedTask;
    }

    public override Task OnReleasingAsync(ShardClaim claim, CancellationToken deadline) => EndAsync(claim, deadline);

    public override Task OnLostAsync(ShardClaim claim) => EndAsync(claim, new CancellationToken(canceled: true));

    /// <summary>May be called twice: the container knows it as itself and as a hosted service.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        await _stop.CancelAsync();
        await _running;
        if (_listener is not null)
            await _listener.DisposeAsync();

        _stop.Dispose();
    }

    /// <summary>Begins nothing more, and waits for what is under way; past the deadline it is cut off.</summary>
    private async Task EndAsync(ShardClaim claim, CancellationToken deadline)
    {
        _listener?.Ignore(Ring.Channels(claim.Shard));
        if (!_shards.TryGetValue(claim.Shard, out var shard) || shard.Claim != claim)
            return;

        await shard.EndAsync(deadline);
        if (_shards.TryRemove(new KeyValuePair<int, HeldShard>(claim.Shard, shard)))
            shard.Dispose();
    }

    private async Task ListenAsync(DoorbellListener listener)
    {
        try
        {
            await foreach (var _ in listener.ReadAllAsync(_stop.Token))
                _wake.Raise();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task LoopAsync()
    {
        var ct = _stop.Token;
        try
        {
            while (true)
            {
                try
                {
                    await PassAsync(ct);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    // One failed pass must not end the loop; the next one comes at the interval.
                    LogPassFailed(e);
                }

                await _wake.WaitAsync(_options.PollInterval, _time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The host stops; what is under way ends with its shard.
        }
    }

    private async Task PassAsync(CancellationToken ct)
    {
        int[] shards = [.. _shards.Keys];
        if (shards.Length == 0)
            return;

        foreach (var rung in await _queue.ReleaseScheduledAsync(shards, ct))
            await _doorbell.RingAsync(Ring.Shard(rung), ct);

        var worlds = new Worlds(_world.World, _bots.World);
        await BeginAsync(worlds, shards, _queue.LooksAsync, ct);
        await BeginAsync(worlds, shards, _queue.ChangesAsync, ct);
        await BeginAsync(worlds, shards, _queue.ChecksAsync, ct);
    }

    private async Task BeginAsync(Worlds worlds, int[] shards, Func<int[], Worlds, int, Guid[], CancellationToken, Task<List<DueWork>>> due, CancellationToken ct)
    {
        Guid[] under = [.. _shards.Values.SelectMany(shard => shard.Ids)];
        var room = _options.AtOnce - under.Length;
        if (room <= 0)
            return;

        foreach (var work in await due(shards, worlds, room, under, ct))
        {
            if (_shards.TryGetValue(work.Shard, out var shard) && _leases.MayWrite(shard.Claim))
                shard.Begin(work, token => DoAsync(shard.Claim, work, token));
        }
    }

    private async Task DoAsync(ShardClaim claim, DueWork work, CancellationToken ct)
    {
        try
        {
            // Without anything stored the same is due at once again: then the interval comes first.
            if (await _work.DoAsync(claim, work, ct))
                _wake.Raise();
        }
        catch (StaleEpochException)
        {
            // Somebody else does it now.
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The shard is let go: the next owner does it.
        }
        catch (Exception e)
        {
            // Nothing was stored, so it is still due; the next pass takes it up again.
            LogWorkFailed(e, work.Id);
        }
    }

    [LoggerMessage(EventId = 4511, Level = LogLevel.Error, Message = "A pass over what is due at channels failed; the next one comes at its interval")]
    private partial void LogPassFailed(Exception exception);

    [LoggerMessage(EventId = 4512, Level = LogLevel.Error, Message = "Work {WorkId} at a channel failed and is taken up again")]
    private partial void LogWorkFailed(Exception exception, Guid workId);

    /// <summary>What is under way on one shard.</summary>
    private sealed class HeldShard(ShardClaim claim) : IDisposable
    {
        private readonly ConcurrentDictionary<Guid, Task> _tasks = new();
        private readonly CancellationTokenSource _cut = new();
        private volatile bool _ending;

        public ShardClaim Claim => claim;

        public ICollection<Guid> Ids => _tasks.Keys;

        public void Begin(DueWork work, Func<CancellationToken, Task> run)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_ending || !_tasks.TryAdd(work.Id, RunAsync()))
                return;

            begun.SetResult();

            async Task RunAsync()
            {
                await begun.Task;
                if (!_ending)
                    await run(_cut.Token);
                _tasks.TryRemove(work.Id, out _);
            }
        }

        public async Task EndAsync(CancellationToken deadline)
        {
            _ending = true;
            await using var cut = deadline.Register(_cut.Cancel);
            await Task.WhenAll(_tasks.Values);
        }

        public void Dispose() => _cut.Dispose();
    }
}
