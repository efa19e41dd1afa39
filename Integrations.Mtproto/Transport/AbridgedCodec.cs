using System.Buffers;
using System.Buffers.Binary;

namespace Integrations.Mtproto.Transport;

/// <summary>
/// Tag 0xef; the length in words as one byte below 0x7f, or 0x7f and three bytes. The top bit of the first byte asks for a quick ack.
/// </summary>
internal sealed class AbridgedCodec(bool isServer, int maxPayload) : FrameCodec(maxPayload)
{
    private const byte LongLength = 0x7f;
    private const byte QuickAckBit = 0x80;

    public override TransportFormat Format => TransportFormat.Abridged;

    public override ReadOnlySpan<byte> Tag => [0xef];

    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        CheckAligned(payload);
        var words = payload.Length / 4;
        if (words < LongLength)
            output.Write([(byte)words]);
        else
            output.Write([LongLength, (byte)words, (byte)(words >> 8), (byte)(words >> 16)]);
        output.Write(payload);
    }

    public override bool TryRead(ReadOnlyMemory<byte> input, out int consumed, out Frame frame)
    {
        (consumed, frame) = (0, default);
        var bytes = input.Span;
        if (bytes.IsEmpty)
            return false;

        var first = bytes[0];
        var marked = (first & QuickAckBit) != 0;
        if (marked && !isServer)
        {
            // Not a packet: four bytes of token, big-endian in this format so that the top bit comes first.
            if (bytes.Length < 4)
                return false;
            consumed = 4;
            frame = new Frame(FrameKind.QuickAck, default, BinaryPrimitives.ReadInt32BigEndian(bytes));
            return true;
        }

        var header = 1;
        var words = first & ~QuickAckBit;
        if (words == LongLength)
        {
            if (bytes.Length < 4)
                return false;
            header = 4;
            words = bytes[1] | (bytes[2] << 8) | (bytes[3] << 16);
        }

        CheckSize(words * 4L);
        var size = words * 4;
        if (bytes.Length < header + size)
            return false;

        consumed = header + size;
        frame = PayloadOrError(input.Slice(header, size), marked);
        return true;
    }
}
