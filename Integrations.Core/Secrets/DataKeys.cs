using System.Security.Cryptography;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>The keys that seal secrets: stored wrapped, opened by the tenant's own key, kept in memory for a while.</summary>
/// <remarks>
/// A new one is made at the first sealing after <see cref="SecretsOptions.RotateAfter"/>; older ones go on opening. The installation's own
/// secrets are few and have no tenant row to hang a data key on: their key is kept whole where the tenants' keys are.
/// </remarks>
/// <param name="wrapping">The first one wraps what is new; the others still open what they wrapped, until it is moved.</param>
internal sealed class DataKeys(DataKeyRows rows, IReadOnlyList<IWrappingKeys> wrapping, SecretsOptions options, TimeProvider time) : IDisposable
{
    public const int KeyLength = 32;

    private const int InstallationKeyVersion = 1;

    private readonly DataKeyCache _cache = new(options.KeyCacheSize, options.KeyCacheLifetime, time);

    /// <summary>A thousand sessions that are opened at once ask for their tenant's key once. Striped, so that their number has a bound.</summary>
    private readonly Turn[] _turns = [.. Enumerable.Range(0, 64).Select(static _ => new Turn(OfStore))];

    private IWrappingKeys Primary => wrapping[0];

    /// <summary>The key that seals for the tenant now; the caller zeroes it.</summary>
    public async ValueTask<(int Version, byte[] Key)> SealingAsync(TenantId tenant, CancellationToken ct)
    {
        if (tenant == TenantId.Installation)
            return (InstallationKeyVersion, await InstallationAsync(ct));

        return Fresh(tenant) ?? await TurnOf(tenant).TakeAsync(
            async () =>
            {
                if (Fresh(tenant) is { } made)
                    return made;

                var (row, key) = await FindOrMakeAsync(tenant, always: false, ct);
                return (row.Version, key);
            },
            ct);
    }

    /// <summary>The newest data key, made if that has served its time.</summary>
    /// <param name="always">Made however young it is.</param>
    public Task<DataKeyRow> RenewAsync(TenantId tenant, bool always, CancellationToken ct) => TurnOf(tenant).TakeAsync(
        async () =>
        {
            // Not unwrapped where it stays: that would be a request to Vault for each tenant, at every look.
            if (!always && await rows.NewestAsync(tenant, ct) is { } newest && IsFresh(newest.CreatedAt))
                return newest;

            var (row, key) = await FindOrMakeAsync(tenant, always, ct);
            CryptographicOperations.ZeroMemory(key);
            return row;
        },
        ct);

    /// <summary>The key of that version; the caller zeroes it.</summary>
    public async ValueTask<byte[]> OpeningAsync(SecretAddress address, int version, CancellationToken ct)
    {
        var tenant = address.Tenant;
        if (tenant == TenantId.Installation)
            return await InstallationAsync(ct);

        return _cache.TryCopy(tenant, version, out var cached) ? cached : await TurnOf(tenant).TakeAsync(
            async () =>
            {
                if (_cache.TryCopy(tenant, version, out var there))
                    return there;

                // Those that the tenant's other secrets are likely to want next come along.
                var stored = await rows.FindAsync(tenant, version, ct);
                return stored.Any(row => row.Version == version)
                    ? await KeepAsync(tenant, stored, version, ct)
                    : throw new SecretUnavailableException(address, $"the tenant has no data key {version}.");
            },
            ct);
    }

    public async ValueTask<byte[]> InstallationAsync(CancellationToken ct) =>
        _cache.TryCopy(TenantId.Installation, InstallationKeyVersion, out var cached) ? cached : await TurnOf(TenantId.Installation).TakeAsync(
            async () =>
            {
                if (_cache.TryCopy(TenantId.Installation, InstallationKeyVersion, out var there))
                    return there;

                byte[]? key = null;
                foreach (var keys in wrapping)
                    key ??= await keys.FindInstallationKeyAsync(ct);

                key ??= await Primary.KeepInstallationKeyAsync(RandomNumberGenerator.GetBytes(KeyLength), ct);
                _cache.Put(TenantId.Installation, InstallationKeyVersion, time.GetUtcNow(), key, newest: true);
                return key;
            },
            ct);

