using System.Globalization;
using System.Security.Cryptography;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Photos and documents between the wire's forms and the world's.</summary>
internal static class Media
{
    /// <summary>The one size of a photo that is kept, its own.</summary>
    public const string PhotoSizeType = "x";

    private const int PartsMax = 4000;
    private const int SmallFileMax = 10 << 20;
    private const int PhotoMax = 10 << 20;
    private const int PhotoSidesMax = 10_000;

    /// <summary>The file that a message is to carry: a new one out of its parts, or one that the account was given before.</summary>
    public static WorldFile Take(RpcCall call, InputMedia media) => media switch
    {
        InputMediaUploadedPhoto photo => StorePhoto(call, photo),
        InputMediaUploadedDocument document => StoreDocument(call, document),
        InputMediaPhoto { Id: InputPhoto photo } => Known(call, photo.Id, photo.AccessHash, photo.FileReference, isPhoto: true),
        InputMediaDocument { Id: InputDocument document } => Known(call, document.Id, document.AccessHash, document.FileReference, isPhoto: false),
        _ => throw TelegramRefusal.BadRequest("MEDIA_INVALID"),
    };

    /// <summary>As the viewer is shown it.</summary>
    public static MessageMedia Show(TelegramWorld world, long viewerId, WorldFile file)
    {
        var hash = world.FileHash(viewerId, file.Id);
        var reference = world.FileReference(file.Id);
        if (file.IsPhoto)
        {
            return new MessageMediaPhoto
            {
                Photo = new Photo
                {
                    Id = file.Id,
                    AccessHash = hash,
                    FileReference = reference,
                    Date = file.Date,
                    Sizes = [new PhotoSize { Type = PhotoSizeType, W = file.Width, H = file.Height, Size = (int)file.Size }],
                    DcId = file.DcId,
                },
            };
        }

        var attributes = new TlReader(file.Attributes).ReadVector<DocumentAttribute>();
        return new MessageMediaDocument
        {
            Document = new Document
            {
                Id = file.Id,
                AccessHash = hash,
                FileReference = reference,
                Date = file.Date,
                MimeType = file.MimeType,
                Size = file.Size,
                DcId = file.DcId,
                Attributes = attributes,
            },
            Voice = attributes.OfType<DocumentAttributeAudio>().Any(audio => audio.Voice),
            Video = attributes.OfType<DocumentAttributeVideo>().Any(),
            Round = attributes.OfType<DocumentAttributeVideo>().Any(video => video.RoundMessage),
        };
    }

    private static WorldFile Known(RpcCall call, long id, long accessHash, byte[] reference, bool isPhoto)
    {
        var file = call.World.RequireFile(call.User.Id, id, accessHash, reference);
        return file.IsPhoto == isPhoto ? file : throw TelegramRefusal.BadRequest("MEDIA_INVALID");
    }

    private static WorldFile StorePhoto(RpcCall call, InputMediaUploadedPhoto photo)
    {
        var (id, size) = Store(call, photo.File);
        using var picture = call.World.Files.Open(id);
        if (size > PhotoMax || ImageSize.Read(picture) is not { } sides)
            throw TelegramRefusal.BadRequest("IMAGE_PROCESS_FAILED");
        if (sides.Width <= 0 || sides.Height <= 0 || sides.Width + sides.Height > PhotoSidesMax)
            throw TelegramRefusal.BadRequest("PHOTO_INVALID_DIMENSIONS");
        return call.World.AddFile(new WorldFile
        {
            Id = id,
            IsPhoto = true,
            DcId = call.DcId,
            Size = size,
            Date = call.UnixNow,
            MimeType = "image/jpeg",
            Width = sides.Width,
            Height = sides.Height,
        });
    }

    private static WorldFile StoreDocument(RpcCall call, InputMediaUploadedDocument document)
    {
        var (id, size) = Store(call, document.File);
        using var writer = new TlWriter();
        writer.WriteVector(document.Attributes);
        return call.World.AddFile(new WorldFile
        {
            Id = id,
            IsPhoto = false,
            Kind = KindOf(document.Attributes),
            DcId = call.DcId,
            Size = size,
            Date = call.UnixNow,
            MimeType = document.MimeType,
            Attributes = writer.WrittenSpan.ToArray(),
        });
    }

    /// <summary>As what a document is shown, by what its sender says of it.</summary>
    private static FileKind KindOf(IReadOnlyList<DocumentAttribute> attributes)
    {
        if (attributes.OfType<DocumentAttributeAudio>().FirstOrDefault() is { } audio)
            return audio.Voice ? FileKind.Voice : FileKind.Audio;
        if (attributes.OfType<DocumentAttributeSticker>().Any())
            return FileKind.Sticker;
        if (attributes.OfType<DocumentAttributeAnimated>().Any())
            return FileKind.Animation;
        if (attributes.OfType<DocumentAttributeVideo>().FirstOrDefault() is { } video)
            return video.RoundMessage ? FileKind.VideoNote : FileKind.Video;
        return FileKind.Document;
    }

    private static (long Id, long Size) Store(RpcCall call, InputFileBase input)
    {
        var (uploadId, count, md5) = input switch
        {
            InputFile small => (small.Id, small.Parts, small.Md5Checksum),
            InputFileBig big => (big.Id, big.Parts, ""),
            _ => throw TelegramRefusal.BadRequest("FILE_PARTS_INVALID"),
        };
        if (count is < 1 or > PartsMax)
            throw TelegramRefusal.BadRequest("FILE_PARTS_INVALID");
        var parts = call.World.Files.Parts(call.User.Id, uploadId, count);
        for (var part = 0; part < count; part++)
        {
            if (parts[part] is not { } length)
                throw TelegramRefusal.BadRequest(string.Create(CultureInfo.InvariantCulture, $"FILE_PART_{part}_MISSING"));
            if (part < count - 1 && length != parts[0])
                throw TelegramRefusal.BadRequest("FILE_PART_SIZE_CHANGED");
        }

        var size = parts.Sum(length => length ?? 0);
        if (input is InputFile && size > SmallFileMax)
            throw TelegramRefusal.BadRequest("FILE_PARTS_INVALID");
        var id = call.World.NewFileId();
        call.World.Files.Join(call.User.Id, uploadId, count, id);
        if (md5.Length > 0)
        {
            using var whole = call.World.Files.Open(id);
            if (!Convert.ToHexString(Md5(whole)).Equals(md5, StringComparison.OrdinalIgnoreCase))
                throw TelegramRefusal.BadRequest("MD5_CHECKSUM_INVALID");
        }

        return (id, size);
    }

#pragma warning disable CA5351 // What the protocol checks uploads by; nothing is protected with it.
    private static byte[] Md5(Stream stream) => MD5.HashData(stream);
#pragma warning restore CA5351
}
