using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Files;

/// <summary>A photo or document at Telegram: where it is fetched from, and which message gives a new reference when this one has expired.</summary>
public sealed record RemoteFile
{
    /// <summary>With the reference that opens it for a while.</summary>
    public required InputFileLocationBase Location { get; init; }

    /// <summary>The data centre that has it.</summary>
    public required int DcId { get; init; }

    /// <summary>In bytes.</summary>
    public required long Size { get; init; }

    /// <summary>As its sender named it; empty for a photo.</summary>
    public required string Name { get; init; }

    public required string MimeType { get; init; }

    /// <summary>The message that it came in.</summary>
    public required PeerAddress Peer { get; init; }

    /// <inheritdoc cref="Peer"/>
    public required int MessageId { get; init; }

    /// <summary>The file of a message; null when it has none, or one that is gone.</summary>
    /// <param name="peer">Where the message stands.</param>
    /// <param name="message">With its media. Of a photo the largest size is taken.</param>
    public static RemoteFile? Of(PeerAddress peer, Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.Media switch
        {
            MessageMediaPhoto { Photo: Photo photo } when Largest(photo) is { } size => new RemoteFile
            {
                Location = new InputPhotoFileLocation
                {
                    Id = photo.Id,
                    AccessHash = photo.AccessHash,
                    FileReference = photo.FileReference,
                    ThumbSize = size.Type,
                },
                DcId = photo.DcId,
                Size = size.Size,
                Name = "",
                MimeType = "image/jpeg",
                Peer = peer,
                MessageId = message.Id,
            },
            MessageMediaDocument { Document: Document document } => new RemoteFile
            {
                Location = new InputDocumentFileLocation
                {
                    Id = document.Id,
                    AccessHash = document.AccessHash,
                    FileReference = document.FileReference,
                    ThumbSize = "",
                },
                DcId = document.DcId,
                Size = document.Size,
                Name = document.Attributes.OfType<DocumentAttributeFilename>().FirstOrDefault()?.FileName ?? "",
                MimeType = document.MimeType,
                Peer = peer,
                MessageId = message.Id,
            },
            _ => null,
        };
    }

    private static (string Type, int Size)? Largest(Photo photo) => photo.Sizes
        .Select(size => size switch
        {
            PhotoSize plain => (plain.Type, plain.Size),
            PhotoSizeProgressive progressive => (progressive.Type, Size: progressive.Sizes.DefaultIfEmpty(0).Max()),
            _ => ((string Type, int Size)?)null,
        })
        .OfType<(string Type, int Size)>()
        .OrderByDescending(size => size.Size)
        .Select(size => ((string, int)?)size)
        .FirstOrDefault();
}
