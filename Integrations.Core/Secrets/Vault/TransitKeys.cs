using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets.Vault;

/// <summary>The wrapping keys in Vault's transit engine: one for each tenant, which never leaves it.</summary>
/// <remarks>
/// A data key is bound to its tenant and version by associated data. Vault's rewrap takes none, so that rotation opens and wraps again here,
/// where the data keys are known anyway.
/// </remarks>
internal sealed class TransitKeys(VaultClient vault, VaultOptions options) : IWrappingKeys
{
    public const string Name = "vault";

    public string Provider => Name;

    public async ValueTask<byte[]> WrapAsync(TenantId tenant, int version, bool mayCreate, ReadOnlyMemory<byte> key, CancellationToken ct)
    {
        var name = NameOf(tenant);
        try
        {
            if (mayCreate)
                await vault.CreateKeyAsync(name, ct);

            return Encoding.ASCII.GetBytes(await vault.EncryptAsync(name, key, IWrappingKeys.AssociatedData(tenant, version), ct));
        }
        catch (VaultException e)
        {
            // To encrypt under a name that does not exist is to create it, which the policy denies: both look alike.
            throw e.Failure is VaultFailure.Denied && await IsGoneAsync(name, ct) ? Gone(tenant, e) : Unavailable(tenant, e);
        }
    }

    public async ValueTask<IReadOnlyList<byte[]?>> UnwrapAsync(TenantId tenant, IReadOnlyList<DataKeyRow> rows, CancellationToken ct)
    {
        try
        {
            return await vault.DecryptAsync(
                NameOf(tenant), [.. rows.Select(row => (Encoding.ASCII.GetString(row.Wrapped), IWrappingKeys.AssociatedData(tenant, row.Version)))], ct);
        }
        catch (VaultException e)
        {
            throw e.Failure is VaultFailure.Refused ? Gone(tenant, e) : Unavailable(tenant, e);
        }
    }

    public async Task DestroyAsync(TenantId tenant, CancellationToken ct)
    {
        try
        {
            await vault.DeleteKeyAsync(NameOf(tenant), ct);
        }
        catch (VaultException e)
        {
            throw Unavailable(tenant, e);
        }
    }

    public async Task<bool> RotateAsync(TenantId tenant, CancellationToken ct)
    {
        try
        {
            await vault.RotateKeyAsync(NameOf(tenant), ct);
            return true;
        }
        catch (VaultException e)
        {
            throw Unavailable(tenant, e);
        }
    }

    public async ValueTask<byte[]?> FindInstallationKeyAsync(CancellationToken ct)
    {
        try
        {
            return await vault.ReadInstallationKeyAsync(ct) is { } text ? Convert.FromBase64String(text) : null;
        }
        catch (VaultException e)
        {
            throw Unavailable(TenantId.Installation, e);
        }
    }

    public async ValueTask<byte[]> KeepInstallationKeyAsync(ReadOnlyMemory<byte> key, CancellationToken ct)
    {
        try
        {
            await vault.WriteInstallationKeyAsync(Convert.ToBase64String(key.Span), ct);
            return key.ToArray();
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Refused or VaultFailure.Denied)
        {
            // Another process was first (to write what exists is to update it, which the policy denies); its key is the installation's. A
            // deleted one is a loss to report, and never replaced.
            return await FindInstallationKeyAsync(ct)
                ?? throw new SecretUnavailableException(TenantId.Installation, "its key in Vault was deleted, or the policy does not allow to make it.", e);
        }
        catch (VaultException e)
        {
            throw Unavailable(TenantId.Installation, e);
        }
    }

    private string NameOf(TenantId tenant) => options.KeyPrefix + tenant;

    private async Task<bool> IsGoneAsync(string name, CancellationToken ct)
    {
        try
        {
            return !await vault.KeyExistsAsync(name, ct);
        }
        catch (VaultException)
        {
            // Then what was met first is what is told.
            return false;
        }
    }

    private static SecretUnavailableException Gone(TenantId tenant, VaultException e) => new(tenant, "its key in Vault was destroyed or does not open this.", e);

    private static SecretUnavailableException Unavailable(TenantId tenant, VaultException e) => new(
        tenant,
        e.Failure switch
        {
            VaultFailure.Sealed => "Vault is sealed; unseal it.",
            VaultFailure.Unreachable => "Vault cannot be reached.",
            VaultFailure.Denied => "Vault denies this host's token what it needs; see the policies in deploy/vault.",
            _ => "Vault refuses.",
        },
        e)
    {
        Obstacle = e.Obstacle,
    };
}
