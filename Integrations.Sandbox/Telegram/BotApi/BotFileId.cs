using System.Buffers.Binary;
using System.Buffers.Text;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>How a bot names a file: <c>file_id</c> opens it for this bot alone, <c>file_unique_id</c> is the same for all and opens nothing.</summary>
internal static class BotFileId
{
    private const int UniqueSize = 9;
    private const int Size = UniqueSize + 8;

    public static string Write(TelegramWorld world, long botId, WorldFile file)
    {
        Span<byte> bytes = stackalloc byte[Size];
        WriteUnique(bytes, file);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[UniqueSize..], world.FileHash(botId, file.Id));
        return Base64Url.EncodeToString(bytes);
    }

    public static string Unique(WorldFile file)
    {
        Span<byte> bytes = stackalloc byte[UniqueSize];
        WriteUnique(bytes, file);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The file; null where this is none that the bot was told of.</summary>
    public static WorldFile? Find(TelegramWorld world, long botId, string text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (!Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length) || length != Size)
            return null;
        var id = BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes[UniqueSize..]) == world.FileHash(botId, id) ? world.FindFile(id) : null;
    }

    private static void WriteUnique(Span<byte> bytes, WorldFile file)
    {
        bytes[0] = (byte)file.Kind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], file.Id);
    }
}
