using System.Buffers.Binary;
using System.Text;

namespace Integrations.Bench.Circuits;

/// <summary>
/// Reads MessagePack as a tree: null, <see cref="bool"/>, <see cref="long"/>, <see cref="string"/>, <see cref="ReadOnlyMemory{T}"/> for bytes and
/// <c>object?[]</c> for arrays. Maps come as an array of keys and values in turn; floats and extensions are not sent to a browser.
/// </summary>
internal ref struct MessagePackReader(ReadOnlyMemory<byte> memory)
{
    private readonly ReadOnlyMemory<byte> _memory = memory;
    private int _at;

    /// <summary>
    /// Takes the next whole frame off what has arrived: a varint with its length, then one message. False when it is not all there yet.
    /// </summary>
    public static bool TryTakeFrame(ref ReadOnlyMemory<byte> arrived, out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        var span = arrived.Span;
        var length = 0;
        for (var i = 0; i < Math.Min(5, span.Length); i++)
        {
            length |= (span[i] & 0x7f) << (7 * i);
            if ((span[i] & 0x80) != 0)
                continue;
            if (span.Length - i - 1 < length)
                return false;
            frame = arrived.Slice(i + 1, length);
            arrived = arrived[(i + 1 + length)..];
            return true;
        }

        return false;
    }

    public object? Read()
    {
        var code = Take(1)[0];
        return code switch
        {
            < 0x80 => (long)code,
            < 0x90 => Items(2 * (code & 0x0f)),
            < 0xa0 => Items(code & 0x0f),
            < 0xc0 => Text(code & 0x1f),
            0xc0 => null,
            0xc2 => false,
            0xc3 => true,
            0xc4 => Bytes(Take(1)[0]),
            0xc5 => Bytes(BinaryPrimitives.ReadUInt16BigEndian(Take(2))),
            0xc6 => Bytes(BinaryPrimitives.ReadInt32BigEndian(Take(4))),
            0xcc => (long)Take(1)[0],
            0xcd => (long)BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xce => (long)BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            0xcf => (long)BinaryPrimitives.ReadUInt64BigEndian(Take(8)),
            0xd0 => (long)(sbyte)Take(1)[0],
            0xd1 => (long)BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            0xd2 => (long)BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            0xd3 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            0xd9 => Text(Take(1)[0]),
            0xda => Text(BinaryPrimitives.ReadUInt16BigEndian(Take(2))),
            0xdb => Text(BinaryPrimitives.ReadInt32BigEndian(Take(4))),
            0xdc => Items(BinaryPrimitives.ReadUInt16BigEndian(Take(2))),
            0xdd => Items(BinaryPrimitives.ReadInt32BigEndian(Take(4))),
            0xde => Items(2 * BinaryPrimitives.ReadUInt16BigEndian(Take(2))),
            >= 0xe0 => (long)(sbyte)code,
            _ => throw new InvalidDataException($"0x{code:x2} is not expected here."),
        };
    }

    private object?[] Items(int count)
    {
        var items = new object?[count];
        for (var i = 0; i < count; i++)
            items[i] = Read();
        return items;
    }

    private string Text(int length) => Encoding.UTF8.GetString(Take(length));

    private ReadOnlyMemory<byte> Bytes(int length)
    {
        var bytes = _memory.Slice(_at, length);
        _at += length;
        return bytes;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _memory.Span.Slice(_at, count);
        _at += count;
        return taken;
    }
}
