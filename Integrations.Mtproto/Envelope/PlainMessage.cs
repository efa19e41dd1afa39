using System.Buffers.Binary;

namespace Integrations.Mtproto.Envelope;

/// <summary>The unencrypted envelope of the handshake: <c>auth_key_id:int64 = 0, message_id:int64, message_data_length:int32</c>.</summary>
public static class PlainMessage
{
    /// <summary>Bytes before the body.</summary>
    public const int HeaderSize = 20;

    public static byte[] Write(long messageId, ReadOnlySpan<byte> body)
    {
        var packet = new byte[HeaderSize + body.Length];
        BinaryPrimitives.WriteInt64LittleEndian(packet.AsSpan(8), messageId);
        BinaryPrimitives.WriteInt32LittleEndian(packet.AsSpan(16), body.Length);
        body.CopyTo(packet.AsSpan(HeaderSize));
        return packet;
    }

    /// <summary>Reads one packet of the handshake. The body may be longer than its object: real servers pad it.</summary>
    /// <exception cref="EnvelopeException">The packet is encrypted or its length is not true.</exception>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> packet, out long messageId)
    {
        var bytes = packet.Span;
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadInt64LittleEndian(bytes) != 0)
            throw new EnvelopeException();

        messageId = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        if (length < 4 || length > bytes.Length - HeaderSize)
            throw new EnvelopeException();
        return packet.Slice(HeaderSize, length);
    }
}
