using System.Buffers.Binary;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Width and height out of the head of a picture, as the server needs them to describe a photo.</summary>
internal static class ImageSize
{
    private static ReadOnlySpan<byte> PngSignature => [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

    /// <returns>Null when it is neither a JPEG nor a PNG.</returns>
    public static (int Width, int Height)? Read(Stream picture)
    {
        Span<byte> head = stackalloc byte[24];
        if (picture.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
            return null;
        if (head.StartsWith(PngSignature))
            return (BinaryPrimitives.ReadInt32BigEndian(head[16..]), BinaryPrimitives.ReadInt32BigEndian(head[20..]));
        if (head[0] != 0xff || head[1] != 0xd8)
            return null;
        picture.Position = 2;
        return ReadJpeg(picture);
    }

    /// <summary>The media type of a picture whose size could be read.</summary>
    public static string TypeOf(Stream picture)
    {
        picture.Position = 0;
        return picture.ReadByte() == PngSignature[0] ? "image/png" : "image/jpeg";
    }

    // A JPEG is segments of FF, a marker and a length; the frame header (C0 to CF, but C4, C8 and CC) holds precision, height and width.
    private static (int Width, int Height)? ReadJpeg(Stream picture)
    {
        Span<byte> segment = stackalloc byte[4];
        Span<byte> frame = stackalloc byte[5];
        while (picture.ReadAtLeast(segment, 4, throwOnEndOfStream: false) == 4 && segment[0] == 0xff)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(segment[2..]);
            if (segment[1] is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc))
            {
                return picture.ReadAtLeast(frame, 5, throwOnEndOfStream: false) == 5
                    ? (BinaryPrimitives.ReadUInt16BigEndian(frame[3..]), BinaryPrimitives.ReadUInt16BigEndian(frame[1..]))
                    : null;
            }

            if (length < 2)
                return null;
            picture.Position += length - 2;
        }

        return null;
    }
}
