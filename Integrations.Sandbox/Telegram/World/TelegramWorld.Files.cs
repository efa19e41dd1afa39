using System.Buffers.Binary;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Photos and documents: who may open one, and for how long a reference does (https://core.telegram.org/api/file_reference).</summary>
internal sealed partial class TelegramWorld
{
    private const int MacSize = 8;

    /// <summary>The bytes.</summary>
    public FileStore Files { get; }

    /// <summary>Remembers a file whose bytes are stored already.</summary>
    public WorldFile AddFile(WorldFile file)
    {
        lock (_gate)
        {
            Commit(new FileStored(file));
            return file;
        }
    }

    public long NewFileId()
    {
        lock (_gate)
            return RandomInt64() & long.MaxValue;
    }

    public WorldFile? FindFile(long id)
    {
        lock (_gate)
            return _state.Files.GetValueOrDefault(id);
    }

    /// <summary>The number with which an account shows that it was given a file.</summary>
    public long FileHash(long viewerId, long fileId)
    {
        Span<byte> input = stackalloc byte[20];
        BinaryPrimitives.WriteInt64LittleEndian(input, viewerId);
        BinaryPrimitives.WriteInt64LittleEndian(input[8..], fileId);
        BinaryPrimitives.WriteInt32LittleEndian(input[16..], -1);
        return Derive(input);
    }

    /// <summary>Opens a file from now on until its time is over: when it was given (unix seconds, 8 bytes), and a proof of that.</summary>
    public byte[] FileReference(long fileId)
    {
        var reference = new byte[8 + MacSize];
        BinaryPrimitives.WriteInt64LittleEndian(reference, Now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64LittleEndian(reference.AsSpan(8), ReferenceMac(fileId, reference.AsSpan(0, 8)));
        return reference;
    }

    /// <summary>The file that a client points at.</summary>
    public WorldFile RequireFile(long viewerId, long fileId, long accessHash, byte[] reference)
    {
        if (FindFile(fileId) is not { } file || accessHash != FileHash(viewerId, fileId))
            throw TelegramRefusal.BadRequest("FILE_ID_INVALID");
        if (reference.Length == 0)
            throw TelegramRefusal.BadRequest("FILE_REFERENCE_EMPTY");
        if (reference.Length != 8 + MacSize
            || BinaryPrimitives.ReadInt64LittleEndian(reference.AsSpan(8)) != ReferenceMac(fileId, reference.AsSpan(0, 8)))
            throw TelegramRefusal.BadRequest("FILE_REFERENCE_INVALID");
        var given = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64LittleEndian(reference));
        return Now - given <= _options.FileReferenceLifetime ? file : throw TelegramRefusal.BadRequest("FILE_REFERENCE_EXPIRED");
    }

    private long ReferenceMac(long fileId, ReadOnlySpan<byte> given)
    {
        Span<byte> input = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(input, fileId);
        given.CopyTo(input[8..]);
        return Derive(input);
    }
}
