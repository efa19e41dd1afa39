using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Ownership;

/// <summary>Claims this process' share of the shards, keeps the leases alive, hands shards over, and knows when one is lost.</summary>
/// <remarks>
/// Three loops that never wait for each other: one renews every second on its own connection, one claims and releases what rendezvous
/// hashing says, one watches the clock. A shard whose lease has lapsed is lost even while a renewal hangs. The database is the only lock.
/// </remarks>
public sealed partial class ShardLeases : IHostedService, IAsyncDisposable
{
    /// <summary>After a start that failed: the shard is not tried again at once.</summary>
    private static readonly TimeSpan PauseAfterFailedStart = TimeSpan.FromSeconds(5);

    private readonly OwnershipOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ShardLeases> _logger;
    private readonly LeaseRows _rows;
    private readonly Counter<long> _renewFailures;
    private readonly Counter<long> _lost;
    private readonly List<ShardConsumer> _consumers = [];
    private readonly Holding?[] _slots;

    /// <summary>What is being handed over or cut off; such a shard is not claimed again before it has ended.</summary>
    private readonly ConcurrentDictionary<int, Task> _ending = new();

    /// <summary>When a shard whose start failed may be tried again. Used by the claim loop alone, apart from additions.</summary>
    private readonly ConcurrentDictionary<int, long> _failedAt = new();

    /// <summary>No more claims.</summary>
    private readonly CancellationTokenSource _draining = new();

    /// <summary>No more renewals either.</summary>
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _look = new(0);
    private volatile LeaseView? _view;
    private Task _renewing = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private Task _claiming = Task.CompletedTask;
    private bool _started;
    private int _disposed;

    /// <param name="dataSource">With connections of its own for this purpose.</param>
    /// <param name="world">Which Telegram this worker talks to: <c>sandbox</c> or <c>telegram</c>.</param>
    public ShardLeases(NpgsqlDataSource dataSource, string world, OwnershipOptions options, TimeProvider time, IMeterFactory meters, ILogger<ShardLeases> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(meters);
        _options = options;
        _time = time;
        _logger = logger;
        WorkerId = Guid.CreateVersion7(time.GetUtcNow());
        _slots = new Holding?[options.ShardCount];
        _rows = new LeaseRows(dataSource, WorkerId, world, options, time);

        var meter = meters.Create("Integrations.Ownership");
        meter.CreateObservableGauge("integrations.shards.owned", () => Held.Count, description: "Shards that this process may run now.");
        _renewFailures = meter.CreateCounter<long>("integrations.shards.renew_failures", description: "Renewals that failed; a few in a row cost the shards.");
        _lost = meter.CreateCounter<long>("integrations.shards.lost", description: "Shards lost because their lease was over before it was renewed.");
    }

    /// <summary>This process in the registry of workers.</summary>
    public Guid WorkerId { get; }

    /// <summary>What is held now, in the order of the shards.</summary>
    public IReadOnlyCollection<ShardClaim> Held => [.. Holdings().Where(holding => holding.IsAlive).Select(holding => holding.Claim)];

    /// <summary>Whether a byte may be written to a socket under this claim now. Takes no lock; ask before every write.</summary>
    public bool MayWrite(ShardClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return (uint)claim.Shard < (uint)_slots.Length
            && Volatile.Read(ref _slots[claim.Shard]) is { } holding
            && holding.Claim.Epoch == claim.Epoch
            && holding.IsAlive;
    }

