using System.Collections.Concurrent;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;

namespace Integrations.Workers.Accounts;

/// <summary>One shard on this host: keeps its actors as the database wants them, and feeds their mailboxes from the queue.</summary>
internal sealed partial class ShardRunner : IAsyncDisposable
{
    /// <summary>A message that was claimed for an account without an actor; by then there is one.</summary>
    private static readonly TimeSpan ActorPatience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, AccountActor> _actors = new();
    private readonly WakeSignal _reconcile = new();
    private readonly WakeSignal _claim = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly ShardClaim _shardClaim;
    private readonly World? _world;
    private readonly AccountTools _tools;
    private readonly MessageQueue _queue;
    private readonly ILogger _logger;
    /// <summary>Null until the first reconciliation: before it nobody is there to send what would be claimed.</summary>
    private volatile IReadOnlyList<AccountRow>? _rows;
    private Task _running = Task.CompletedTask;

    public ShardRunner(ShardClaim claim, World? world, AccountTools tools, MessageQueue queue, ILogger logger)
    {
        (_shardClaim, _world, _tools, _queue, _logger) = (claim, world, tools, queue, logger);
        // Taken once: a loss may dispose the source while the start is still on its way.
        _stopping = _stop.Token;
    }

    public int ActorCount => _actors.Count;

    /// <summary>Takes over what the owner before left half-sent, then runs until released or lost.</summary>
    public async Task StartAsync(CancellationToken abandoned)
    {
        var recovered = await _queue.RecoverAsync(_shardClaim, abandoned);
        if (recovered > 0)
            LogRecovered(_logger, _shardClaim.Shard, recovered);

        abandoned.ThrowIfCancellationRequested();
        _tools.Held.Watch(_shardClaim.Shard, _claim.Raise);
        _running = Task.WhenAll(Task.Run(ReconcileLoopAsync, CancellationToken.None), Task.Run(ClaimLoopAsync, CancellationToken.None));
    }

    /// <summary>Somebody has changed something about an account of this shard.</summary>
    public void Ring()
    {
        _reconcile.Raise();
        _claim.Raise();
    }

    /// <summary>Stops claiming, lets every account finish or give back, and ends.</summary>
    public async Task ReleaseAsync(CancellationToken deadline)
    {
        await _stop.CancelAsync();
        await _running;
        await Task.WhenAll(_actors.Values.Select(actor => actor.StopAsync(deadline)));
        _tools.Held.Forget(_shardClaim.Shard);
    }

    /// <summary>Every socket is aborted before this returns; the task completes when nothing of the shard runs any more.</summary>
    public Task LoseAsync()
    {
        foreach (var actor in _actors.Values)
            actor.Abort();

        return EndAsync();

        async Task EndAsync()
        {
            await _stop.CancelAsync();
            await _running;
            // One more look: the loop may have made an actor while the others were aborted.
            foreach (var actor in _actors.Values)
                actor.Abort();

            await Task.WhenAll(_actors.Values.Select(actor => actor.Completion));
            _tools.Held.Forget(_shardClaim.Shard);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var actor in _actors.Values)
            await actor.DisposeAsync();

        _stop.Dispose();
    }

    private Task ReconcileLoopAsync() => LoopAsync(_reconcile, _tools.Accounts.ReconcileInterval, ReconcileAsync);

    private Task ClaimLoopAsync() => LoopAsync(_claim, _tools.Accounts.ClaimInterval, ClaimAsync);

