using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Files;

/// <summary>A photo or document to be sent: new, or one that Telegram has already.</summary>
public abstract record OutgoingMedia
{
    private OutgoingMedia()
    {
    }

    /// <summary>Shown only after a touch.</summary>
    public bool Spoiler { get; init; }

    /// <summary>A picture (JPEG or PNG) shown as such.</summary>
    public sealed record Photo(UploadedFile File) : OutgoingMedia;

    /// <summary>Any other file.</summary>
    /// <param name="File">Its contents.</param>
    /// <param name="MimeType">For example <c>application/pdf</c>.</param>
    /// <param name="Attributes">Beside the file's name, which is added: length of a recording, size of a video.</param>
    public sealed record Document(UploadedFile File, string MimeType, IReadOnlyList<DocumentAttribute> Attributes) : OutgoingMedia
    {
        /// <summary>Stays a file, also where its content could be shown or played.</summary>
        public bool AsFile { get; init; }
    }

    /// <summary>A voice message: Opus in an Ogg container.</summary>
    /// <param name="File">Its contents.</param>
    /// <param name="Duration">Shown before it is played.</param>
    /// <param name="Waveform">Shown while it is played: 100 values of five bits, packed; null for none.</param>
    public sealed record Voice(UploadedFile File, TimeSpan Duration, byte[]? Waveform = null) : OutgoingMedia;

    /// <summary>What came in a message, sent again without a new upload.</summary>
    public sealed record Existing(MessageMedia Media) : OutgoingMedia;

    internal InputMedia ToInput() => this switch
    {
        Photo photo => new InputMediaUploadedPhoto { File = photo.File.Input, Spoiler = Spoiler },
        Document document => Uploaded(document.File, document.MimeType, document.Attributes, Spoiler, document.AsFile),
        Voice voice => Uploaded(
            voice.File,
            "audio/ogg",
            [new DocumentAttributeAudio { Voice = true, Duration = (int)Math.Ceiling(voice.Duration.TotalSeconds), Waveform = voice.Waveform }],
            spoiler: false,
            asFile: false),
        Existing existing => AlreadyThere(existing.Media, Spoiler),
        _ => throw new ArgumentOutOfRangeException(null, GetType().Name, "Not a kind of media."),
    };

    /// <summary>A medium that the server has, as a call points at it.</summary>
    /// <exception cref="ArgumentException">Neither a photo nor a document.</exception>
    internal static InputMedia AlreadyThere(MessageMedia media, bool spoiler) => media switch
    {
        MessageMediaPhoto { Photo: Schema.Photo photo } => new InputMediaPhoto
        {
            Spoiler = spoiler,
            Id = new InputPhoto { Id = photo.Id, AccessHash = photo.AccessHash, FileReference = photo.FileReference },
        },
        MessageMediaDocument { Document: Schema.Document document } => new InputMediaDocument
        {
            Spoiler = spoiler,
            Id = new InputDocument { Id = document.Id, AccessHash = document.AccessHash, FileReference = document.FileReference },
        },
        _ => throw new ArgumentException($"{media.TlName} is neither a photo nor a document.", nameof(media)),
    };

    private static InputMediaUploadedDocument Uploaded(UploadedFile file, string mimeType, IReadOnlyList<DocumentAttribute> attributes, bool spoiler, bool asFile) => new()
    {
        ForceFile = asFile,
        Spoiler = spoiler,
        File = file.Input,
        MimeType = mimeType,
        Attributes = [.. attributes, new DocumentAttributeFilename { FileName = file.Name }],
    };
}

/// <summary>A file whose parts are at Telegram; good for one message, within a day.</summary>
/// <param name="Name">As its receiver sees it.</param>
/// <param name="Size">In bytes.</param>
public sealed record UploadedFile(string Name, long Size)
{
    /// <summary>As a call points at it.</summary>
    public required InputFileBase Input { get; init; }
}
