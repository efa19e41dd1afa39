using System.Collections.Concurrent;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Workers.Sending;
using Integrations.Workers.Worlds;

namespace Integrations.Workers.Accounts;

/// <summary>Runs the accounts of the shards that this host holds, and hears the doorbell for them.</summary>
internal sealed partial class AccountRunner : ShardConsumer, IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<ShardClaim, ShardRunner> _shards = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly AccountTools _tools;
    private readonly MessageQueue _queue;
    private readonly TelegramWorld _world;
    private readonly Doorbell _doorbell;
    private readonly ILogger<AccountRunner> _logger;
    private DoorbellListener? _listener;
    private int _disposed;
    private Task _listening = Task.CompletedTask;

    public AccountRunner(ShardLeases leases, AccountTools tools, MessageQueue queue, TelegramWorld world, Doorbell doorbell, ILogger<AccountRunner> logger)
    {
        (_tools, _queue, _world, _doorbell, _logger) = (tools, queue, world, doorbell, logger);
        leases.Attach(this);
    }

    /// <summary>Accounts and logins with an actor on this host.</summary>
    public int ActorCount => _shards.Values.Sum(shard => shard.ActorCount);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_world.World is { } world)
            LogWorld(_logger, world);
        else
            LogNoWorld(_logger);

        _listener = _doorbell.Listen();
        _listening = Task.Run(() => ListenAsync(_listener), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _listening;
    }

    public override async Task OnClaimedAsync(ShardClaim claim, CancellationToken abandoned)
    {
        var shard = new ShardRunner(claim, _world.World, _tools, _queue, _tools.Logger<ShardRunner>());
        _shards[claim] = shard;
        await shard.StartAsync(abandoned);
        _listener?.Attend(Ring.Shard(claim.Shard));
    }

    public override async Task OnReleasingAsync(ShardClaim claim, CancellationToken deadline)
    {
        _listener?.Ignore(Ring.Shard(claim.Shard));
        if (_shards.TryGetValue(claim, out var shard))
        {
            await shard.ReleaseAsync(deadline);
            await ForgetAsync(claim);
        }
    }

    public override Task OnLostAsync(ShardClaim claim)
    {
        _listener?.Ignore(Ring.Shard(claim.Shard));
        return _shards.TryGetValue(claim, out var shard) ? EndAsync(shard.LoseAsync()) : Task.CompletedTask;

        async Task EndAsync(Task losing)
        {
            await losing;
            await ForgetAsync(claim);
        }
    }

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

    private async Task ForgetAsync(ShardClaim claim)
    {
        if (_shards.TryRemove(claim, out var shard))
            await shard.DisposeAsync();
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

    [LoggerMessage(EventId = 4031, Level = LogLevel.Information, Message = "Accounts live in the world {World}")]
    private static partial void LogWorld(ILogger logger, Core.Telegram.Accounts.World world);

    [LoggerMessage(EventId = 4032, Level = LogLevel.Warning, Message = "Neither Telegram nor a sandbox is configured: logins end with that answer, and accounts stay as they are")]
    private static partial void LogNoWorld(ILogger logger);
}
