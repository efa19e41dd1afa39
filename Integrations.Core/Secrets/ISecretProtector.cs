using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>The only way in or out of a stored secret.</summary>
/// <remarks>
/// Envelope encryption with AES-256-GCM: a data key per tenant, wrapped by the tenant's own key outside the database. Secrets of the
/// installation itself stand under <see cref="TenantId.Installation"/>.
/// </remarks>
public interface ISecretProtector
{
    /// <exception cref="SecretUnavailableException">The tenant's key was destroyed, or cannot be reached.</exception>
    ValueTask<byte[]> ProtectAsync(SecretAddress address, ReadOnlyMemory<byte> clear, CancellationToken ct);

    /// <returns>The clear bytes; the caller zeroes them when it is done.</returns>
    /// <exception cref="SecretUnavailableException">The ciphertext does not open at this address, or its key is gone.</exception>
    ValueTask<byte[]> UnprotectAsync(SecretAddress address, ReadOnlyMemory<byte> sealed_, CancellationToken ct);

    /// <summary>
    /// A digest under the installation's own key: tells whether two secrets are the same, whosever they are, and nothing else of them.
    /// </summary>
    /// <param name="purpose">What it is compared for; digests of different purposes never match.</param>
    ValueTask<byte[]> FingerprintAsync(string purpose, ReadOnlyMemory<byte> clear, CancellationToken ct);

    /// <summary>
    /// Destroys the tenant's wrapping key for good: what was sealed under it never opens again, in backups neither. Other processes
    /// follow when their cached data keys run out (<c>Secrets:KeyCacheLifetime</c>).
    /// </summary>
    Task DestroyTenantAsync(TenantId tenant, CancellationToken ct);
}

/// <summary>Whether waiting may help.</summary>
public enum SecretObstacle
{
    /// <summary>The key was destroyed or lost, or the ciphertext is not of this place: the secret will not open.</summary>
    Lasting,

    /// <summary>Vault is sealed; somebody has to unseal it.</summary>
    Sealed,

    /// <summary>Vault cannot be reached, or does not let this service in.</summary>
    Unreachable,
}

/// <summary>A secret cannot be sealed or opened. The message names its address and the reason, never its content.</summary>
public sealed class SecretUnavailableException : Exception
{
    public SecretUnavailableException(SecretAddress address, string reason, Exception? inner = null)
        : base($"The secret {address} is unavailable: {reason}", inner) => Reason = reason;

    public SecretUnavailableException(TenantId tenant, string reason, Exception? inner = null)
        : base($"The key of tenant {tenant} is unavailable: {reason}", inner) => Reason = reason;

    /// <summary>The message without whose it is.</summary>
    public string Reason { get; }

    /// <summary>Whoever meets anything but <see cref="SecretObstacle.Lasting"/> waits and tries again.</summary>
    public SecretObstacle Obstacle { get; init; }
}
