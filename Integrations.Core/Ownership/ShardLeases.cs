using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Ownership;

/// <summary>The shards that this process holds.</summary>
public sealed class ShardLeases : IHostedService
{
    private readonly List<ShardConsumer> _consumers = [];

    /// <summary>This process in the registry of workers.</summary>
    public Guid WorkerId { get; }

    /// <summary>What is held now, in no order.</summary>
    public IReadOnlyCollection<ShardClaim> Held { get; } = [];

    /// <summary>Whether a byte may be written to a socket under this claim now. Takes no lock; asked before every write.</summary>
    public bool MayWrite(ShardClaim claim) => Held.Contains(claim);

    /// <exception cref="InvalidOperationException">The leases run already: the consumer would miss claims.</exception>
    public void Attach(ShardConsumer consumer) => _consumers.Add(consumer);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
