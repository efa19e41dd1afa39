using System.Buffers;
using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Transport;

/// <summary>Cuts packets out of one side of a stream and puts them into the other.</summary>
internal abstract class FrameCodec(int maxPayload)
{
    /// <summary>
    /// No message is shorter than this: a plain one has 20 bytes of header, an encrypted one 24. What is, is a four-byte error,
    /// possibly followed by the padding of the padded format.
    /// </summary>
    protected const int ShortestMessage = 20;

    public abstract TransportFormat Format { get; }

    /// <summary>What a client sends before its first packet.</summary>
    public abstract ReadOnlySpan<byte> Tag { get; }

    protected int MaxPayload { get; } = maxPayload;

    public static FrameCodec Create(TransportFormat format, bool isServer, int maxPayload, IRandomSource random) => format switch
    {
        TransportFormat.Abridged => new AbridgedCodec(isServer, maxPayload),
        TransportFormat.Intermediate => new IntermediateCodec(isServer, maxPayload, padding: null),
        TransportFormat.PaddedIntermediate => new IntermediateCodec(isServer, maxPayload, random),
        TransportFormat.Full => new FullCodec(isServer, maxPayload),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a transport format."),
    };

    /// <summary>Appends one packet to <paramref name="output"/>.</summary>
    public abstract void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload);

    /// <summary>Takes one packet from the front of <paramref name="input"/>.</summary>
    /// <param name="input">What has arrived and is not yet consumed.</param>
    /// <param name="consumed">Bytes to drop from the front, when a packet was found.</param>
    /// <param name="frame">The packet; its payload is a slice of <paramref name="input"/>.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="TransportException">The stream is broken.</exception>
    public abstract bool TryRead(ReadOnlyMemory<byte> input, out int consumed, out Frame frame);

    /// <summary>Tells a payload from a four-byte error.</summary>
    protected static Frame PayloadOrError(ReadOnlyMemory<byte> payload, bool wantsQuickAck)
    {
        if (payload.Length is >= 4 and < ShortestMessage)
            return new Frame(FrameKind.Error, ReadOnlyMemory<byte>.Empty, BinaryPrimitives.ReadInt32LittleEndian(payload.Span));
        if (payload.Length < ShortestMessage)
            throw new TransportException($"A packet of {payload.Length} bytes is too short for anything.");
        return new Frame(FrameKind.Payload, payload, WantsQuickAck: wantsQuickAck);
    }

    protected void CheckSize(long size)
    {
        if (size > MaxPayload)
            throw new TransportException($"A packet of {size} bytes exceeds the limit of {MaxPayload}.");
    }

    protected static void CheckAligned(ReadOnlySpan<byte> payload)
    {
        if (payload.Length % 4 != 0)
            throw new ArgumentException($"A packet of {payload.Length} bytes is not whole words.", nameof(payload));
    }
}
