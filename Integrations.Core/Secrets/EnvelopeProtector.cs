using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>Envelope encryption: a data key seals the secret; it lies in the database, wrapped by the tenant's own key, which does not.</summary>
/// <remarks>A ciphertext names its data key only, so it stays as it is when the tenant's keys move between key files and Vault.</remarks>
internal sealed class EnvelopeProtector(DataKeys keys) : ISecretProtector
{
    public async ValueTask<byte[]> ProtectAsync(SecretAddress address, ReadOnlyMemory<byte> clear, CancellationToken ct)
    {
        var associated = address.AssociatedData();
        var (version, key) = await keys.SealingAsync(address.Tenant, ct);
        try
        {
            return SealedSecret.Seal(key, SealedSecret.Envelope, version, associated, clear.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public async ValueTask<byte[]> UnprotectAsync(SecretAddress address, ReadOnlyMemory<byte> sealed_, CancellationToken ct)
    {
        var associated = address.AssociatedData();
        if (!SealedSecret.TryReadHeader(sealed_.Span, out var scheme, out var version))
            throw new SecretUnavailableException(address, "it is not a ciphertext of this service.");

        if (scheme != SealedSecret.Envelope)
            throw new SecretUnavailableException(address, $"it was sealed in another way ({scheme}).");

        var key = await keys.OpeningAsync(address, version, ct);
        try
        {
            return SealedSecret.Open(key, associated, sealed_.Span);
        }
        catch (CryptographicException e)
        {
            throw new SecretUnavailableException(address, "it does not open at this address with this key.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public async ValueTask<byte[]> FingerprintAsync(string purpose, ReadOnlyMemory<byte> clear, CancellationToken ct)
    {
        var installation = await keys.InstallationAsync(ct);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, installation, DataKeys.KeyLength, info: Encoding.UTF8.GetBytes("fingerprint|" + purpose));
        try
        {
            return HMACSHA256.HashData(key, clear.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(installation);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public Task DestroyTenantAsync(TenantId tenant, CancellationToken ct) =>
        tenant == TenantId.Installation
            ? throw new ArgumentException("The installation's own key is not a tenant's.", nameof(tenant))
            : keys.DestroyAsync(tenant, ct);
}
