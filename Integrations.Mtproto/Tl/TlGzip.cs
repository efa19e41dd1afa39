using System.Buffers.Binary;
using System.IO.Compression;

namespace Integrations.Mtproto.Tl;

/// <summary><c>gzip_packed</c>: a whole message, or the result inside <c>rpc_result</c>, compressed.</summary>
/// <remarks>https://core.telegram.org/mtproto/service_messages#packed-object.</remarks>
public static class TlGzip
{
    /// <summary>What one message may inflate to, in bytes. A getDifference of thousands of messages stays below it; a bomb does not.</summary>
    public const int DefaultMaxInflated = 16 * 1024 * 1024;

    // Deflate packs 258 bytes into two bits at best; a larger claim is a lie, and memory is not taken for it.
    private const uint MaxRatio = 1032;

    /// <summary>Returns the body itself, or what it inflates to when it is a <c>gzip_packed</c>.</summary>
    /// <exception cref="TlException">Not gzip, cut short, or larger than <paramref name="maxInflated"/>.</exception>
    public static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> body, int maxInflated = DefaultMaxInflated)
    {
        var reader = new TlReader(body.Span);
        if (reader.Remaining < 4 || reader.ReadUInt32() != Schema.GzipPacked.Id)
            return body;
        return Inflate(reader.ReadBytesSpan(), maxInflated);
    }

    /// <summary>Inflates one gzip member.</summary>
    /// <inheritdoc cref="Unpack" path="/exception"/>
    public static byte[] Inflate(ReadOnlySpan<byte> packed, int maxInflated = DefaultMaxInflated)
    {
        // 10 bytes of header and 8 of trailer; the trailer ends with the size, so a stream that was cut is noticed.
        if (packed.Length < 18)
            throw new TlException("The gzip data ends early.");
        var size = BinaryPrimitives.ReadUInt32LittleEndian(packed[^4..]);
        if (size > (uint)maxInflated)
            throw new TlException($"The gzip data inflates to {size} bytes; {maxInflated} are allowed.");
        if (size / MaxRatio > (uint)packed.Length)
            throw new TlException($"{packed.Length} bytes of gzip data cannot inflate to {size}.");

        var inflated = new byte[size];
        try
        {
            using var stream = new GZipStream(new MemoryStream(packed.ToArray(), writable: false), CompressionMode.Decompress);
            var read = stream.ReadAtLeast(inflated, inflated.Length, throwOnEndOfStream: false);
            if (read != inflated.Length || stream.ReadByte() != -1)
                throw new TlException("The gzip data does not have the size it claims.");
        }
        catch (InvalidDataException e)
        {
            throw new TlException("The gzip data is damaged.", e);
        }

        return inflated;
    }

    /// <summary>Compresses for a <see cref="Schema.GzipPacked"/>.</summary>
    public static byte[] Deflate(ReadOnlySpan<byte> data)
    {
        var target = new MemoryStream();
        using (var stream = new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(data);
        return target.ToArray();
    }
}
