using System.Buffers;
using System.Buffers.Binary;

namespace Integrations.Mtproto.Transport;

/// <summary>What the first bytes of a client tell.</summary>
internal enum DetectionVerdict
{
    /// <summary>Too few bytes yet.</summary>
    NeedsMore,

    /// <summary>The format is told.</summary>
    Known,

    /// <summary>No format of the protocol begins so.</summary>
    Unknown,
}

/// <summary>Tells a client's transport from its first bytes, as a server does.</summary>
internal static class TransportDetection
{
    /// <param name="received">Everything received so far.</param>
    /// <param name="format">The format, when known.</param>
    /// <param name="obfuscation">The keys, when the stream is obfuscated.</param>
    /// <param name="tagLength">Bytes that are not part of the first packet.</param>
    public static DetectionVerdict Detect(
        ReadOnlySequence<byte> received, out TransportFormat format, out Obfuscation? obfuscation, out int tagLength)
    {
        (format, obfuscation, tagLength) = (default, null, 0);
        Span<byte> start = stackalloc byte[Obfuscation.InitSize];
        var available = (int)Math.Min(received.Length, start.Length);
        received.Slice(0, available).CopyTo(start);

        if (available >= 1 && start[0] == 0xef)
        {
            (format, tagLength) = (TransportFormat.Abridged, 1);
            return DetectionVerdict.Known;
        }

        if (available < 4)
            return DetectionVerdict.NeedsMore;
        switch (BinaryPrimitives.ReadUInt32LittleEndian(start))
        {
            case 0xeeeeeeee:
                (format, tagLength) = (TransportFormat.Intermediate, 4);
                return DetectionVerdict.Known;
            case 0xdddddddd:
                (format, tagLength) = (TransportFormat.PaddedIntermediate, 4);
                return DetectionVerdict.Known;
        }

        if (available < 8)
            return DetectionVerdict.NeedsMore;

        // The full format has no tag. Its first packet carries the sequence number 0, which no obfuscated stream may have there.
        if (start[4..8].SequenceEqual("\0\0\0\0"u8))
        {
            format = TransportFormat.Full;
            return DetectionVerdict.Known;
        }

        // HTTP or TLS on this port.
        if (Obfuscation.LooksLikeAnotherProtocol(start))
            return DetectionVerdict.Unknown;
        if (available < Obfuscation.InitSize)
            return DetectionVerdict.NeedsMore;

        tagLength = Obfuscation.InitSize;
        obfuscation = Obfuscation.Accept(start, out format);
        return obfuscation is null ? DetectionVerdict.Unknown : DetectionVerdict.Known;
    }
}
