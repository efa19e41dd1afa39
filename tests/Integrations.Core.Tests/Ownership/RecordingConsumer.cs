using System.Collections.Concurrent;
using Integrations.Core.Ownership;

namespace Integrations.Core.Tests.Ownership;

/// <summary>Writes down what it is told, in one list that several may share, and does what the test says.</summary>
internal sealed class RecordingConsumer(string name, ConcurrentQueue<string> log) : ShardConsumer
{
    public Func<ShardClaim, CancellationToken, Task> Claimed { get; set; } = (_, _) => Task.CompletedTask;

    public Func<ShardClaim, CancellationToken, Task> Releasing { get; set; } = (_, _) => Task.CompletedTask;

    public Func<ShardClaim, Task> Lost { get; set; } = _ => Task.CompletedTask;

    public override async Task OnClaimedAsync(ShardClaim claim, CancellationToken abandoned)
    {
        log.Enqueue($"{name} claimed {claim.Shard}");
        await Claimed(claim, abandoned);
    }

    public override async Task OnReleasingAsync(ShardClaim claim, CancellationToken deadline)
    {
        log.Enqueue($"{name} releasing {claim.Shard}");
        await Releasing(claim, deadline);
        log.Enqueue($"{name} released {claim.Shard}");
    }

    public override Task OnLostAsync(ShardClaim claim)
    {
        log.Enqueue($"{name} lost {claim.Shard}");
        return Lost(claim);
    }
}
