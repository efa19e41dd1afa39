using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>What a message carries besides its text.</summary>
/// <param name="Kind"><c>photo</c>, <c>document</c>, <c>voice</c>, <c>audio</c>, <c>video</c>, <c>video_note</c>, <c>animation</c> or <c>sticker</c>.</param>
/// <param name="Name">What the file is called.</param>
/// <param name="MimeType">As its sender called it.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Width">Of a picture, in pixels; null where it is not known.</param>
/// <param name="Height">Of a picture, in pixels; null where it is not known.</param>
/// <param name="Duration">Of a recording, in seconds; null where it is not known.</param>
/// <param name="Emoji">What a sticker stands for.</param>
public sealed record PhoneMedia(string Kind, string Name, string MimeType, long Size, int? Width, int? Height, int? Duration, string? Emoji)
{
    private const string Photo = "photo";

    // What a browser shows or plays without running anything in it. All else is a download.
    private static readonly string[] Shown =
    [
        "image/jpeg", "image/png", "image/gif", "image/webp", "audio/mpeg", "audio/ogg", "audio/mp4", "audio/aac", "audio/wav", "audio/x-wav", "audio/webm", "audio/flac",
    ];

    /// <summary>The type under which the bytes are served: that of a picture or recording, or none that a browser would do anything with.</summary>
    internal string ServedType => IsShown ? MimeType.ToLowerInvariant() : "application/octet-stream";

    /// <summary>A browser may show it in place; all else it saves.</summary>
    internal bool IsShown => Shown.Contains(MimeType, StringComparer.OrdinalIgnoreCase);

    internal static PhoneMedia From(WorldFile file)
    {
        if (file.IsPhoto)
        {
            var extension = file.MimeType == "image/png" ? "png" : "jpg";
            return new PhoneMedia(Photo, $"photo.{extension}", file.MimeType, file.Size, file.Width, file.Height, null, null);
        }

        var attributes = file.Attributes is [] ? [] : new TlReader(file.Attributes).ReadVector<DocumentAttribute>();
        var sticker = attributes.OfType<DocumentAttributeSticker>().FirstOrDefault();
        var audio = attributes.OfType<DocumentAttributeAudio>().FirstOrDefault();
        var video = attributes.OfType<DocumentAttributeVideo>().FirstOrDefault();
        var sides = attributes.OfType<DocumentAttributeImageSize>().FirstOrDefault();
        var kind = (sticker, audio, video) switch
        {
            ({ }, _, _) => "sticker",
            (_, { Voice: true }, _) => "voice",
            (_, { }, _) => "audio",
            (_, _, { RoundMessage: true }) => "video_note",
            _ when attributes.OfType<DocumentAttributeAnimated>().Any() => "animation",
            (_, _, { }) => "video",
            _ => "document",
        };
        return new PhoneMedia(
            kind,
            FileNames.Safe(attributes.OfType<DocumentAttributeFilename>().FirstOrDefault()?.FileName, kind),
            file.MimeType,
            file.Size,
            sides?.W ?? video?.W,
            sides?.H ?? video?.H,
            audio?.Duration ?? (int?)video?.Duration,
            sticker?.Alt);
    }
}

/// <summary>Names of files, which come from people.</summary>
internal static class FileNames
{
    private const int LengthMax = 120;

    /// <summary>A name without a path, and without what a file system or a header would stumble over.</summary>
    /// <param name="name">As somebody gave it.</param>
    /// <param name="otherwise">Where nothing is left of it.</param>
    public static string Safe(string? name, string otherwise)
    {
        var last = (name ?? "").Split('/', '\\')[^1];
        var kept = string.Concat(last.Where(letter => !char.IsControl(letter) && letter is not (':' or '*' or '?' or '"' or '<' or '>' or '|')
            && char.GetUnicodeCategory(letter) is not System.Globalization.UnicodeCategory.Format)).Trim(' ', '.');
        if (kept.Length > LengthMax)
            kept = kept[..(LengthMax - 10)] + kept[^10..];
        return kept.Length == 0 ? otherwise : kept;
    }
}
