using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>A file that a bot sends.</summary>
/// <param name="Content">Read once, while it is sent.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Duration">In seconds.</param>
public sealed record BotUpload(
    MediaKind Kind, Stream Content, long Size, string Name, string MimeType, string Caption, bool Spoiler, int? Width, int? Height, int? Duration);

/// <summary>One file, or 2 to 10 that are shown together, as a form.</summary>
public sealed record BotUploads(long ChatId, IReadOnlyList<BotUpload> Files, BotReply? Reply)
{
    /// <summary>The method of the Bot API that sends them.</summary>
    public static string MethodOf(IReadOnlyList<BotUpload> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files is not [var only] ? "sendMediaGroup" : only.Kind switch
        {
            MediaKind.Photo => "sendPhoto",
            MediaKind.Video => "sendVideo",
            MediaKind.Animation => "sendAnimation",
            MediaKind.Audio => "sendAudio",
            MediaKind.Voice => "sendVoice",
            MediaKind.VideoNote => "sendVideoNote",
            MediaKind.Sticker => "sendSticker",
            _ => "sendDocument",
        };
    }

    internal MultipartContent ToContent()
    {
        // Not the class for forms, which encodes names of files as mail does: the receiver would see that. Here they stand as they are, in UTF-8.
        var form = new MultipartContent("form-data") { HeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        Add(form, "chat_id", ChatId.ToString(CultureInfo.InvariantCulture));
        if (Reply is not null)
            Add(form, "reply_parameters", JsonSerializer.Serialize(Reply, BotApiJson.Default.BotReply));
        if (Files is [var only])
            AddOne(form, only);
        else
            AddAlbum(form);
        return form;
    }

    private static void AddOne(MultipartContent form, BotUpload file)
    {
        if (file.Caption.Length > 0 && file.Kind is not (MediaKind.VideoNote or MediaKind.Sticker))
            Add(form, "caption", file.Caption);
        if (file.Kind is MediaKind.Document)
            Add(form, "disable_content_type_detection", "true");
        if (file.Spoiler)
            Add(form, "has_spoiler", "true");
        if (file.Kind is MediaKind.Video or MediaKind.Animation)
        {
            AddNumber(form, "width", file.Width);
            AddNumber(form, "height", file.Height);
        }

        if (file.Kind is MediaKind.Video)
            Add(form, "supports_streaming", "true");
        if (file.Kind is MediaKind.Video or MediaKind.Animation or MediaKind.Audio or MediaKind.Voice or MediaKind.VideoNote)
            AddNumber(form, "duration", file.Duration);
        AddFile(form, Words.Of(file.Kind), file);
    }

    private void AddAlbum(MultipartContent form)
    {
        var items = Files.Select((file, place) => new BotAlbumItem(
            Words.Of(file.Kind),
            $"attach://file{place}",
            file.Caption.Length > 0 ? file.Caption : null,
            file.Spoiler ? true : null,
            file.Kind is MediaKind.Video ? file.Width : null,
            file.Kind is MediaKind.Video ? file.Height : null,
            file.Kind is MediaKind.Video or MediaKind.Audio ? file.Duration : null,
            file.Kind is MediaKind.Document ? true : null)).ToArray();
        Add(form, "media", JsonSerializer.Serialize(items, BotApiJson.Default.BotAlbumItemArray));
        for (var place = 0; place < Files.Count; place++)
            AddFile(form, $"file{place}", Files[place]);
    }

    private static void Add(MultipartContent form, string name, string value)
    {
        var content = new StringContent(value);
        content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"{name}\"");
        form.Add(content);
    }

    private static void AddNumber(MultipartContent form, string name, int? value)
    {
        if (value is { } number)
            Add(form, name, number.ToString(CultureInfo.InvariantCulture));
    }

    private static void AddFile(MultipartContent form, string name, BotUpload file)
    {
        var content = new FileContent(file.Content, file.Size);
        content.Headers.ContentType = new MediaTypeHeaderValue(file.MimeType);
        content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"{name}\"; filename=\"{file.Name}\"");
        form.Add(content);
    }

    /// <summary>Says its length beforehand, so that the whole form has one: not every server takes a body in chunks.</summary>
    private sealed class FileContent(Stream content, long size) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            content.CopyToAsync(stream, 64 * 1024, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }
    }
}

/// <summary>One of an album, as the Bot API takes it.</summary>
/// <param name="Media">The part of the form that has the file.</param>
internal sealed record BotAlbumItem(
    string Type, string Media, string? Caption, bool? HasSpoiler, int? Width, int? Height, int? Duration, bool? DisableContentTypeDetection);
