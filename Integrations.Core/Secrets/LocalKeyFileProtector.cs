using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>Envelope encryption with a key file per tenant: the embedded provider.</summary>
/// <remarks>
/// The data key seals the secret and lies in the database, wrapped by the tenant's key file, which does not. A new data key is made at the
/// first sealing after <see cref="SecretsOptions.DataKeyLifetime"/>; older ones go on opening. The installation's own secrets are few and
/// have no tenant row to hang a data key on: <c>installation.key</c> seals them directly.
/// </remarks>
internal sealed class LocalKeyFileProtector(DataKeyRows rows, SecretsOptions options, TimeProvider time) : ISecretProtector, IDisposable
{
    private const int InstallationKeyVersion = 1;

    private readonly KeyFiles _files = new(options.Directory);
    private readonly DataKeyCache _cache = new(options.KeyCacheSize, options.KeyCacheLifetime, time);

    public async ValueTask<byte[]> ProtectAsync(SecretAddress address, ReadOnlyMemory<byte> clear, CancellationToken ct)
    {
        var associated = address.AssociatedData();
        var (version, key) = await SealingKeyAsync(address.Tenant, ct);
        try
        {
            return SealedSecret.Seal(key, SealedSecret.LocalKeyFile, version, associated, clear.Span);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public async ValueTask<byte[]> UnprotectAsync(SecretAddress address, ReadOnlyMemory<byte> sealed_, CancellationToken ct)
    {
        var associated = address.AssociatedData();
        if (!SealedSecret.TryReadHeader(sealed_.Span, out var provider, out var version))
            throw new SecretUnavailableException(address, "it is not a ciphertext of this service.");

        if (provider != SealedSecret.LocalKeyFile)
            throw new SecretUnavailableException(address, $"it was sealed by another key provider ({provider}).");

        var key = await OpeningKeyAsync(address, version, ct);
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

    public Task DestroyTenantAsync(TenantId tenant, CancellationToken ct)
    {
        if (tenant == TenantId.Installation)
            throw new ArgumentException("The installation's own key is not a tenant's.", nameof(tenant));

        _files.Destroy(tenant);
        _cache.Forget(tenant);
        return Task.CompletedTask;
    }

    public void Dispose() => _cache.Dispose();

    private async ValueTask<(int Version, byte[] Key)> SealingKeyAsync(TenantId tenant, CancellationToken ct)
    {
        if (tenant == TenantId.Installation)
            return (InstallationKeyVersion, InstallationKey());

        if (_cache.TryCopyNewest(tenant, out var version, out var createdAt, out var cached))
        {
            if (IsFresh(createdAt))
                return (version, cached);

            CryptographicOperations.ZeroMemory(cached);
        }

        while (true)
        {
            var newest = await rows.NewestAsync(tenant, ct);
            if (newest is not null && IsFresh(newest.CreatedAt))
                return (newest.Version, Keep(tenant, newest, isNewest: true));

            // With data keys stored, a missing key file is a loss to report, not an invitation to make another.
            var wrapping = newest is null ? _files.ReadOrCreate(tenant) : _files.Read(tenant);
            var key = RandomNumberGenerator.GetBytes(KeyFiles.KeyLength);
            try
            {
                var next = (newest?.Version ?? 0) + 1;
                var row = new DataKeyRow(next, SealedSecret.Seal(wrapping, SealedSecret.LocalKeyFile, next, WrapAddress(tenant, next), key), time.GetUtcNow());
                if (!await rows.AddAsync(tenant, row, ct))
                    continue;

                _cache.Put(tenant, next, row.CreatedAt, key, newest: true);
                return (next, [.. key]);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(wrapping);
                CryptographicOperations.ZeroMemory(key);
            }
        }
    }

    private async ValueTask<byte[]> OpeningKeyAsync(SecretAddress address, int version, CancellationToken ct)
    {
        if (address.Tenant == TenantId.Installation)
            return InstallationKey();

        if (_cache.TryCopy(address.Tenant, version, out var cached))
            return cached;

        var row = await rows.FindAsync(address.Tenant, version, ct)
            ?? throw new SecretUnavailableException(address, $"the tenant has no data key {version}.");
        return Keep(address.Tenant, row, isNewest: false);
    }

    /// <summary>Unwraps, keeps a copy in the cache and returns another.</summary>
    private byte[] Keep(TenantId tenant, DataKeyRow row, bool isNewest)
    {
        var wrapping = _files.Read(tenant);
        try
        {
            var key = SealedSecret.Open(wrapping, WrapAddress(tenant, row.Version), row.Wrapped);
            _cache.Put(tenant, row.Version, row.CreatedAt, key, isNewest);
            return key;
        }
        catch (CryptographicException e)
        {
            throw new SecretUnavailableException(tenant, $"the key file does not open data key {row.Version}.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    private byte[] InstallationKey()
    {
        if (_cache.TryCopy(TenantId.Installation, InstallationKeyVersion, out var cached))
            return cached;

        var key = _files.ReadOrCreate(TenantId.Installation);
        _cache.Put(TenantId.Installation, InstallationKeyVersion, time.GetUtcNow(), key, newest: true);
        return key;
    }

    /// <summary>What a wrapped data key is bound to, so that no row can be given to another tenant or renumbered.</summary>
    private static byte[] WrapAddress(TenantId tenant, int version) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"data_keys|{tenant}|{version}"));

    private bool IsFresh(DateTimeOffset createdAt) => time.GetUtcNow() - createdAt < options.DataKeyLifetime;
}
