using System.Buffers;
using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Transport;

/// <summary>
/// Tag 0xeeeeeeee, or 0xdddddddd when padded; four bytes of length, whose top bit asks for a quick ack.
/// </summary>
/// <param name="isServer">Which side reads.</param>
/// <param name="maxPayload">The longest packet accepted, in bytes.</param>
/// <param name="padding">Where the padding comes from; null for the unpadded format.</param>
internal sealed class IntermediateCodec(bool isServer, int maxPayload, IRandomSource? padding) : FrameCodec(maxPayload)
{
    private const int QuickAckBit = unchecked((int)0x80000000);

    public override TransportFormat Format => padding is null ? TransportFormat.Intermediate : TransportFormat.PaddedIntermediate;

    public override ReadOnlySpan<byte> Tag => padding is null ? [0xee, 0xee, 0xee, 0xee] : [0xdd, 0xdd, 0xdd, 0xdd];

    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        Span<byte> tail = stackalloc byte[16];
        if (padding is null)
        {
            CheckAligned(payload);
            tail = default;
        }
        else
        {
            padding.Fill(tail);
            tail = tail[..(tail[15] % 16)];
        }

        Span<byte> header = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length + tail.Length);
        output.Write(header);
        output.Write(payload);
        output.Write(tail);
    }

    public override bool TryRead(ReadOnlyMemory<byte> input, out int consumed, out Frame frame)
    {
        (consumed, frame) = (0, default);
        if (input.Length < 4)
            return false;

        var length = BinaryPrimitives.ReadInt32LittleEndian(input.Span);
        var marked = (length & QuickAckBit) != 0;
        if (marked && !isServer)
        {
            consumed = 4;
            frame = new Frame(FrameKind.QuickAck, default, length);
            return true;
        }

        var size = length & ~QuickAckBit;
        CheckSize(size);
        if (input.Length < 4 + size)
            return false;

        consumed = 4 + size;
        frame = PayloadOrError(input.Slice(4, size), marked);
        return true;
    }
}
