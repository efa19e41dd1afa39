namespace Integrations.Core.Telegram.Media;

/// <summary>What Telegram takes as which kind, and together with what.</summary>
public static class MediaRules
{
    /// <summary>Telegram's limit of one album.</summary>
    public const int AlbumMax = 10;

    /// <summary>Bytes of a photo.</summary>
    public const long PhotoBytes = 10 * 1024 * 1024;

    private const int PhotoSides = 10_000;
    private const int PhotoRatio = 20;

    /// <summary>As what callers may send a file.</summary>
    public static IReadOnlyList<MediaKind> Sendable { get; } = [MediaKind.Photo, MediaKind.Document, MediaKind.Video, MediaKind.Animation, MediaKind.Audio, MediaKind.Voice];

    /// <summary>Whether a picture of this size is shown as one.</summary>
    public static bool IsPictureSize(int width, int height) =>
        width > 0 && height > 0 && width + height <= PhotoSides && Math.Max(width, height) <= PhotoRatio * (long)Math.Min(width, height);

    /// <summary>What forbids to send this content as this kind; null where nothing does.</summary>
    /// <param name="mimeType">As the content itself said.</param>
    public static string? Problem(MediaKind kind, string? mimeType, long size, int? width, int? height) => kind switch
    {
        MediaKind.Document => null,
        MediaKind.Photo when mimeType is not ("image/jpeg" or "image/png") => "Is neither a JPEG nor a PNG picture; send it as a document.",
        MediaKind.Photo when size > PhotoBytes => $"A photo has at most {PhotoBytes / 1024 / 1024} MiB; send it as a document.",
        MediaKind.Photo when width is not { } wide || height is not { } high || !IsPictureSize(wide, high) =>
            $"A photo's sides are together at most {PhotoSides} and one at most {PhotoRatio} times the other; send it as a document.",
        MediaKind.Video when mimeType is not "video/mp4" => "Is not an MP4 film; send it as a document.",
        MediaKind.Animation when mimeType is not ("image/gif" or "video/mp4") => "Is neither a GIF picture nor an MP4 film; send it as a document.",
        MediaKind.Audio when mimeType is not ("audio/mpeg" or "audio/mp4") => "Is neither MP3 nor M4A; send it as a document.",
        MediaKind.Voice when mimeType is not "audio/ogg" => "A voice message is Opus in an Ogg file; send it as a document.",
        MediaKind.Photo or MediaKind.Video or MediaKind.Animation or MediaKind.Audio or MediaKind.Voice => null,
        _ => "Cannot be sent as this kind.",
    };

    /// <summary>Whether Telegram shows these together as one album.</summary>
    public static bool MakeAlbum(IReadOnlyCollection<MediaKind> kinds) =>
        kinds.All(kind => kind is MediaKind.Photo or MediaKind.Video) || kinds.All(kind => kind is MediaKind.Document) || kinds.All(kind => kind is MediaKind.Audio);
}
