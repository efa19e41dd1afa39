using System.Buffers;
using System.Buffers.Binary;

namespace Integrations.Mtproto.Transport;

/// <summary>No tag; <c>length seqno payload crc32</c>, where the length counts all four and each side numbers its packets from zero.</summary>
internal sealed class FullCodec(bool isServer, int maxPayload) : FrameCodec(maxPayload)
{
    private const int Overhead = 12;

    private int _sent;
    private int _received;

    public override TransportFormat Format => TransportFormat.Full;

    public override ReadOnlySpan<byte> Tag => [];

    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        CheckAligned(payload);
        Span<byte> header = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length + Overhead);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], _sent++);
        Span<byte> trailer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, Crc32.Append(Crc32.Append(0, header), payload));
        output.Write(header);
        output.Write(payload);
        output.Write(trailer);
    }

    public override bool TryRead(ReadOnlyMemory<byte> input, out int consumed, out Frame frame)
    {
        (consumed, frame) = (0, default);
        if (input.Length < 4)
            return false;

        var bytes = input.Span;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < 0 && !isServer)
        {
            // Servers send some errors (seen with -429) as a bare number where the length belongs.
            consumed = 4;
            frame = new Frame(FrameKind.Error, default, length);
            return true;
        }

        if (length < Overhead + 4 || length % 4 != 0)
            throw new TransportException($"A full packet cannot be {length} bytes long.");
        CheckSize(length - (long)Overhead);
        if (bytes.Length < length)
            return false;

        var seqno = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (seqno != _received)
            throw new TransportException($"Packet {seqno} came where {_received} was due.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - 4)..]) != Crc32.Append(0, bytes[..(length - 4)]))
            throw new TransportException($"Packet {seqno} has a wrong checksum.");

        _received++;
        consumed = length;
        frame = PayloadOrError(input.Slice(8, length - Overhead), wantsQuickAck: false);
        return true;
    }
}
