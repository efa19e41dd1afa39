using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Integrations.Mtproto.Tl;

/// <summary>Writes TL into a pooled buffer. Not thread-safe; the memory it hands out is valid until the next write or the disposal.</summary>
/// <param name="layer">Whose constructors to write. Anything between two served layers counts as the lower one.</param>
/// <param name="capacity">First size of the buffer, in bytes.</param>
public sealed class TlWriter(int layer = Schema.SchemaLayer.Current, int capacity = 256) : IDisposable
{
    /// <summary>The longest <c>bytes</c> that TL can express (a 24-bit length).</summary>
    public const int MaxBytesLength = 0xffffff;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _length;

    public int Layer { get; } = layer;

    public int Length => _length;

    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear()
    {
        _buffer.AsSpan(0, _length).Clear();
        _length = 0;
    }

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    public void WriteInt128(ReadOnlySpan<byte> value) => WriteFixed(value, 16);

    public void WriteInt256(ReadOnlySpan<byte> value) => WriteFixed(value, 32);

    public void WriteBool(bool value) => WriteUInt32(value ? TlConstructors.BoolTrue : TlConstructors.BoolFalse);

    /// <summary>Bytes as they stand, without a length before them.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(TakeBytes(value.Length));

    public void WriteString(string value) => Encoding.UTF8.GetBytes(value, TakeBytes(Encoding.UTF8.GetByteCount(value)));

    public void WriteVector<T>(IReadOnlyList<T> items)
        where T : TlObject
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            items[i].Write(this);
    }

    public void WriteInt32Vector(IReadOnlyList<int> items)
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            WriteInt32(items[i]);
    }

    public void WriteInt64Vector(IReadOnlyList<long> items)
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            WriteInt64(items[i]);
    }

    public void WriteDoubleVector(IReadOnlyList<double> items)
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            WriteDouble(items[i]);
    }

    public void WriteStringVector(IReadOnlyList<string> items)
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            WriteString(items[i]);
    }

    public void WriteBytesVector(IReadOnlyList<byte[]> items)
    {
        WriteVectorHead(items.Count);
        for (var i = 0; i < items.Count; i++)
            WriteBytes(items[i]);
    }

    /// <summary>The head of a boxed vector; the caller writes exactly <paramref name="count"/> items after it.</summary>
    public void WriteVectorHead(int count)
    {
        WriteUInt32(TlConstructors.Vector);
        WriteInt32(count);
    }

    /// <summary>Overwrites four bytes that are already written, for example a length known only afterwards.</summary>
    public void PatchInt32(int position, int value) => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(position, 4), value);

    public void Dispose()
    {
        // Keys, codes and texts pass through here: the next renter of the array must not find them.
        Clear();
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void WriteFixed(ReadOnlySpan<byte> value, int size)
    {
        if (value.Length != size)
            throw new TlException($"{value.Length} bytes given where exactly {size} belong.");
        WriteRaw(value);
    }

    /// <summary>Writes the length and the padding of a string and returns the place of its bytes.</summary>
    private Span<byte> TakeBytes(int length)
    {
        if (length > MaxBytesLength)
            throw new TlException($"{length} bytes do not fit a TL string.");

        var header = length < 254 ? 1 : 4;
        var padding = -(header + length) & 3;
        var span = Take(header + length + padding);
        if (header == 1)
            span[0] = (byte)length;
        else
            BinaryPrimitives.WriteUInt32LittleEndian(span, 254u | ((uint)length << 8));
        span[(header + length)..].Clear();
        return span.Slice(header, length);
    }

    private Span<byte> Take(int count)
    {
        if (count > _buffer.Length - _length)
            Grow(count);
        var span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }

    private void Grow(int count)
    {
        ObjectDisposedException.ThrowIf(_buffer.Length == 0, this);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + count), Math.Min(_buffer.Length * 2, Array.MaxLength)));
        WrittenSpan.CopyTo(larger);
        _buffer.AsSpan(0, _length).Clear();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
