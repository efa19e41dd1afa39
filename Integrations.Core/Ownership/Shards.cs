using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Integrations.Core.Ownership;

/// <summary>Which slice an account belongs to, and which worker a slice prefers.</summary>
public static class Shards
{
    /// <summary>The shard of an account: stable for ever, because it is stored with the account and its messages.</summary>
    public static int ShardOf(Guid accountId, int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shardCount, 1);
        Span<byte> bytes = stackalloc byte[16];
        accountId.TryWriteBytes(bytes, bigEndian: true, out _);
        // Hashed, because the leading bits of a UUIDv7 are a clock and would gather the accounts of one moment in one shard.
        return (int)(Hash(bytes) % (ulong)shardCount);
    }

    /// <summary>
    /// Rendezvous hashing: the worker with the highest score for the shard. A worker that comes or goes moves only the shards it wins or had.
    /// </summary>
    /// <returns>Null when there are no workers.</returns>
    public static Guid? Preferred(int shard, IEnumerable<Guid> workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        Span<byte> bytes = stackalloc byte[20];
        BinaryPrimitives.WriteInt32BigEndian(bytes[16..], shard);
        (Guid Worker, ulong Score)? best = null;
        foreach (var worker in workers)
        {
            worker.TryWriteBytes(bytes, bigEndian: true, out _);
            var score = Hash(bytes);
            if (best is not { } leader || score > leader.Score || (score == leader.Score && worker.CompareTo(leader.Worker) > 0))
                best = (worker, score);
        }

        return best?.Worker;
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }
}
