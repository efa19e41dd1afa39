using System.Security.Cryptography;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Secrets.Rotation;

/// <summary>What a move has done.</summary>
/// <param name="Tenants">Whose data keys are all where they should be now.</param>
/// <param name="DataKeys">Wrapped anew.</param>
/// <param name="Failed">Tenants that stay as they were, with the reason.</param>
internal sealed record MoveReport(int Tenants, int DataKeys, IReadOnlyList<string> Failed);

/// <summary>Wraps all data keys by the keys of another store, or by the newest version of the same one. No ciphertext changes.</summary>
/// <remarks>
/// One transaction for each tenant: interrupted, it has moved whole tenants, and run again it moves the rest. The hosts need not stop, as
/// long as both stores are configured for them.
/// </remarks>
internal sealed class MoveSecrets(TenantDatabase database, IReadOnlyList<IWrappingKeys> stores)
{
    /// <param name="provider">Of the store that wraps from now on.</param>
    /// <param name="again">Also what that store has wrapped already: after its keys were rotated.</param>
    /// <exception cref="SecretUnavailableException">The installation's own key cannot be moved; nothing else has been.</exception>
    public async Task<MoveReport> RunAsync(string provider, bool again, CancellationToken ct)
    {
        var target = stores.Single(store => store.Provider == provider);
        await MoveInstallationKeyAsync(target, ct);
        var (tenants, keys) = (0, 0);
        List<string> failed = [];
        foreach (var tenant in await TenantsAsync(ct))
        {
            try
            {
                keys += await MoveAsync(tenant, target, again, ct);
                tenants++;
            }
            catch (SecretUnavailableException e)
            {
                failed.Add(e.Message);
            }
        }

        return new MoveReport(tenants, keys, failed);
    }

    private async Task MoveInstallationKeyAsync(IWrappingKeys target, CancellationToken ct)
    {
        foreach (var source in stores.Where(store => store != target))
        {
            if (await source.FindInstallationKeyAsync(ct) is not { } key)
                continue;

            var kept = await target.KeepInstallationKeyAsync(key, ct);
            var same = CryptographicOperations.FixedTimeEquals(kept, key);
            CryptographicOperations.ZeroMemory(kept);
            CryptographicOperations.ZeroMemory(key);
            if (!same)
            {
                throw new SecretUnavailableException(
                    TenantId.Installation, $"'{source.Provider}' and '{target.Provider}' hold different ones. Remove the one that nothing is sealed under.");
            }
        }
    }

    private Task<int> MoveAsync(TenantId tenant, IWrappingKeys target, bool again, CancellationToken ct) =>
        database.InTenantAsync(
            tenant,
            async transaction =>
            {
                // Locked, so that two moves do not undo each other.
                List<DataKeyRow> rows;
                await using (var command = transaction.Command($"select {DataKeyRows.Columns} from data_keys order by version for update"))
                    rows = await DataKeyRows.ReadAsync(command, ct);

                var moving = rows.Where(row => again || row.Provider != target.Provider).ToList();
                foreach (var group in moving.GroupBy(row => row.Provider))
                {
                    var source = stores.FirstOrDefault(store => store.Provider == group.Key)
                        ?? throw new SecretUnavailableException(tenant, $"its data keys were wrapped by '{group.Key}', which is not configured here.");
                    List<DataKeyRow> members = [.. group];
                    var opened = await source.UnwrapAsync(tenant, members, ct);
                    foreach (var (row, key) in members.Zip(opened))
                        await WrapAsync(transaction, target, row, key, mayCreate: rows.All(other => other.Provider != target.Provider), ct);
                }

                return moving.Count;
            },
            ct);

    private static async Task WrapAsync(TenantTransaction transaction, IWrappingKeys target, DataKeyRow row, byte[]? key, bool mayCreate, CancellationToken ct)
    {
        if (key is null)
            throw new SecretUnavailableException(transaction.Tenant, $"its own key does not open data key {row.Version}.");

        try
        {
            var wrapped = await target.WrapAsync(transaction.Tenant, row.Version, mayCreate, key, ct);
            await using var command = transaction.Command("update data_keys set provider = $2, wrapped = $3 where version = $1");
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = row.Version });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = target.Provider });
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = wrapped });
            await command.ExecuteNonQueryAsync(ct);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Gives every tenant's own key a new version, and wraps the data keys by it.</summary>
    /// <returns>Null where this store's keys have but one version.</returns>
    public async Task<MoveReport?> RotateWrappingAsync(string provider, CancellationToken ct)
    {
        var store = stores.Single(store => store.Provider == provider);
        foreach (var tenant in await TenantsAsync(ct))
        {
            try
            {
                if (!await store.RotateAsync(tenant, ct))
                    return null;
            }
            catch (SecretUnavailableException)
            {
                // Told by the move that follows, which meets the same key.
            }
        }

        return await RunAsync(provider, again: true, ct);
    }

    private Task<List<TenantId>> TenantsAsync(CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select tenant_id from doors.data_key_holders()", connection, transaction);
                await using var reader = await command.ExecuteReaderAsync(ct);
                var tenants = new List<TenantId>();
                while (await reader.ReadAsync(ct))
                    tenants.Add(new TenantId(reader.GetGuid(0)));
                return tenants;
            },
            ct);
}
