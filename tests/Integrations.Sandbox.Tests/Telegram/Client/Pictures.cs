using System.Buffers.Binary;
using System.IO.Compression;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>Files to send.</summary>
internal static class Pictures
{
    /// <summary>A PNG of one grey, which any reader of pictures takes.</summary>
    public static byte[] Png(int width, int height)
    {
        using var picture = new MemoryStream();
        picture.Write([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        head[8] = 8;
        Chunk("IHDR"u8, head);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(new byte[(width + 1) * height]);
        Chunk("IDAT"u8, packed.ToArray());
        Chunk("IEND"u8, []);
        return picture.ToArray();

        void Chunk(ReadOnlySpan<byte> name, byte[] data)
        {
            Span<byte> number = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
            picture.Write(number);
            byte[] named = [.. name, .. data];
            picture.Write(named);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc(named));
            picture.Write(number);
        }
    }

    private static uint Crc(byte[] data)
    {
        var crc = 0xffffffffu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
        }

        return ~crc;
    }

    /// <summary>Bytes that differ everywhere, the same for the same seed.</summary>
    public static byte[] Noise(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
