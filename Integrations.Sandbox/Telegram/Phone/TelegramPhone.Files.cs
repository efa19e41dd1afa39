using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>How a file is sent.</summary>
public enum AttachmentKind
{
    /// <summary>A JPEG or PNG that is shown as a picture.</summary>
    Photo,

    /// <summary>A file that is downloaded.</summary>
    Document,

    /// <summary>A recording of somebody's voice.</summary>
    Voice,

    /// <summary>Music.</summary>
    Audio,

    /// <summary>A picture without a frame, usually WebP.</summary>
    Sticker,
}

/// <summary>A file that somebody chose.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="MimeType">What it is said to be.</param>
/// <param name="Content">Its bytes; a stream that can be read twice.</param>
internal sealed record Attachment(string? Name, string? MimeType, Stream Content);

/// <summary>Photos, documents and recordings.</summary>
public sealed partial class TelegramPhone
{
    /// <summary>Files in one album.</summary>
    internal const int AlbumMax = 10;

    private const int PhotoMax = 10 << 20;
    private const int FileMax = 50 << 20;
    private const int PhotoSidesMax = 10_000;
    private const int MimeTypeMax = 100;

    /// <summary>Sends one file, or several as an album; the caption stands under the first.</summary>
    /// <param name="draft">Where to, and the caption.</param>
    /// <param name="kind">How all of them are shown.</param>
    /// <param name="duration">Of a recording, in seconds.</param>
    /// <param name="files">1 to 10.</param>
    /// <param name="cancellationToken">Ends it before anything is said.</param>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    internal async Task<IReadOnlyList<PhoneMessage>> SendFilesAsync(
        Draft draft, AttachmentKind kind, int duration, IReadOnlyList<Attachment> files, CancellationToken cancellationToken)
    {
        if (files.Count is 0 or > AlbumMax)
            throw TelegramRefusal.BadRequest(files.Count == 0 ? "MEDIA_EMPTY" : "MULTI_MEDIA_TOO_LONG");
        if (files.Count > 1 && kind is AttachmentKind.Voice or AttachmentKind.Sticker)
            throw TelegramRefusal.BadRequest("MEDIA_INVALID");
        _world.RequirePeer(Person, draft.Peer);
        // All are looked at before the first is kept.
        var described = files.Select(file => (file.Content, File: Describe(file, kind, duration))).ToArray();
        var album = files.Count > 1 ? _world.NewFileId() : (long?)null;
        var drafts = new List<Draft>();
        foreach (var (content, file) in described)
        {
            content.Position = 0;
            await _world.Files.WriteAsync(file.Id, content, cancellationToken);
            _world.AddFile(file);
            drafts.Add(draft with { Text = drafts.Count == 0 ? draft.Text : "", FileId = file.Id, GroupedId = album });
        }

        return [.. _world.SendAll(_userId, drafts, null).Select(sent => Show(sent.Message))];
    }

    /// <summary>The file of a message.</summary>
    /// <exception cref="TelegramRefusal"><c>MESSAGE_ID_INVALID</c>: there is no such message, or it carries nothing.</exception>
    internal (PhoneMedia Media, Stream Content) OpenFile(PeerRef peer, int id) =>
        Required(peer, id).FileId is { } fileId && _world.FindFile(fileId) is { } file
            ? (PhoneMedia.From(file), _world.Files.Open(fileId))
            : throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");

    private WorldFile Describe(Attachment attachment, AttachmentKind kind, int duration)
    {
        var size = attachment.Content.Length;
        if (size == 0)
            throw TelegramRefusal.BadRequest("FILE_PART_EMPTY");
        if (size > FileMax)
            throw TelegramRefusal.BadRequest("FILE_TOO_BIG");
        var name = FileNames.Safe(attachment.Name, "file");
        var sides = ImageSize.Read(attachment.Content);
        var file = new WorldFile
        {
            Id = _world.NewFileId(),
            IsPhoto = kind == AttachmentKind.Photo,
            Kind = kind switch
            {
                AttachmentKind.Voice => FileKind.Voice,
                AttachmentKind.Audio => FileKind.Audio,
                AttachmentKind.Sticker => FileKind.Sticker,
                _ => FileKind.Document,
            },
            DcId = Person.DcId,
            Size = size,
            Date = (int)_world.Time.ToUnixTimeSeconds(),
            MimeType = attachment.MimeType is { Length: > 0 and <= MimeTypeMax } type && System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out var parsed)
                ? parsed.MediaType ?? "application/octet-stream"
                : "application/octet-stream",
        };
        if (kind == AttachmentKind.Photo)
        {
            if (size > PhotoMax || sides is not { } photo)
                throw TelegramRefusal.BadRequest("IMAGE_PROCESS_FAILED");
            if (photo.Width <= 0 || photo.Height <= 0 || photo.Width + photo.Height > PhotoSidesMax)
                throw TelegramRefusal.BadRequest("PHOTO_INVALID_DIMENSIONS");
            return file with { Width = photo.Width, Height = photo.Height, MimeType = ImageSize.TypeOf(attachment.Content) };
        }

        DocumentAttribute[] attributes =
        [
            new DocumentAttributeFilename { FileName = name },
            .. kind switch
            {
                AttachmentKind.Voice => [new DocumentAttributeAudio { Voice = true, Duration = duration }],
                AttachmentKind.Audio => [new DocumentAttributeAudio { Duration = duration, Title = Path.GetFileNameWithoutExtension(name) }],
                AttachmentKind.Sticker => [new DocumentAttributeSticker { Alt = "🙂", Stickerset = new InputStickerSetEmpty() }],
                _ => Array.Empty<DocumentAttribute>(),
            },
            .. sides is { } picture ? [new DocumentAttributeImageSize { W = picture.Width, H = picture.Height }] : Array.Empty<DocumentAttribute>(),
        ];
        using var writer = new TlWriter();
        writer.WriteVector(attributes);
        return file with { Attributes = writer.WrittenSpan.ToArray() };
    }
}
