using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Sending;

/// <summary>A file on its way to Telegram; its content is in the store.</summary>
/// <param name="Duration">In seconds.</param>
/// <param name="Spoiler">Shown only after a touch.</param>
internal sealed record ClaimedFile(Guid Id, MediaKind Kind, string? FileName, string MimeType, long Size, int? Width, int? Height, int? Duration, bool Spoiler)
{
    /// <summary>As the doors give it: spoiler, media_id, kind, file_name, mime_type, size, width, height, duration.</summary>
    public static async Task<ClaimedFile> ReadAsync(NpgsqlDataReader reader, int first, CancellationToken ct) => new(
        reader.GetGuid(first + 1),
        Words.Read<MediaKind>(reader.GetString(first + 2)),
        await reader.ReferenceAsync<string>(first + 3, ct),
        await reader.ReferenceAsync<string>(first + 4, ct) ?? "application/octet-stream",
        reader.GetInt64(first + 5),
        await reader.NullableAsync<int>(first + 6, ct),
        await reader.NullableAsync<int>(first + 7, ct),
        await reader.NullableAsync<int>(first + 8, ct),
        reader.GetBoolean(first));

    /// <summary>The name that its receiver sees; Telegram wants one of every file.</summary>
    public string Name => FileName ?? Kind switch
    {
        MediaKind.Photo => MimeType == "image/png" ? "photo.png" : "photo.jpg",
        MediaKind.Video => "video.mp4",
        MediaKind.Animation => MimeType == "image/gif" ? "animation.gif" : "animation.mp4",
        MediaKind.Audio => MimeType == "audio/mp4" ? "audio.m4a" : "audio.mp3",
        MediaKind.Voice => "voice.ogg",
        _ => "file",
    };
}
