using System.Globalization;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;
// The protocol has types of these names too.
using JsonArray = System.Text.Json.Nodes.JsonArray;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Files as messages carry them to a bot: <c>photo</c>, <c>document</c>, <c>voice</c> and the others.</summary>
internal sealed class BotMedia(TelegramWorld world, long botId)
{
    /// <summary>Adds a file to a message.</summary>
    public void Tell(JsonObject message, WorldFile file)
    {
        switch (file.Kind)
        {
            case FileKind.Photo:
                message["photo"] = new JsonArray(WithSides(Named(file), file.Width, file.Height));
                break;
            case FileKind.Animation:
                message["animation"] = Moving(file);
                // Told as a document too, as Telegram does for programs that know no animations.
                message["document"] = Document(file);
                break;
            case FileKind.Video:
                message["video"] = Moving(file);
                break;
            case FileKind.VideoNote:
                message["video_note"] = VideoNote(file);
                break;
            case FileKind.Audio or FileKind.Voice:
                message[file.Kind is FileKind.Voice ? "voice" : "audio"] = Sound(file);
                break;
            case FileKind.Sticker:
                message["sticker"] = Sticker(file);
                break;
            default:
                message["document"] = Document(file);
                break;
        }
    }

    /// <summary>What <c>getFile</c> answers.</summary>
    public JsonObject File(WorldFile file)
    {
        var told = Named(file);
        told["file_path"] = PathOf(file);
        return told;
    }

    /// <summary>Where a file is fetched: a folder for its kind, its number, and what its own name ended with.</summary>
    public static string PathOf(WorldFile file)
    {
        var folder = file.Kind switch
        {
            FileKind.Photo => "photos",
            FileKind.Video => "videos",
            FileKind.VideoNote => "video_notes",
            FileKind.Animation => "animations",
            FileKind.Audio => "music",
            FileKind.Voice => "voice",
            FileKind.Sticker => "stickers",
            _ => "documents",
        };
        var extension = NameOf(file) is { } name && Path.GetExtension(name) is { Length: > 0 } own ? own : BotFiles.Extension(file.Kind);
        return string.Create(CultureInfo.InvariantCulture, $"{folder}/file_{file.Id}{extension}");
    }

    /// <summary>The file of a path; null where there is none.</summary>
    public static WorldFile? Find(TelegramWorld world, string path)
    {
        var digits = Path.GetFileNameWithoutExtension(path).AsSpan();
        if (!digits.StartsWith("file_") || !long.TryParse(digits["file_".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return null;
        return world.FindFile(id) is { } file && PathOf(file) == path ? file : null;
    }

    private JsonObject Named(WorldFile file) => new()
    {
        ["file_id"] = BotFileId.Write(world, botId, file),
        ["file_unique_id"] = BotFileId.Unique(file),
        ["file_size"] = file.Size,
    };

    private JsonObject Document(WorldFile file)
    {
        var told = Named(file);
        if (NameOf(file) is { } name)
            told["file_name"] = name;
        told["mime_type"] = file.MimeType;
        return told;
    }

    private JsonObject Moving(WorldFile file)
    {
        var video = Attributes(file).OfType<DocumentAttributeVideo>().FirstOrDefault();
        var told = WithSides(Document(file), video?.W ?? 0, video?.H ?? 0);
        told["duration"] = (int)Math.Ceiling(video?.Duration ?? 0);
        return told;
    }

    private JsonObject VideoNote(WorldFile file)
    {
        var video = Attributes(file).OfType<DocumentAttributeVideo>().FirstOrDefault();
        var told = Named(file);
        told["length"] = video?.W ?? 0;
        told["duration"] = (int)Math.Ceiling(video?.Duration ?? 0);
        return told;
    }

    private JsonObject Sound(WorldFile file)
    {
        var audio = Attributes(file).OfType<DocumentAttributeAudio>().FirstOrDefault();
        var told = file.Kind is FileKind.Voice ? Named(file) : Document(file);
        told["mime_type"] = file.MimeType;
        told["duration"] = audio?.Duration ?? 0;
        if (audio?.Title is { } title)
            told["title"] = title;
        if (audio?.Performer is { } performer)
            told["performer"] = performer;
        return told;
    }

    private JsonObject Sticker(WorldFile file)
    {
        var attributes = Attributes(file);
        var size = attributes.OfType<DocumentAttributeImageSize>().FirstOrDefault();
        var told = WithSides(Named(file), size?.W ?? 0, size?.H ?? 0);
        told["type"] = "regular";
        told["is_animated"] = file.MimeType is "application/x-tgsticker";
        told["is_video"] = file.MimeType is "video/webm";
        if (attributes.OfType<DocumentAttributeSticker>().FirstOrDefault() is { Alt.Length: > 0 } sticker)
            told["emoji"] = sticker.Alt;
        return told;
    }

    private static JsonObject WithSides(JsonObject told, int width, int height)
    {
        told["width"] = width;
        told["height"] = height;
        return told;
    }

    private static string? NameOf(WorldFile file) => Attributes(file).OfType<DocumentAttributeFilename>().FirstOrDefault()?.FileName;

    private static DocumentAttribute[] Attributes(WorldFile file) => file.Attributes.Length == 0 ? [] : [.. new TlReader(file.Attributes).ReadVector<DocumentAttribute>()];
}
