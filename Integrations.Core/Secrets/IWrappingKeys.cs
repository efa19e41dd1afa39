using System.Globalization;
using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>The tenants' own keys, outside the database: they wrap data keys and nothing else. Key files and Vault are two of them.</summary>
internal interface IWrappingKeys
{
    /// <summary>Stored with every data key that was wrapped here.</summary>
    string Provider { get; }

    /// <param name="mayCreate">Nothing was wrapped for the tenant here yet: its key may be made. Otherwise a missing one is a loss to report.</param>
    /// <exception cref="SecretUnavailableException">The tenant's key is gone, or cannot be reached.</exception>
    ValueTask<byte[]> WrapAsync(TenantId tenant, int version, bool mayCreate, ReadOnlyMemory<byte> key, CancellationToken ct);

    /// <summary>All of them at the price of one. Null stands for one that the tenant's key does not open.</summary>
    /// <exception cref="SecretUnavailableException">The tenant's key is gone, or cannot be reached.</exception>
    ValueTask<IReadOnlyList<byte[]?>> UnwrapAsync(TenantId tenant, IReadOnlyList<DataKeyRow> rows, CancellationToken ct);

    /// <summary>For good, whether it exists or not.</summary>
    Task DestroyAsync(TenantId tenant, CancellationToken ct);

    /// <summary>Gives the tenant's key a new version, which wraps from now on; older ones still unwrap. False where a key has but one.</summary>
    Task<bool> RotateAsync(TenantId tenant, CancellationToken ct);

    /// <summary>The key of the installation's own secrets; null when none was made.</summary>
    ValueTask<byte[]?> FindInstallationKeyAsync(CancellationToken ct);

    /// <summary>Keeps the key unless one is kept already, and returns the one that is.</summary>
    ValueTask<byte[]> KeepInstallationKeyAsync(ReadOnlyMemory<byte> key, CancellationToken ct);

    /// <summary>What a wrapped data key is bound to, so that no row can be given to another tenant or renumbered.</summary>
    static byte[] AssociatedData(TenantId tenant, int version) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"data_keys|{tenant}|{version}"));
}
