using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.World;
using Microsoft.AspNetCore.StaticFiles;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Files that bots send: uploaded, named by <c>file_id</c>, or fetched from a web address (https://core.telegram.org/bots/api#sending-files).</summary>
internal sealed class BotFiles(TelegramWorld world, HttpClient http, TimeProvider time)
{
    /// <summary>The largest file that a bot may upload.</summary>
    public const long UploadMax = 50 << 20;

    /// <summary>The largest file that a bot may fetch.</summary>
    public const long DownloadMax = 20 << 20;

    private const long PhotoMax = 10 << 20;
    private const long PhotoByAddressMax = 5 << 20;
    private const long FileByAddressMax = 20 << 20;
    private const int PhotoSidesMax = 10_000;
    private const int PhotoRatioMax = 20;
    private const int StickerSide = 512;
    private const string Attached = "attach://";

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    /// <summary>The file that a parameter names.</summary>
    /// <param name="call">Whose uploads count.</param>
    /// <param name="kind">As what it is to be sent.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="fields">Where it stands, with what describes it: the call itself, or one item of an album.</param>
    /// <exception cref="BotApiRefusal">There is none, or Telegram would not take it as this.</exception>
    public async Task<WorldFile> TakeAsync(BotCall call, FileKind kind, string name, BotApiRequest fields, CancellationToken cancellationToken)
    {
        var given = fields.Text(name) ?? "";
        var upload = given.StartsWith(Attached, StringComparison.Ordinal) ? call.Request.Upload(given[Attached.Length..]) : fields.Upload(name);
        if (upload is not null)
        {
            if (upload.Length > UploadMax)
                throw new BotApiRefusal(413, "Request Entity Too Large");
            await using var content = upload.OpenReadStream();
            return await StoreAsync(call.Person, kind, fields, new Content(content, upload.Length, NameOf(upload.FileName, kind), upload.ContentType), cancellationToken);
        }

        if (given.Length == 0)
            throw BotApiRefusal.BadRequest($"there is no {Word(kind)} in the request");
        if (given.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || given.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            return await FetchAsync(call.Person, kind, fields, given, cancellationToken);
        var known = BotFileId.Find(world, call.Person.Id, given) ?? throw BotApiRefusal.BadRequest("wrong file identifier/HTTP URL specified");
        return known.Kind == kind ? known : throw BotApiRefusal.BadRequest($"can't use file of type {known.Kind} as {kind}");
    }

    /// <summary>A simulation fetches from its own machine only.</summary>
    private async Task<WorldFile> FetchAsync(Person bot, FileKind kind, BotApiRequest fields, string url, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
            throw BotApiRefusal.BadRequest("wrong file identifier/HTTP URL specified");
        if (!address.IsLoopback)
            throw BotApiRefusal.BadRequest("failed to get HTTP URL content");
        var most = kind is FileKind.Photo ? PhotoByAddressMax : FileByAddressMax;
        try
        {
            using var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode || response.Content.Headers.ContentLength > most)
                throw BotApiRefusal.BadRequest("failed to get HTTP URL content");
            var contentType = response.Content.Headers.ContentType?.MediaType ?? "";
            if (kind is FileKind.Photo && !contentType.StartsWith("image/", StringComparison.OrdinalIgnoreCase))
                throw BotApiRefusal.BadRequest("wrong type of the web page content");
            using var content = new MemoryStream();
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[81920];
            while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                content.Write(buffer, 0, read);
                if (content.Length > most)
                    throw BotApiRefusal.BadRequest("failed to get HTTP URL content");
            }

            content.Position = 0;
            var name = NameOf(Path.GetFileName(address.AbsolutePath), kind);
            return await StoreAsync(bot, kind, fields, new Content(content, content.Length, name, contentType), cancellationToken);
        }
        catch (HttpRequestException)
        {
            throw BotApiRefusal.BadRequest("failed to get HTTP URL content");
        }
    }

    private async Task<WorldFile> StoreAsync(Person bot, FileKind kind, BotApiRequest fields, Content content, CancellationToken cancellationToken)
    {
        if (content.Length == 0)
            throw BotApiRefusal.BadRequest("file must be non-empty");
        if (kind is FileKind.Photo && content.Length > PhotoMax)
            throw BotApiRefusal.BadRequest("file is too big");
        var id = world.NewFileId();
        await world.Files.WriteAsync(id, content.Stream, cancellationToken);
        var (width, height) = kind is FileKind.Photo ? SidesOf(id) : (0, 0);
        var file = new WorldFile
        {
            Id = id,
            IsPhoto = kind is FileKind.Photo,
            Kind = kind,
            DcId = bot.DcId,
            Size = content.Length,
            Date = (int)time.GetUtcNow().ToUnixTimeSeconds(),
            MimeType = kind is FileKind.Photo ? "image/jpeg" : TypeOf(content, kind),
            Width = width,
            Height = height,
            Attributes = kind is FileKind.Photo ? [] : Attributes(kind, fields, content.Name),
        };
        return world.AddFile(file);
    }

    private (int Width, int Height) SidesOf(long id)
    {
        using var picture = world.Files.Open(id);
        if (ImageSize.Read(picture) is not { } sides)
            throw BotApiRefusal.BadRequest("IMAGE_PROCESS_FAILED");
        var isOdd = sides.Width <= 0 || sides.Height <= 0 || sides.Width + sides.Height > PhotoSidesMax
            || Math.Max(sides.Width, sides.Height) > PhotoRatioMax * Math.Min(sides.Width, sides.Height);
        return isOdd ? throw BotApiRefusal.BadRequest("PHOTO_INVALID_DIMENSIONS") : sides;
    }

    private static byte[] Attributes(FileKind kind, BotApiRequest fields, string name)
    {
        int Of(string field) => (int)(fields.Number(field) ?? 0);

        var attributes = new List<DocumentAttribute> { new DocumentAttributeFilename { FileName = name } };
        switch (kind)
        {
            case FileKind.Video:
                attributes.Add(new DocumentAttributeVideo
                {
                    SupportsStreaming = fields.Flag("supports_streaming"),
                    Duration = Of("duration"),
                    W = Of("width"),
                    H = Of("height"),
                });
                break;
            case FileKind.Animation:
                attributes.Add(new DocumentAttributeVideo { Nosound = true, Duration = Of("duration"), W = Of("width"), H = Of("height") });
                attributes.Add(new DocumentAttributeAnimated());
                break;
            case FileKind.VideoNote:
                attributes.Add(new DocumentAttributeVideo { RoundMessage = true, Duration = Of("duration"), W = Of("length"), H = Of("length") });
                break;
            case FileKind.Audio:
                attributes.Add(new DocumentAttributeAudio { Duration = Of("duration"), Title = fields.Text("title"), Performer = fields.Text("performer") });
                break;
            case FileKind.Voice:
                attributes.Add(new DocumentAttributeAudio { Voice = true, Duration = Of("duration") });
                break;
            case FileKind.Sticker:
                attributes.Add(new DocumentAttributeImageSize { W = StickerSide, H = StickerSide });
                attributes.Add(new DocumentAttributeSticker { Alt = fields.Text("emoji") ?? "", Stickerset = new InputStickerSetEmpty() });
                break;
            default:
                break;
        }

        using var writer = new TlWriter();
        writer.WriteVector([.. attributes]);
        return writer.WrittenSpan.ToArray();
    }

    private static string TypeOf(Content content, FileKind kind)
    {
        if (ContentTypes.TryGetContentType(content.Name, out var byName) && kind is FileKind.Document)
            return byName;
        return kind switch
        {
            FileKind.Video or FileKind.VideoNote or FileKind.Animation => "video/mp4",
            FileKind.Voice => "audio/ogg",
            FileKind.Audio => "audio/mpeg",
            FileKind.Sticker => "image/webp",
            _ => content.Type is { Length: > 0 } told ? told : "application/octet-stream",
        };
    }

    private static string NameOf(string? given, FileKind kind) =>
        string.IsNullOrEmpty(given) ? string.Concat(Word(kind).Replace(' ', '_'), Extension(kind)) : Path.GetFileName(given);

    private static string Word(FileKind kind) => kind switch
    {
        FileKind.Photo => "photo",
        FileKind.Video => "video",
        FileKind.Audio => "audio",
        FileKind.Voice => "voice",
        FileKind.VideoNote => "video note",
        FileKind.Animation => "animation",
        FileKind.Sticker => "sticker",
        _ => "document",
    };

    /// <summary>How the names of such files end where nothing else tells.</summary>
    public static string Extension(FileKind kind) => kind switch
    {
        FileKind.Photo => ".jpg",
        FileKind.Video or FileKind.VideoNote or FileKind.Animation => ".mp4",
        FileKind.Audio => ".mp3",
        FileKind.Voice => ".oga",
        FileKind.Sticker => ".webp",
        _ => "",
    };

    private readonly record struct Content(Stream Stream, long Length, string Name, string? Type);
}
