using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>upload.*</c>: parts of files, in and out (https://core.telegram.org/api/files).</summary>
internal static class FileMethods
{
    private const int PartMax = 512 * 1024;
    private const int PartUnit = 1024;
    private const int PartsMax = 4000;
    private const int ReadUnit = 4096;
    private const int ReadMax = 1 << 20;

    public static void AddFiles(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<UploadSaveFilePart, bool>((call, request) => Save(call, request.FileId, request.FilePart, null, request.Bytes));
        dispatcher.Register<UploadSaveBigFilePart, bool>((call, request) =>
            Save(call, request.FileId, request.FilePart, request.FileTotalParts, request.Bytes));
        dispatcher.Register<UploadGetFile, UploadFileBase>(GetFile);
    }

    private static bool Save(RpcCall call, long uploadId, int part, int? total, byte[] bytes)
    {
        var user = call.User;
        if (part is < 0 or >= PartsMax)
            throw TelegramRefusal.BadRequest("FILE_PART_INVALID");
        if (bytes.Length == 0)
            throw TelegramRefusal.BadRequest("FILE_PART_EMPTY");
        if (bytes.Length > PartMax)
            throw TelegramRefusal.BadRequest("FILE_PART_TOO_BIG");
        // Only the last part may be of any length; where their number is not told, the whole is checked when it is used.
        if (total is { } count && part < count - 1 && (bytes.Length % PartUnit != 0 || PartMax % bytes.Length != 0))
            throw TelegramRefusal.BadRequest("FILE_PART_SIZE_INVALID");
        call.World.Files.WritePart(user.Id, uploadId, part, bytes);
        return true;
    }

    private static UploadFileBase GetFile(RpcCall call, UploadGetFile request)
    {
        var file = request.Location switch
        {
            InputPhotoFileLocation photo => call.World.RequireFile(call.User.Id, photo.Id, photo.AccessHash, photo.FileReference),
            InputDocumentFileLocation document => call.World.RequireFile(call.User.Id, document.Id, document.AccessHash, document.FileReference),
            _ => throw TelegramRefusal.BadRequest("LOCATION_INVALID"),
        };
        if (file.DcId != call.DcId)
            throw TelegramRefusal.Elsewhere("FILE", file.DcId);
        var unit = request.Precise ? PartUnit : ReadUnit;
        if (request.Limit is <= 0 or > ReadMax || request.Limit % unit != 0)
            throw TelegramRefusal.BadRequest("LIMIT_INVALID");
        if (request.Offset < 0 || request.Offset % unit != 0)
            throw TelegramRefusal.BadRequest("OFFSET_INVALID");
        return new UploadFile
        {
            Type = file.IsPhoto ? new StorageFileJpeg() : new StorageFileUnknown(),
            Mtime = file.Date,
            Bytes = call.World.Files.Read(file.Id, request.Offset, request.Limit),
        };
    }
}
