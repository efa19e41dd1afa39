using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Internal;

/// <summary>The console's DataProtection keys, kept for it because it has no database. Sealed at rest under the installation's own key.</summary>
internal sealed class DataProtectionRing(TenantDatabase database, ISecretProtector secrets)
{
    public async Task<IReadOnlyList<DataProtectionKey>> ReadAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select name, sealed from data_protection_keys order by created_at, name", connection, transaction);
                var rows = new List<(string Name, byte[] Sealed)>();
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    rows.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
                return rows;
            },
            cancellationToken);

        var keys = new List<DataProtectionKey>(rows.Count);
        foreach (var (name, sealedXml) in rows)
            keys.Add(new(name, Encoding.UTF8.GetString(await secrets.UnprotectAsync(AddressOf(name), sealedXml, cancellationToken))));
        return keys;
    }

    public async Task StoreAsync(DataProtectionKey key, CancellationToken cancellationToken)
    {
        var sealedXml = await secrets.ProtectAsync(AddressOf(key.Name), Encoding.UTF8.GetBytes(key.Xml), cancellationToken);
        await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "insert into data_protection_keys (name, sealed) values ($1, $2) on conflict (name) do update set sealed = excluded.sealed", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = key.Name }, new NpgsqlParameter<byte[]> { TypedValue = sealedXml } },
                };
                return await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Rows are named by text; their address needs a uuid, so it is taken from the name's hash.</summary>
    private static SecretAddress AddressOf(string name) =>
        new(TenantId.Installation, "data_protection_keys", "sealed", new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)));
}

/// <summary>One element of the ring: the name that the framework gives it, and its XML.</summary>
internal sealed record DataProtectionKey(string Name, string Xml);