    private async Task LoopAsync(WakeSignal signal, TimeSpan interval, Func<CancellationToken, Task> pass)
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
                    LogPassFailed(_logger, e, _shardClaim.Shard);
                }

                await signal.WaitAsync(interval, _tools.Time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Released or lost.
        }
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        var rows = _world is { } known
            ? await _tools.Records.WantedAsync(_shardClaim.Shard, known, ct)
            // Without a world only logins are answered, with the reason why they cannot be.
            : [.. (await BothWorldsAsync(ct)).Where(row => row.LoginIsOpen)];
        _rows = rows;

        foreach (var row in rows)
        {
            ct.ThrowIfCancellationRequested();
            if (_actors.TryGetValue(row.Id, out var actor))
            {
                actor.Wake(row);
                continue;
            }

            actor = new AccountActor(new OwnedAccount(row.Id, row.Tenant, row.UserId, _shardClaim), row, _tools, _claim.Raise);
            _actors[row.Id] = actor;
            _ = ForgetWhenDoneAsync(row.Id, actor);
        }

        // An account that nobody wants run any more, and that did not find that out by itself.
        var wanted = rows.Select(row => row.Id).ToHashSet();
        foreach (var (id, actor) in _actors)
        {
            if (!wanted.Contains(id))
                actor.Unlisted();
        }

        _claim.Raise();
    }

    private async Task<IEnumerable<AccountRow>> BothWorldsAsync(CancellationToken ct) =>
        (await _tools.Records.WantedAsync(_shardClaim.Shard, World.Telegram, ct)).Concat(await _tools.Records.WantedAsync(_shardClaim.Shard, World.Sandbox, ct));

    private async Task ForgetWhenDoneAsync(Guid id, AccountActor actor)
    {
        await actor.Completion;
        if (_stopping.IsCancellationRequested)
            return;

        _actors.TryRemove(new KeyValuePair<Guid, AccountActor>(id, actor));
        // Something was asked of it in its last moment: a new actor answers.
        if (actor.HasUnseenWake)
            _reconcile.Raise();
    }

    private async Task ClaimAsync(CancellationToken ct)
    {
        if (_world is not { } known || _rows is not { } rows)
            return;

        if (_tools.Held.TakeDoubt(_shardClaim.Shard))
            await ReturnUnheldAsync(ct);

        // Drain before sleeping: a full batch means that more is due.
        while (await ClaimBatchAsync(known, rows, ct) == _tools.Accounts.ClaimBatch)
        {
        }

        while (await ClaimFilesAsync(known, rows, ct) > 0)
        {
        }
    }

    private async Task ReturnUnheldAsync(CancellationToken ct)
    {
        try
        {
            await _queue.ReturnUnheldAsync(_shardClaim, _tools.Held.IdsOf(_shardClaim.Shard), ct);
        }
        catch (Exception e) when (DatabaseFailures.MayPass(e))
        {
            _tools.Held.Doubt(_shardClaim.Shard);
            throw;
        }
    }

    // Accounts that are not connected yet, or whose mailbox has no room for a whole batch, keep their messages in the queue.
    private Task<int> ClaimBatchAsync(World known, IReadOnlyList<AccountRow> rows, CancellationToken ct) => PostAsync(
        rows, mailbox => mailbox.Room >= _tools.Accounts.ClaimBatch,
        except => _queue.ClaimAsync(_shardClaim, known, _tools.Accounts.ClaimBatch, except, CancellationToken.None), ct);

    private Task<int> ClaimFilesAsync(World known, IReadOnlyList<AccountRow> rows, CancellationToken ct) => PostAsync(
        rows, mailbox => mailbox.FileRoom > 0,
        except => _queue.ClaimFilesAsync(_shardClaim, known, _tools.Accounts.ClaimBatch, except, CancellationToken.None), ct);

    private async Task<int> PostAsync(
        IReadOnlyList<AccountRow> rows, Func<Mailbox, bool> hasRoom, Func<Guid[], Task<List<ClaimedMessage>>> claim, CancellationToken ct)
    {
        var except = rows.Where(row => !_actors.TryGetValue(row.Id, out var actor) || !hasRoom(actor.Mailbox)).Select(row => row.Id).ToArray();
        List<ClaimedMessage> claimed;
        try
        {
            // Without a token: a claim that was cancelled may have been committed all the same.
            ct.ThrowIfCancellationRequested();
            claimed = await claim(except);
        }
        catch (Exception e) when (DatabaseFailures.MayPass(e))
        {
            _tools.Held.Doubt(_shardClaim.Shard);
            throw;
        }

        foreach (var message in claimed)
        {
            foreach (var one in message.All)
                _tools.Held.Hold(_shardClaim.Shard, one);
            if (_actors.TryGetValue(message.AccountId, out var actor) && actor.Mailbox.TryPost(message))
                continue;

            _reconcile.Raise();
            var later = _tools.Time.GetUtcNow() + ActorPatience;
            await _tools.Outcomes.WriteAsync(
                _shardClaim, OutcomeSet.Of(message.AccountId, [.. message.All.Select(one => Outcome.Again(one, later, null, null))]), CancellationToken.None);
        }

        return claimed.Count;
    }

    [LoggerMessage(EventId = 4021, Level = LogLevel.Information, Message = "Shard {Shard}: {Count} messages that an earlier owner was sending are queued again")]
    private static partial void LogRecovered(ILogger logger, int shard, int count);

    [LoggerMessage(EventId = 4022, Level = LogLevel.Error, Message = "A pass over shard {Shard} failed; the next one comes at its interval")]
    private static partial void LogPassFailed(ILogger logger, Exception exception, int shard);
}
