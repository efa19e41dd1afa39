using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto;

/// <summary>What has to be kept of a session to go on later without a new login. A secret: whoever has it is the account.</summary>
/// <param name="DcId">The data centre that the key is shared with; the account's home once it is logged in.</param>
/// <param name="Key">The authorisation key.</param>
/// <param name="Salt">The last known server salt; 0 asks the server for one.</param>
/// <param name="UserId">Whose session it is; 0 before the login.</param>
public sealed record TelegramSession(int DcId, AuthKey Key, long Salt, long UserId)
{
    /// <summary>Version 1: version, DC (int16), salt (int64), user id (int64), key (256 bytes); little-endian.</summary>
    private const byte FirstVersion = 1;

    /// <summary>Version 2: version 1, then a count (byte) of salts, each value, since and until (int64).</summary>
    private const byte SecondVersion = 2;

    /// <summary>Version 3: as version 2, with since and until as uint32, as the protocol itself has them.</summary>
    private const byte Version = 3;

    private const int FixedLength = 1 + 2 + 8 + 8 + AuthKey.Size;
    private const int SecondSaltLength = 8 + 8 + 8;
    private const int SaltLength = 8 + 4 + 4;

    /// <summary>Of the nearest time. Each is good for half an hour to an hour; a client that was away for longer asks for new ones.</summary>
    private const int MaxSalts = 32;

    /// <summary>The salts of the hours to come, as far as the server has told them; they belong to the key.</summary>
    public IReadOnlyList<ServerSalt> Salts { get; init; } = [];

    /// <summary>The session: 276 bytes and 16 for each salt, 788 at most.</summary>
    /// <remarks>
    /// The keys of other data centres are not in it: they are of use for files only, are made anew within a round trip or two, and would be
    /// four more secrets of 256 bytes to look after.
    /// </remarks>
    public byte[] ToBytes()
    {
        var count = Math.Min(Salts.Count, MaxSalts);
        var bytes = new byte[FixedLength + 1 + (count * SaltLength)];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(1), checked((short)DcId));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(3), Salt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(11), UserId);
        Key.Bytes.CopyTo(bytes.AsSpan(19));
        bytes[FixedLength] = (byte)count;
        for (var i = 0; i < count; i++)
        {
            var place = bytes.AsSpan(FixedLength + 1 + (i * SaltLength));
            BinaryPrimitives.WriteInt64LittleEndian(place, Salts[i].Value);
            BinaryPrimitives.WriteUInt32LittleEndian(place[8..], (uint)Math.Clamp(Salts[i].ValidSince, 0, uint.MaxValue));
            BinaryPrimitives.WriteUInt32LittleEndian(place[12..], (uint)Math.Clamp(Salts[i].ValidUntil, 0, uint.MaxValue));
        }

        return bytes;
    }

    /// <exception cref="FormatException">Not a session, or of a version that this library does not know.</exception>
    public static TelegramSession FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (!HasKnownForm(bytes))
            throw new FormatException($"These {bytes.Length} bytes are not a stored session of version {FirstVersion} to {Version}.");

        var salts = new ServerSalt[bytes[0] == FirstVersion ? 0 : bytes[FixedLength]];
        for (var i = 0; i < salts.Length; i++)
        {
            var place = bytes[(FixedLength + 1 + (i * SaltLengthOf(bytes[0])))..];
            salts[i] = bytes[0] == SecondVersion
                ? new ServerSalt(
                    BinaryPrimitives.ReadInt64LittleEndian(place),
                    BinaryPrimitives.ReadInt64LittleEndian(place[8..]),
                    BinaryPrimitives.ReadInt64LittleEndian(place[16..]))
                : new ServerSalt(
                    BinaryPrimitives.ReadInt64LittleEndian(place),
                    BinaryPrimitives.ReadUInt32LittleEndian(place[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(place[12..]));
        }

        return new TelegramSession(
            BinaryPrimitives.ReadInt16LittleEndian(bytes[1..]),
            new AuthKey(bytes[19..FixedLength]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[3..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[11..]))
        {
            Salts = salts,
        };
    }

    private static bool HasKnownForm(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? false : bytes[0] switch
    {
        FirstVersion => bytes.Length == FixedLength,
        SecondVersion or Version => bytes.Length > FixedLength && bytes.Length == FixedLength + 1 + (bytes[FixedLength] * SaltLengthOf(bytes[0])),
        _ => false,
    };

    private static int SaltLengthOf(byte version) => version == SecondVersion ? SecondSaltLength : SaltLength;

    /// <summary>Never the key.</summary>
    public override string ToString() => $"session of key {Key.Id:x16} at DC {DcId}";
}
