namespace Integrations.Core.Ownership;

/// <summary>Who runs the accounts of the shards that this process holds. Attached to <see cref="ShardLeases"/> before the host starts.</summary>
/// <remarks>The calls for one claim come in this order: claimed once, then releasing or lost; lost may also cut claimed and releasing short.</remarks>
public abstract class ShardConsumer
{
    /// <summary>The shard was won: start its accounts. An exception gives the shard back, by way of <see cref="OnReleasingAsync"/>.</summary>
    /// <param name="claim">Names the epoch that every state write must carry.</param>
    /// <param name="abandoned">Fires when the shard has to be let go before the start is complete.</param>
    public abstract Task OnClaimedAsync(ShardClaim claim, CancellationToken abandoned);

    /// <summary>
    /// The shard must be handed over: stop claiming, finish or give back what is in flight, close the sockets, commit. When the task
    /// completes nothing of the claim runs any more, and the lease is released. The lease is renewed meanwhile.
    /// </summary>
    /// <param name="deadline">Fires at <see cref="OwnershipOptions.HandOverTimeout"/>, or when the lease is lost: abort what is still open.</param>
    public abstract Task OnReleasingAsync(ShardClaim claim, CancellationToken deadline);

    /// <summary>
    /// The lease has run out. Every socket is aborted before the first await; no byte may be flushed and no row written. The task completes
    /// when nothing of the claim runs any more, and only then may this worker claim the shard again.
    /// </summary>
    public abstract Task OnLostAsync(ShardClaim claim);
}
