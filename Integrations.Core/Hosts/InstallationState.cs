namespace Integrations.Core.Hosts;

/// <summary>How the installation stands: what runs, who owns what, and what waits.</summary>
/// <param name="Migration">The newest migration of the database.</param>
/// <param name="Balance">Of the asking tenant alone; everything else is counted over all tenants.</param>
public sealed record InstallationState(
    IReadOnlyList<HostState> Hosts, IReadOnlyList<ShardState> Shards, QueueState Queue, RelayState Relay, BalanceState Balance, string PostgreSql, int Migration,
    DateTimeOffset At);

/// <summary>One running process.</summary>
/// <param name="Kind">api, web or worker.</param>
/// <param name="Silent">Since its last sign of life.</param>
/// <param name="Alive">Its last sign of life is younger than a worker's lease, or than three beats of another host.</param>
/// <param name="World">Of a worker: sandbox or telegram.</param>
/// <param name="Shards">That a worker owns now.</param>
/// <param name="Accounts">Connected accounts in these shards, of all tenants.</param>
public sealed record HostState(
    Guid Id, string Kind, string Name, string? Version, DateTimeOffset StartedAt, TimeSpan Silent, bool Alive, bool Draining, string? World, int Shards, long Accounts);

/// <param name="Owner">The worker whose lease has not run out; null for nobody.</param>
/// <param name="LeaseLeft">Of the owner; null for nobody.</param>
public sealed record ShardState(int Id, Guid? Owner, long Epoch, TimeSpan? LeaseLeft, long Accounts);

/// <summary>Messages that wait to be sent, by how long they wait already.</summary>
/// <param name="Oldest">How long the oldest has been waiting.</param>
public sealed record QueueState(long Below1S, long Below10S, long Below1Min, long Below10Min, long Older, TimeSpan Oldest);

/// <summary>Events that no reader can see yet.</summary>
/// <param name="Lag">For how long the oldest of them has been there.</param>
/// <param name="Position">The last one that readers can see.</param>
public sealed record RelayState(long Waiting, TimeSpan Lag, long Position);

/// <summary>The law of sending: accepted = delivered + failed + in flight.</summary>
public sealed record BalanceState(long Accepted, long Delivered, long Failed, long InFlight)
{
    /// <summary>Anything but 0 is a message that was lost or counted twice.</summary>
    public long Difference => Accepted - Delivered - Failed - InFlight;
}
