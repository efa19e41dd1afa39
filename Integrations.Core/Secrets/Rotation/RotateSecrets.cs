using Integrations.Core.Ownership;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Secrets.Rotation;

/// <summary>Rotates in the background, wherever shard 0 is.</summary>
internal sealed class RotateSecrets(SecretRotation rotation, ShardLeases leases, TimeProvider time, ILogger<RotateSecrets> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override Task PassAsync(CancellationToken ct) => rotation.RunAsync(force: false, ct);
}