    public async Task DestroyAsync(TenantId tenant, CancellationToken ct)
    {
        foreach (var keys in wrapping)
            await keys.DestroyAsync(tenant, ct);

        _cache.Forget(tenant);
    }

    public void Dispose()
    {
        _cache.Dispose();
        foreach (var turn in _turns)
            turn.Dispose();
    }

    private (int Version, byte[] Key)? Fresh(TenantId tenant)
    {
        if (!_cache.TryCopyNewest(tenant, out var version, out var createdAt, out var cached))
            return null;

        if (IsFresh(createdAt))
            return (version, cached);

        CryptographicOperations.ZeroMemory(cached);
        return null;
    }

    private async Task<(DataKeyRow Row, byte[] Key)> FindOrMakeAsync(TenantId tenant, bool always, CancellationToken ct)
    {
        while (true)
        {
            var newest = await rows.NewestAsync(tenant, ct);
            if (newest is not null && !always && IsFresh(newest.CreatedAt))
                return (newest, await KeepAsync(tenant, [newest], newest.Version, ct));

            var key = RandomNumberGenerator.GetBytes(KeyLength);
            try
            {
                var next = (newest?.Version ?? 0) + 1;
                var wrapped = await Primary.WrapAsync(tenant, next, mayCreate: newest?.Provider != Primary.Provider, key, ct);
                var row = new DataKeyRow(next, Primary.Provider, wrapped, time.GetUtcNow());
                if (!await rows.AddAsync(tenant, row, ct))
                    continue;

                _cache.Put(tenant, next, row.CreatedAt, key, newest: true);
                return (row, [.. key]);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(key);
            }
        }
    }

    /// <summary>Unwraps them, keeps copies in the cache and returns another of the one that was asked for.</summary>
    /// <param name="stored">Newest first; the first one is the tenant's newest of all.</param>
    private async Task<byte[]> KeepAsync(TenantId tenant, IReadOnlyList<DataKeyRow> stored, int version, CancellationToken ct)
    {
        byte[]? wanted = null;
        foreach (var group in stored.GroupBy(row => row.Provider))
        {
            if (wrapping.FirstOrDefault(keys => keys.Provider == group.Key) is not { } keys)
            {
                if (group.Any(row => row.Version == version))
                    throw new SecretUnavailableException(tenant, $"data key {version} was wrapped by '{group.Key}', which is not configured here.");
                continue;
            }

            List<DataKeyRow> members = [.. group];
            var opened = await keys.UnwrapAsync(tenant, members, ct);
            foreach (var (row, key) in members.Zip(opened))
            {
                if (key is null)
                    continue;

                _cache.Put(tenant, row.Version, row.CreatedAt, key, newest: row == stored[0]);
                if (row.Version == version)
                    wanted = key;
                else
                    CryptographicOperations.ZeroMemory(key);
            }
        }

        return wanted ?? throw new SecretUnavailableException(tenant, $"its own key does not open data key {version}.");
    }

    private bool IsFresh(DateTimeOffset createdAt) => time.GetUtcNow() - createdAt < options.RotateAfter;

    private Turn TurnOf(TenantId tenant) => _turns[(uint)tenant.GetHashCode() % (uint)_turns.Length];

    /// <summary>What is wrong with the store is everybody's; what is wrong with a key is its tenant's alone.</summary>
    private static SecretUnavailableException? OfStore(Exception e) =>
        e is SecretUnavailableException { Obstacle: not SecretObstacle.Lasting } failure
            ? new SecretUnavailableException(TenantId.Installation, failure.Reason, failure) { Obstacle = failure.Obstacle }
            : null;
}
