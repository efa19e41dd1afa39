namespace Integrations.Core.Ownership;

/// <summary>The right to run one slice of the accounts. The epoch rises at each claim, so a claim never comes back to life.</summary>
public sealed record ShardClaim(int Shard, long Epoch);

/// <summary>A write was refused because its shard has passed to another epoch. The writer must stop, not retry.</summary>
public sealed class StaleEpochException(ShardClaim claim, Exception inner)
    : Exception($"Shard {claim.Shard} is no longer at epoch {claim.Epoch}.", inner)
{
    /// <summary>Raised by <c>doors.require_epoch</c>.</summary>
    public const string SqlState = "IN001";

    public ShardClaim Claim { get; } = claim;
}