    /// <exception cref="InvalidOperationException">The leases run already: the consumer would miss claims.</exception>
    public void Attach(ShardConsumer consumer)
    {
        if (_started)
            throw new InvalidOperationException("A consumer of shards is attached before the host starts.");

        _consumers.Add(consumer);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = true;
        _renewing = Task.Run(RenewLoopAsync, CancellationToken.None);
        _watching = Task.Run(WatchLoopAsync, CancellationToken.None);
        _claiming = Task.Run(ClaimLoopAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Leaves the sharing, hands every shard over, then stops renewing. Cancellation cuts off what is still held.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_draining.IsCancellationRequested)
            return;

        await _draining.CancelAsync();
        // A claim that is under way must have arrived, or it would be forgotten.
        await _claiming;
        await using (cancellationToken.UnsafeRegister(_ => LoseAll(), null))
        {
            foreach (var holding in Holdings())
                Release(holding);

            while (!_ending.IsEmpty && !cancellationToken.IsCancellationRequested)
                await Task.WhenAll(_ending.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await EndAsync();
        try
        {
            await _rows.LeaveAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Without a heartbeat we are out of the sharing in a moment anyway.
            LogLeaveFailed(_logger, e);
        }
    }

    /// <summary>Without <see cref="StopAsync"/> before: everything is cut off, nothing handed over.</summary>
    public async ValueTask DisposeAsync()
    {
        // A container that knows it under two types disposes of it twice.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        await _draining.CancelAsync();
        await _claiming;
        LoseAll();
        await EndAsync();
        await _rows.DisposeAsync();
        _look.Dispose();
        _draining.Dispose();
        _stopping.Dispose();
    }

    private async Task EndAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_renewing, _watching);
    }

    private IEnumerable<Holding> Holdings()
    {
        for (var shard = 0; shard < _slots.Length; shard++)
        {
            if (Volatile.Read(ref _slots[shard]) is { } holding)
                yield return holding;
        }
    }

    private async Task RenewLoopAsync()
    {
        using var timer = new PeriodicTimer(_options.RenewInterval, _time);
        do
        {
            await RenewAsync();
        }
        while (await NextAsync(timer));
    }

    internal async Task RenewAsync()
    {
        var before = Holding.Now(_time);
        var held = Holdings().ToArray();
        try
        {
            var view = await _rows.RenewAsync([.. held.Select(holding => holding.Claim)], _draining.IsCancellationRequested, _stopping.Token);
            foreach (var holding in held)
            {
                if (view.Renewed.Contains(holding.Claim))
                    holding.Renew(before);
                else
                    Lose(holding);
            }

            _view = view;
            if (_look.CurrentCount == 0)
                _look.Release();
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            _renewFailures.Add(1);
            LogRenewFailed(_logger, held.Length, e);
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException)
        {
            // Stopped in the middle of a renewal, in whatever way that shows: everything has been handed over before.
        }
    }

    /// <summary>Ends what has lapsed as soon as it has, whatever the database is doing.</summary>
    private async Task WatchLoopAsync()
    {
        using var timer = new PeriodicTimer(_options.Lease / 50, _time);
        do
        {
            foreach (var holding in Holdings())
            {
                if (!holding.IsAlive)
                    Lose(holding);
            }
        }
        while (await NextAsync(timer));
    }

    private async Task ClaimLoopAsync()
    {
        while (!_draining.IsCancellationRequested)
        {
            await _look.WaitAsync(_draining.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_view is not { } view)
                continue;

            for (var shard = 0; shard < _slots.Length && !_draining.IsCancellationRequested; shard++)
            {
                var mine = Shards.Preferred(shard, view.LiveWorkers) == WorkerId;
                if (Volatile.Read(ref _slots[shard]) is { } holding)
                {
                    if (!mine)
                        Release(holding);
                }
                else if (mine && view.Claimable.Contains(shard) && !_ending.ContainsKey(shard) && !IsPausing(shard))
                {
                    await ClaimAsync(shard);
                }
            }
        }
    }

    private bool IsPausing(int shard)
    {
        if (!_failedAt.TryGetValue(shard, out var failedAt))
            return false;

        if (_time.GetElapsedTime(failedAt) < PauseAfterFailedStart)
            return true;

        _failedAt.TryRemove(shard, out _);
        return false;
    }

    private async Task ClaimAsync(int shard)
    {
        var before = Holding.Now(_time);
        try
        {
            if (await _rows.ClaimAsync(shard, _draining.Token) is not { } epoch)
                return;

            var holding = new Holding(new ShardClaim(shard, epoch), _options.Lease, _time, before);
            LogClaimed(_logger, shard, epoch);
            // Before the start, so that the consumers may write at once.
            Volatile.Write(ref _slots[shard], holding);
            // The claim loop goes on with the other shards.
            _ = Task.Run(() => StartAsync(holding));
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Usually the last writes of the previous owner under way; if it was our answer that got lost, the lease lapses unused.
            LogClaimFailed(_logger, shard, e);
        }
    }

