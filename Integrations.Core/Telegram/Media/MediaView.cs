using System.Globalization;
using Integrations.Core.Persistence;

namespace Integrations.Core.Telegram.Media;

/// <summary>What callers and events are told of a message's file.</summary>
/// <param name="Kind">photo, document, video, animation, audio, voice, video_note or sticker.</param>
/// <param name="Size">In bytes; null where nobody has told it yet.</param>
/// <param name="Duration">In seconds.</param>
/// <param name="State">waiting, ready, failed or too_big. Only what is ready has a content to download.</param>
/// <param name="ErrorCode">Why there is no content.</param>
/// <param name="AlbumId">Messages of one dialog with the same one were sent as one album. A number of 64 bits, and therefore a text.</param>
public sealed record MediaView(
    Guid Id,
    string Kind,
    string? FileName,
    string? MimeType,
    long? Size,
    int? Width,
    int? Height,
    int? Duration,
    string State,
    string? ErrorCode,
    string? AlbumId)
{
    public static MediaView From(MediaFile file, long? albumId)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new(
            file.Id,
            Words.Of(file.Kind),
            file.FileName,
            file.MimeType,
            file.Size,
            file.Width,
            file.Height,
            file.Duration,
            Words.Of(file.State),
            file.ErrorCode,
            AlbumOf(albumId));
    }

    public static string? AlbumOf(long? albumId) => albumId?.ToString(CultureInfo.InvariantCulture);
}
