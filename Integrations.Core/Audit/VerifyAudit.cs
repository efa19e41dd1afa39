using System.Security.Cryptography;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Audit;

/// <summary>A place in the chain that somebody has noted.</summary>
public sealed record AuditAnchor(long Position, byte[] Hash);

/// <summary>What is wrong with a chain.</summary>
public enum AuditFault
{
    /// <summary>The checkpoint at the beginning was not signed by this installation.</summary>
    CheckpointForged,

    /// <summary>There is no entry at this place.</summary>
    EntryMissing,

    /// <summary>The entry at this place is not as it was written.</summary>
    EntryChanged,

    /// <summary>The entry at this place does not follow the one before.</summary>
    LinkBroken,

    /// <summary>The chain ends elsewhere than its head says.</summary>
    HeadMoved,

    /// <summary>The chain does not have the place that the caller noted.</summary>
    AnchorLost,
}

/// <summary>What came of a look over a whole chain.</summary>
/// <param name="Fault">Null: nothing was removed and nothing changed.</param>
/// <param name="FaultAt">The place of the fault.</param>
/// <param name="From">The first place that is kept.</param>
/// <param name="Head">The last place and its hash; note them to prove later that nothing was cut off.</param>
/// <param name="Entries">Entries that were looked at.</param>
/// <param name="Erased">Of these, entries whose person was erased: they hang in the chain, and what they said is gone.</param>
/// <param name="Unsealed">Entries of the last moments, which are in no chain yet.</param>
public sealed record AuditVerdict(AuditFault? Fault, long? FaultAt, long From, AuditAnchor Head, long Entries, long Erased, long Unsealed);

/// <summary>Proves that nothing was removed from a tenant's audit and nothing changed in it.</summary>
public sealed class VerifyAudit(TenantDatabase database, ISecretProtector secrets)
{
    private const int Batch = 1000;

    private readonly AuditChain _chain = new(secrets);

    /// <param name="anchor">A head that was noted earlier; null to leave out that question.</param>
    public Task<AuditVerdict> ExecuteAsync(TenantId tenant, AuditAnchor? anchor, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenant, transaction => VerifyAsync(transaction, anchor, cancellationToken), cancellationToken);

    private async Task<AuditVerdict> VerifyAsync(TenantTransaction transaction, AuditAnchor? anchor, CancellationToken ct)
    {
        var (position, hash) = await AuditChain.HeadAsync(transaction, ct);
        var head = new AuditAnchor(position, hash);
        var unsealed = await UnsealedAsync(transaction, ct);
        var (start, signature) = await CheckpointAsync(transaction, ct);
        var verdict = new AuditVerdict(null, null, start.Position + 1, head, 0, 0, unsealed);
        var own = await _chain.SignAsync(transaction.Tenant, start.Position, start.Hash, ct);
        if (signature is not null && !CryptographicOperations.FixedTimeEquals(signature, own))
            return verdict with { Fault = AuditFault.CheckpointForged, FaultAt = start.Position };

        var (last, found) = (start, anchor is null || anchor.Position < start.Position || Same(anchor, start));
        while (true)
        {
            var entries = await EntriesAsync(transaction, last.Position, ct);
            foreach (var entry in entries)
            {
                if (entry.Position != last.Position + 1)
                    return verdict with { Fault = AuditFault.EntryMissing, FaultAt = last.Position + 1 };
                if (entry.Salt is not null && !CryptographicOperations.FixedTimeEquals(entry.Commit(), entry.Commitment))
                    return verdict with { Fault = AuditFault.EntryChanged, FaultAt = entry.Position };
                var link = await _chain.LinkAsync(transaction.Tenant, last.Position + 1, last.Hash, entry.Commitment!, ct);
                if (!CryptographicOperations.FixedTimeEquals(link, entry.Hash))
                    return verdict with { Fault = AuditFault.LinkBroken, FaultAt = entry.Position };
                last = new AuditAnchor(last.Position + 1, link);
                found |= anchor is not null && Same(anchor, last);
                verdict = verdict with { Entries = verdict.Entries + 1, Erased = verdict.Erased + (entry.Salt is null ? 1 : 0) };
            }

            if (entries.Count < Batch)
                break;
        }

        if (!Same(last, head))
            return verdict with { Fault = AuditFault.HeadMoved, FaultAt = last.Position };
        return found ? verdict : verdict with { Fault = AuditFault.AnchorLost, FaultAt = anchor!.Position };
    }

    private static bool Same(AuditAnchor one, AuditAnchor other) =>
        one.Position == other.Position && CryptographicOperations.FixedTimeEquals(one.Hash, other.Hash);

    private static async Task<long> UnsealedAsync(TenantTransaction transaction, CancellationToken ct)
    {
        await using var command = transaction.Command("select count(*) from audit_entries where position is null");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Where the chain begins; without a checkpoint there is no signature, and it begins at its beginning.</summary>
    private static async Task<(AuditAnchor Start, byte[]? Signature)> CheckpointAsync(TenantTransaction transaction, CancellationToken ct)
    {
        await using var command = transaction.Command("select position, hash, signature from audit_checkpoints order by position desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (new AuditAnchor(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)), reader.GetFieldValue<byte[]>(2))
            : (new AuditAnchor(0, AuditChain.Beginning), null);
    }

    private static async Task<List<AuditEntry>> EntriesAsync(TenantTransaction transaction, long after, CancellationToken ct)
    {
#pragma warning disable CA2100 // Constant texts.
        await using var command = transaction.Command($"select {AuditEntry.Columns} from audit_entries where position > $1 order by position limit {Batch}");
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter { Value = after, NpgsqlDbType = NpgsqlDbType.Bigint });
        List<AuditEntry> entries = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            entries.Add(AuditEntry.Read(reader));
        return entries;
    }
}
