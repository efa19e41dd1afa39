using System.Buffers;
using System.Security.Cryptography;
using Integrations.Core.Audit;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Media;

/// <summary>What was written.</summary>
/// <param name="Size">In bytes.</param>
public sealed record WrittenContent(long Size, byte[] Sha256);

/// <summary>The one place that reads and writes the content of files, in the tenant of the caller and within bounded memory.</summary>
/// <remarks>
/// Each piece has a transaction of its own, so that neither a slow reader nor a slow source holds a connection. What is written is nobody's
/// to read until the row says that it is ready: <see cref="ReadyAsync"/>, in the transaction of whatever follows from it.
/// </remarks>
public sealed class MediaStore(TenantDatabase database)
{
    /// <summary>Bytes of each piece but the last.</summary>
    public const int PartSize = 512 * 1024;

    /// <summary>The content of a file that is ready, from any place of it; null where there is none. Whether the caller may see it is the caller's question.</summary>
    public Task<Stream?> OpenAsync(TenantId tenant, Guid media, CancellationToken ct) => database.InTenantAsync<Stream?>(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command("select size from media where id = $1 and state = 'ready'");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
            return await command.ExecuteScalarAsync(ct) is long size ? new MediaContent(database, tenant, media, size) : null;
        },
        ct);

    /// <summary>Writes a content from its beginning; what an earlier try has left is written over.</summary>
    /// <param name="limit">In bytes.</param>
    /// <param name="guard">Runs first in every transaction: a worker's epoch. Null where nothing has to hold.</param>
    /// <returns>Null for what is over the limit; nothing of it is kept.</returns>
    public async Task<WrittenContent?> WriteAsync(
        TenantId tenant, Guid media, Stream content, long limit, Func<TenantTransaction, Task>? guard, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(content);
        // Pieces are no changes by themselves; the one that makes the file ready is. Ends with this method.
        AuditScope.Leave();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PartSize);
        try
        {
            await ClearAsync(tenant, media, guard, ct);
            long size = 0;
            for (var part = 0; ; part++)
            {
                var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, PartSize), PartSize, throwOnEndOfStream: false, ct);
                size += read;
                if (size > limit)
                {
                    await ClearAsync(tenant, media, guard, ct);
                    return null;
                }

                if (read > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    await AddAsync(tenant, media, part, new ArraySegment<byte>(buffer, 0, read), guard, ct);
                }

                if (read < PartSize)
                    return new WrittenContent(size, hash.GetHashAndReset());
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes what was written the content of the file. False where the file is gone, or is not waited for any more.</summary>
    public static async Task<bool> ReadyAsync(TenantTransaction transaction, Guid media, WrittenContent written, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(written);
        await using var command = transaction.Command(
            """
            update media
               set state = 'ready', size = $2, sha256 = $3, location_sealed = null, error_code = null, error_detail = null
             where id = $1 and state = 'waiting'
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = written.Size });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = written.Sha256 });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    private Task ClearAsync(TenantId tenant, Guid media, Func<TenantTransaction, Task>? guard, CancellationToken ct) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await (guard?.Invoke(transaction) ?? Task.CompletedTask);
            await using var command = transaction.Command("delete from media_parts where media_id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    private Task AddAsync(TenantId tenant, Guid media, int part, ArraySegment<byte> content, Func<TenantTransaction, Task>? guard, CancellationToken ct) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await (guard?.Invoke(transaction) ?? Task.CompletedTask);
            await using var command = transaction.Command("insert into media_parts (tenant_id, media_id, part, content) values ($1, $2, $3, $4)");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = part });
            command.Parameters.Add(new NpgsqlParameter { Value = content, NpgsqlDbType = NpgsqlDbType.Bytea });
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);
}
