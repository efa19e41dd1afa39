using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Ownership;

/// <summary>How a worker holds its shards.</summary>
public sealed class OwnershipOptions : IValidatableObject
{
    public const string Section = "Ownership";

    /// <summary>Shards of the installation. Fixed by the first migration; a host configured otherwise refuses to start.</summary>
    [Range(1, 4096)]
    public int ShardCount { get; set; } = 16;

    /// <summary>How long a worker may write after its last successful renewal began. A claimant waits one second more.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two renewals, and between two looks for shards to claim.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RenewInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the accounts of a shard may take to finish what is in flight at a hand-over; then their sockets are aborted and the lease runs out.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What a worker tells of its version beside its leases: <c>VERSION</c>, and no setting of its own.</summary>
    internal string? Version { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Lease < RenewInterval * 3)
            yield return new ValidationResult($"{Section}:{nameof(Lease)} ({Lease}) must be at least three times {nameof(RenewInterval)} ({RenewInterval}): one lost renewal must not cost a shard.");
    }
}
