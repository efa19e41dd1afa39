using System.Buffers.Binary;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Audit;

/// <summary>
/// The chain that a tenant's entries hang in. Each link is a digest, under the installation's own key, of the link before, the place and the
/// entry's commitment: whoever can write the database but has not that key can neither change an entry nor take one out unseen.
/// </summary>
/// <remarks>The last entries can be cut off together with the head; who notes a head (place and hash) elsewhere can ask whether the chain still has it.</remarks>
internal sealed class AuditChain(ISecretProtector secrets)
{
    private const string LinkPurpose = "audit.link";
    private const string CheckpointPurpose = "audit.checkpoint";

    /// <summary>The hash before the first entry.</summary>
    public static readonly byte[] Beginning = new byte[32];

    public ValueTask<byte[]> LinkAsync(TenantId tenant, long position, byte[] before, byte[] commitment, CancellationToken ct) =>
        secrets.FingerprintAsync(LinkPurpose, Join(tenant, position, before, commitment), ct);

    public ValueTask<byte[]> SignAsync(TenantId tenant, long position, byte[] hash, CancellationToken ct) =>
        secrets.FingerprintAsync(CheckpointPurpose, Join(tenant, position, hash, []), ct);

    /// <summary>Takes out all sealed entries before the moment and leaves a signed checkpoint; how many went.</summary>
    /// <param name="by">Null: by their age.</param>
    public async Task<long> PurgeAsync(TenantTransaction transaction, DateTimeOffset before, int? by, CancellationToken ct)
    {
        var head = await HeadAsync(transaction, ct);
        await using var find = transaction.Command(
            """
            select e.position, e.hash from audit_entries e
             where e.position is not null
               and e.position < coalesce((select min(k.position) from audit_entries k where k.position is not null and k.occurred_at >= $1), $2 + 1)
             order by e.position desc limit 1
            """);
        find.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before.ToUniversalTime() });
        find.Parameters.Add(new NpgsqlParameter<long> { TypedValue = head.Position });
        long position;
        byte[] hash;
        await using (var reader = await find.ExecuteReaderAsync(ct))
        {
            if (!await reader.ReadAsync(ct))
                return 0;
            (position, hash) = (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
        }

        await using var purge = transaction.Command(
            """
            with gone as (delete from audit_entries where position <= $2 returning 1)
            insert into audit_checkpoints (tenant_id, position, hash, entries, purged_by, signature)
            select $1, $2, $3, (select count(*) from gone), $4, $5
            returning entries
            """);
        purge.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        purge.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        purge.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        purge.Parameters.Add(new NpgsqlParameter { Value = (object?)by ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        purge.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = await SignAsync(transaction.Tenant, position, hash, ct) });
        return (long)(await purge.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The end of the chain, held until the transaction ends: nothing is sealed or purged meanwhile.</summary>
    public static async Task<(long Position, byte[] Hash)> HeadAsync(TenantTransaction transaction, CancellationToken ct)
    {
        await using var command = transaction.Command("select position, hash from audit_heads for update");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : (0, Beginning);
    }

    private static byte[] Join(TenantId tenant, long position, byte[] first, byte[] second)
    {
        var bytes = new byte[16 + sizeof(long) + first.Length + second.Length];
        tenant.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), position);
        first.CopyTo(bytes, 24);
        second.CopyTo(bytes, 24 + first.Length);
        return bytes;
    }
}
