using System.Collections.Concurrent;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;

namespace Integrations.Workers.Fetching;

/// <summary>Fetches files for the shards that this host holds, and hears the doorbell for them.</summary>
internal sealed class FetchRunner : ShardConsumer, IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<ShardClaim, FetchShard> _shards = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly AddressFetcher _fetcher;
    private readonly Doorbell _doorbell;
    private readonly TimeProvider _time;
    private readonly ILogger<FetchShard> _logger;
    private DoorbellListener? _listener;
    private int _disposed;
    private Task _listening = Task.CompletedTask;

    public FetchRunner(AddressFetcher fetcher, ShardLeases leases, Doorbell doorbell, TimeProvider time, ILogger<FetchShard> logger)
    {
        (_fetcher, _doorbell, _time, _logger) = (fetcher, doorbell, time, logger);
        leases.Attach(this);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = _doorbell.Listen();
        _listening = Task.Run(() => ListenAsync(_listener), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _listening;
    }

    public override Task OnClaimedAsync(ShardClaim claim, CancellationToken abandoned)
    {
        var shard = new FetchShard(claim, _fetcher, _time, _logger);
        _shards[claim] = shard;
        shard.Start();
        _listener?.Attend(Ring.Shard(claim.Shard));
        return Task.CompletedTask;
    }

    public override Task OnReleasingAsync(ShardClaim claim, CancellationToken deadline) => EndAsync(claim);

    public override Task OnLostAsync(ShardClaim claim) => EndAsync(claim);

    /// <summary>May be called twice: the container knows it as itself and as a hosted service.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        await _stop.CancelAsync();
        await _listening;
        if (_listener is not null)
            await _listener.DisposeAsync();

        _stop.Dispose();
    }

    private async Task EndAsync(ShardClaim claim)
    {
        _listener?.Ignore(Ring.Shard(claim.Shard));
        if (!_shards.TryGetValue(claim, out var shard))
            return;

        await shard.EndAsync();
        // A loss may cut a release short; whoever takes it out frees it.
        if (_shards.TryRemove(claim, out _))
            shard.Dispose();
    }

    private async Task ListenAsync(DoorbellListener listener)
    {
        try
        {
            await foreach (var ring in listener.ReadAllAsync(_stop.Token))
            {
                foreach (var (claim, shard) in _shards)
                {
                    if (claim.Shard == ring.Number)
                        shard.Ring();
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The host stops; the polls went with the shards.
        }
    }
}
