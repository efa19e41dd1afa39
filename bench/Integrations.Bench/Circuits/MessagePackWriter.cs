using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Integrations.Bench.Circuits;

/// <summary>As much of MessagePack as a browser's hub messages need: nil, booleans, whole numbers, text, arrays and an empty map.</summary>
internal sealed class MessagePackWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    /// <summary>The messages of <paramref name="write"/> as one frame of a hub connection: its length as a varint, then the message.</summary>
    public static byte[] Frame(Action<MessagePackWriter> write)
    {
        var writer = new MessagePackWriter();
        write(writer);
        var body = writer._buffer.WrittenSpan;
        Span<byte> prefix = stackalloc byte[5];
        var used = 0;
        for (var length = (uint)body.Length; ; length >>= 7)
        {
            prefix[used++] = (byte)(length > 0x7f ? (length & 0x7f) | 0x80 : length);
            if (length <= 0x7f)
                return [.. prefix[..used], .. body];
        }
    }

    public MessagePackWriter Array(int count) => count < 16 ? Byte(0x90 | count) : throw new ArgumentOutOfRangeException(nameof(count));

    public MessagePackWriter EmptyMap() => Byte(0x80);

    public MessagePackWriter Value(object? value) => value switch
    {
        null => Byte(0xc0),
        bool flag => Byte(flag ? 0xc3 : 0xc2),
        int number => Whole(number),
        long number => Whole(number),
        string text => Text(text),
        _ => throw new ArgumentException($"{value.GetType()} has no place in a browser's message.", nameof(value)),
    };

    private MessagePackWriter Whole(long number)
    {
        if (number is >= 0 and < 128)
            return Byte((int)number);
        Byte(0xd3);
        BinaryPrimitives.WriteInt64BigEndian(_buffer.GetSpan(8), number);
        _buffer.Advance(8);
        return this;
    }

    private MessagePackWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Byte(0xdb);
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(4), bytes.Length);
        _buffer.Advance(4);
        _buffer.Write(bytes);
        return this;
    }

    private MessagePackWriter Byte(int value)
    {
        _buffer.GetSpan(1)[0] = (byte)value;
        _buffer.Advance(1);
        return this;
    }
}
