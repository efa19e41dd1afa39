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
    /// Destroys the tenant's wrapping key for good: what was sealed under it never opens again, in backups neither. Other processes
    /// follow when their cached data keys run out (<c>Secrets:KeyCacheLifetime</c>).
    /// </summary>
    Task DestroyTenantAsync(TenantId tenant, CancellationToken ct);
}

/// <summary>A secret cannot be sealed or opened. The message names its address and the reason, never its content.</summary>
public sealed class SecretUnavailableException : Exception
{
    public SecretUnavailableException(SecretAddress address, string reason, Exception? inner = null)
        : base($"The secret {address} is unavailable: {reason}", inner)
    {
    }

    public SecretUnavailableException(TenantId tenant, string reason, Exception? inner = null)
        : base($"The key of tenant {tenant} is unavailable: {reason}", inner)
    {
    }
}
