using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto;

/// <summary>What has to be kept of a session to go on later without a new login. A secret: whoever has it is the account.</summary>
/// <param name="DcId">The data centre that the key is shared with; the account's home once it is logged in.</param>
/// <param name="Key">The authorisation key.</param>
/// <param name="Salt">The last known server salt; 0 asks the server for one.</param>
/// <param name="UserId">Whose session it is; 0 before the login.</param>
public sealed record TelegramSession(int DcId, AuthKey Key, long Salt, long UserId)
{
    /// <summary>Version 1: version, DC (int16), salt (int64), user id (int64), key (256 bytes); little-endian.</summary>
    private const byte Version = 1;
    private const int Length = 1 + 2 + 8 + 8 + AuthKey.Size;

    /// <summary>The session as 275 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(1), checked((short)DcId));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(3), Salt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(11), UserId);
        Key.Bytes.CopyTo(bytes.AsSpan(19));
        return bytes;
    }

    /// <exception cref="FormatException">Not a session, or of a version that this library does not know.</exception>
    public static TelegramSession FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length || bytes[0] != Version)
            throw new FormatException($"A stored session is {Length} bytes of version {Version}; this is {bytes.Length} bytes{(bytes.IsEmpty ? "" : $" of version {bytes[0]}")}.");
        return new TelegramSession(
            BinaryPrimitives.ReadInt16LittleEndian(bytes[1..]),
            new AuthKey(bytes[19..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[3..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[11..]));
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"session of key {Key.Id:x16} at DC {DcId}";
}
