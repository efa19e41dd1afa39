using System.Buffers.Binary;
using System.Text.RegularExpressions;

namespace Integrations.Core.Telegram.Media;

/// <summary>What a content says of itself by its first and last bytes. Nobody's word for it is taken where it would be shown in place.</summary>
/// <param name="Kind">As what it is sent where the caller does not say.</param>
/// <param name="Duration">In seconds.</param>
public sealed partial record ContentFacts(MediaKind Kind, string MimeType, int? Width = null, int? Height = null, int? Duration = null)
{
    /// <summary>Enough of the beginning for the size of a picture behind its camera's notes.</summary>
    public const int HeadBytes = 256 * 1024;

    /// <summary>Enough of the end for the last page of a voice message, or the index of a film.</summary>
    public const int TailBytes = 64 * 1024;

    private const string Unknown = "application/octet-stream";

    /// <param name="head">The first <see cref="HeadBytes"/>, or all.</param>
    /// <param name="tail">The last <see cref="TailBytes"/>, or all.</param>
    /// <param name="declared">The type that somebody has named; believed for nothing that is shown or played in place.</param>
    public static ContentFacts Of(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, string? declared)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]))
            return Picture("image/jpeg", Jpeg(head));
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]))
            return Picture("image/png", Png(head));
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
            return new(MediaKind.Animation, "image/gif", head.Length >= 10 ? head[6] | (head[7] << 8) : null, head.Length >= 10 ? head[8] | (head[9] << 8) : null);
        if (head.StartsWith("RIFF"u8) && head.Length >= 12)
        {
            if (head[8..12].SequenceEqual("WEBP"u8))
                return new(MediaKind.Document, "image/webp");
            if (head[8..12].SequenceEqual("WAVE"u8))
                return new(MediaKind.Document, "audio/wav");
        }

        if (head.StartsWith("OggS"u8))
        {
            return head[..Math.Min(head.Length, 512)].IndexOf("OpusHead"u8) >= 0
                ? new(MediaKind.Voice, "audio/ogg", Duration: Opus(tail))
                : new(MediaKind.Document, "application/ogg");
        }

        if (head.StartsWith("ID3"u8) || (head.Length >= 3 && head[0] == 0xff && (head[1] & 0xe6) == 0xe2 && (head[2] & 0xf0) is not (0xf0 or 0)))
            return new(MediaKind.Audio, "audio/mpeg");
        if (head.Length >= 12 && head[4..8].SequenceEqual("ftyp"u8))
            return Film(head, tail);
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1a, 0x45, 0xdf, 0xa3]))
            return new(MediaKind.Document, "video/webm");
        if (head.StartsWith("%PDF-"u8))
            return new(MediaKind.Document, "application/pdf");
        if (head.StartsWith("PK\x03\x04"u8))
            return new(MediaKind.Document, IsOffice(declared) ? declared! : "application/zip");

        return new(MediaKind.Document, declared is not null && Harmless().IsMatch(declared) ? declared.ToLowerInvariant() : Unknown);
    }

    /// <summary>The same as a document where Telegram would not take a file of this size as what it looks like.</summary>
    public ContentFacts Sendable(long size) => MediaRules.Problem(Kind, MimeType, size, Width, Height) is null ? this : this with { Kind = MediaKind.Document };

    private static ContentFacts Picture(string type, (int Width, int Height)? size) => new(
        // One whose size is not told is none that Telegram would take for a picture.
        size is { } known && MediaRules.IsPictureSize(known.Width, known.Height) ? MediaKind.Photo : MediaKind.Document, type, size?.Width, size?.Height);

    private static (int Width, int Height)? Png(ReadOnlySpan<byte> head) =>
        head.Length >= 24 && head[12..16].SequenceEqual("IHDR"u8) && Side(BinaryPrimitives.ReadUInt32BigEndian(head[16..])) is { } width && Side(BinaryPrimitives.ReadUInt32BigEndian(head[20..])) is { } height
            ? (width, height)
            : null;

    private static int? Side(uint value) => value is > 0 and <= 100_000 ? (int)value : null;

    /// <summary>From segment to segment up to the frame's header (ITU T.81, B.2.2).</summary>
    private static (int Width, int Height)? Jpeg(ReadOnlySpan<byte> head)
    {
        for (var at = 2; at + 9 <= head.Length;)
        {
            if (head[at] != 0xff)
                return null;
            var marker = head[at + 1];
            if (marker == 0xff)
            {
                at++;
                continue;
            }

            if (marker is 0x01 or (>= 0xd0 and <= 0xd8))
            {
                at += 2;
                continue;
            }

            if (marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc))
            {
                var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(head[(at + 5)..]), BinaryPrimitives.ReadUInt16BigEndian(head[(at + 7)..]));
                return width > 0 && height > 0 ? (width, height) : null;
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]);
        }

        return null;
    }

    /// <summary>The last page says how many samples there are in all, 48000 a second (RFC 7845, 4).</summary>
    private static int? Opus(ReadOnlySpan<byte> tail)
    {
        var page = tail.LastIndexOf("OggS"u8);
        if (page < 0 || page + 14 > tail.Length)
            return null;
        var samples = BinaryPrimitives.ReadInt64LittleEndian(tail[(page + 6)..]);
        return samples is > 0 and < 48_000L * 86_400 ? (int)((samples + 47_999) / 48_000) : null;
    }

    private static ContentFacts Film(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        var brand = head[8..12];
        if (brand.SequenceEqual("M4A "u8) || brand.SequenceEqual("M4B "u8))
            return new(MediaKind.Audio, "audio/mp4", Duration: Length(head) ?? Length(tail));
        if (!brand.SequenceEqual("isom"u8) && !brand.SequenceEqual("iso2"u8) && !brand.SequenceEqual("iso4"u8) && !brand.SequenceEqual("iso5"u8) && !brand.SequenceEqual("iso6"u8)
            && !brand.SequenceEqual("mp41"u8) && !brand.SequenceEqual("mp42"u8) && !brand.SequenceEqual("avc1"u8) && !brand.SequenceEqual("M4V "u8) && !brand.SequenceEqual("MSNV"u8) && !brand.SequenceEqual("dash"u8))
        {
            return new(MediaKind.Document, brand.StartsWith("hei"u8) || brand.StartsWith("mif"u8) ? "image/heic" : brand.StartsWith("avi"u8) ? "image/avif" : brand.StartsWith("qt"u8) ? "video/quicktime" : Unknown);
        }

        var size = Frame(head) ?? Frame(tail);
        return new(MediaKind.Video, "video/mp4", size?.Width, size?.Height, Length(head) ?? Length(tail));
    }

    /// <summary>The film's header box (ISO 14496-12, 8.2.2): version, times, time scale, duration.</summary>
    private static int? Length(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf("mvhd"u8) + 4;
        if (at < 4 || at + 32 > bytes.Length)
            return null;
        var wide = bytes[at] == 1;
        var scale = BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + (wide ? 20 : 12))..]);
        var length = wide ? BinaryPrimitives.ReadUInt64BigEndian(bytes[(at + 24)..]) : BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + 16)..]);
        return scale > 0 && length / scale < 86_400 ? (int)((length + scale - 1) / scale) : null;
    }

    /// <summary>Of the first track that has one (8.3.2): two numbers with sixteen bits behind the point, at its end.</summary>
    private static (int Width, int Height)? Frame(ReadOnlySpan<byte> bytes)
    {
        for (var from = 0; from < bytes.Length;)
        {
            var found = bytes[from..].IndexOf("tkhd"u8);
            if (found < 0)
                return null;
            var at = from + found + 4;
            if (at >= bytes.Length)
                return null;
            var end = at + (bytes[at] == 1 ? 96 : 84);
            if (end > bytes.Length)
                return null;
            var (width, height) = (BinaryPrimitives.ReadUInt16BigEndian(bytes[(end - 8)..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(end - 4)..]));
            if (width > 0 && height > 0)
                return (width, height);
            from = at;
        }

        return null;
    }

    private static bool IsOffice(string? declared) =>
        declared is not null && (declared.StartsWith("application/vnd.openxmlformats-officedocument.", StringComparison.Ordinal) || declared.StartsWith("application/vnd.oasis.opendocument.", StringComparison.Ordinal)) && Harmless().IsMatch(declared);

    /// <summary>Types that no program shows or runs in place; a page or a script goes as a plain file.</summary>
    [GeneratedRegex(@"^(application/(json|rtf|msword|gzip|x-tar|x-7z-compressed|vnd\.[a-z0-9.+-]{1,100})|text/(plain|csv|calendar|vcard))\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Harmless();
}