    private async Task StartAsync(Holding holding)
    {
        try
        {
            foreach (var consumer in _consumers)
                await consumer.OnClaimedAsync(holding.Claim, holding.Ending);
        }
        catch (OperationCanceledException) when (holding.Ending.IsCancellationRequested)
        {
            // Let go while starting; whoever lets go also stops what has started.
        }
        catch (Exception e)
        {
            LogStartFailed(_logger, holding.Claim.Shard, holding.Claim.Epoch, e);
            _failedAt[holding.Claim.Shard] = _time.GetTimestamp();
            Release(holding);
        }
        finally
        {
            holding.HasStarted();
        }
    }

    private void Release(Holding holding)
    {
        if (holding.BeginRelease())
            Track(holding.Claim.Shard, Task.Run(() => ReleaseAsync(holding)));
    }

    /// <summary>Hands one shard over: the consumers finish, then the lease is released. Completes when that is done, or the shard was lost.</summary>
    private async Task ReleaseAsync(Holding holding)
    {
        var claim = holding.Claim;
        var began = _time.GetTimestamp();
        LogReleasing(_logger, claim.Shard, claim.Epoch);
        using var overdue = new CancellationTokenSource(_options.HandOverTimeout, _time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, holding.Lost);
        try
        {
            await holding.Started.WaitAsync(deadline.Token);
            foreach (var consumer in _consumers)
                await consumer.OnReleasingAsync(claim, deadline.Token).WaitAsync(deadline.Token);
        }
        catch (Exception e)
        {
            // What did not finish in time is cut off; the lease is not released but runs out, and the next owner waits for that.
            LogReleaseFailed(_logger, claim.Shard, claim.Epoch, e);
            Lose(holding);
            return;
        }

        if (Interlocked.CompareExchange(ref _slots[claim.Shard], null, holding) != holding)
            return;

        try
        {
            await _rows.ReleaseAsync(claim, CancellationToken.None);
            LogReleased(_logger, claim.Shard, claim.Epoch, (long)_time.GetElapsedTime(began).TotalMilliseconds);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            LogReleaseUnsaved(_logger, claim.Shard, claim.Epoch, e);
        }
    }

    private void LoseAll()
    {
        foreach (var holding in Holdings())
            Lose(holding);
    }

    /// <summary>From here on nothing is written under the claim. The consumers abort their sockets before this returns.</summary>
    private void Lose(Holding holding)
    {
        var shard = holding.Claim.Shard;
        if (Interlocked.CompareExchange(ref _slots[shard], null, holding) != holding)
            return;

        _lost.Add(1);
        LogLost(_logger, shard, holding.Claim.Epoch);
        var aborted = new List<Task>();
        foreach (var consumer in _consumers)
        {
            try
            {
                aborted.Add(consumer.OnLostAsync(holding.Claim));
            }
            catch (Exception e)
            {
                LogAbortFailed(_logger, shard, holding.Claim.Epoch, e);
            }
        }

        holding.MarkLost();
        Track(shard, FinishAsync());

        async Task FinishAsync()
        {
            try
            {
                await Task.WhenAll([.. aborted, holding.Started]);
            }
            catch (Exception e)
            {
                LogAbortFailed(_logger, shard, holding.Claim.Epoch, e);
            }
        }
    }

    /// <summary>The shard is not claimed again before this, and whatever is tracked for it already, has ended. The task never fails.</summary>
    private void Track(int shard, Task task)
    {
        var all = _ending.AddOrUpdate(shard, task, (_, earlier) => Task.WhenAll(earlier, task));
        _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await all;
            // Unless something was tracked after it.
            _ending.TryRemove(new KeyValuePair<int, Task>(shard, all));
        }
    }

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
