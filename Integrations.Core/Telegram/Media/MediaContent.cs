using System.Buffers;
using System.Data;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Media;

/// <summary>A content, read piece by piece as far as somebody reads it, from any place. Holds one piece.</summary>
internal sealed class MediaContent(TenantDatabase database, TenantId tenant, Guid media, long length) : Stream
{
    private byte[]? _buffer;
    private int _filled;
    private long _part = -1;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <exception cref="EndOfStreamException">The file was erased meanwhile: the reader must not take what he has for the whole.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position >= length)
            return 0;

        var part = _position / MediaStore.PartSize;
        if (_part != part)
            await LoadAsync(part, cancellationToken);
        var offset = (int)(_position % MediaStore.PartSize);
        var count = Math.Min(buffer.Length, _filled - offset);
        if (count <= 0)
            throw new EndOfStreamException($"The content of file {media} ended before its size.");

        _buffer.AsMemory(offset, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        SeekOrigin.End => length + offset,
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "Not an origin."),
    };

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A database is waited for: read asynchronously.");

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer is { } buffer)
        {
            _buffer = null;
            _part = -1;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        base.Dispose(disposing);
    }

    private async Task LoadAsync(long part, CancellationToken ct)
    {
        var buffer = _buffer ??= ArrayPool<byte>.Shared.Rent(MediaStore.PartSize);
        _part = -1;
        _filled = await database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select content from media_parts where media_id = $1 and part = $2");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)part });
                await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
                if (!await reader.ReadAsync(ct))
                    return 0;
                await using var content = await reader.GetStreamAsync(0, ct);
                return await content.ReadAtLeastAsync(buffer.AsMemory(0, MediaStore.PartSize), MediaStore.PartSize, throwOnEndOfStream: false, ct);
            },
            ct);
        _part = part;
    }
}
