using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Sessions;

/// <summary>A string session as Telethon writes it (<c>StringSession.save()</c>). A secret: whoever has it is the account.</summary>
/// <remarks>
/// The character <c>1</c>, then the URL-safe base64, padded, of: data centre (byte), IPv4 or IPv6 address (4 or 16 bytes), port (big-endian
/// uint16), authorisation key (256 bytes). That is 353 or 369 characters. Telethon itself tells the address's family by that length.
/// </remarks>
/// <param name="DcId">The data centre that the key is shared with.</param>
/// <param name="Address">Where Telethon reached it last.</param>
/// <param name="Key">The authorisation key.</param>
public sealed record TelethonSession(int DcId, IPEndPoint Address, AuthKey Key)
{
    private const char Version = '1';
    private const int ShortLength = 1 + 4 + 2 + AuthKey.Size;
    private const int LongLength = 1 + 16 + 2 + AuthKey.Size;

    /// <summary>Characters of the longest form.</summary>
    public const int MaxLength = 1 + ((LongLength + 2) / 3 * 4);

    /// <summary>False for anything else than a whole session with a key in it. The text is never quoted anywhere.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TelethonSession? session)
    {
        session = null;
        if (text is not { Length: > 1 and <= MaxLength } || text[0] != Version)
            return false;

        Span<byte> bytes = stackalloc byte[LongLength + 3];
        try
        {
            if (!Base64Url.TryDecodeFromChars(text.AsSpan(1), bytes, out var length) || length is not (ShortLength or LongLength))
                return false;

            var content = bytes[..length];
            var key = content[^AuthKey.Size..];
            if (content[0] == 0 || !key.ContainsAnyExcept((byte)0))
                return false;

            var address = new IPAddress(content[1..^(AuthKey.Size + 2)]);
            var port = BinaryPrimitives.ReadUInt16BigEndian(content[^(AuthKey.Size + 2)..]);
            session = new TelethonSession(content[0], new IPEndPoint(address, port), new AuthKey(key));
            return true;
        }
        catch (FormatException)
        {
            // Characters that are not base64.
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>The text that Telethon reads. A secret.</summary>
    public string Export()
    {
        var address = Address.Address.GetAddressBytes();
        var bytes = new byte[1 + address.Length + 2 + AuthKey.Size];
        bytes[0] = checked((byte)DcId);
        address.CopyTo(bytes.AsSpan(1));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1 + address.Length), checked((ushort)Address.Port));
        Key.Bytes.CopyTo(bytes.AsSpan(3 + address.Length));
        try
        {
            // Telethon's decoder wants the padding that Base64Url leaves out.
            var text = Version + Base64Url.EncodeToString(bytes);
            return text.PadRight(1 + ((bytes.Length + 2) / 3 * 4), '=');
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>One of our sessions as Telethon takes it up; it begins where ours is, with a connection of its own.</summary>
    /// <remarks>Only one of the two may be connected at a time: Telegram destroys a key that is seen on two connections.</remarks>
    /// <param name="session">Ours.</param>
    /// <param name="dc">The address of its data centre.</param>
    /// <exception cref="ArgumentException">The address is a name, or of another data centre: Telethon stores an IP address.</exception>
    public static TelethonSession From(TelegramSession session, TelegramDc dc)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(dc);
        return dc.Id == session.DcId && IPAddress.TryParse(dc.Host, out var address)
            ? new TelethonSession(session.DcId, new IPEndPoint(address, dc.Port), session.Key)
            : throw new ArgumentException($"{dc.Host} is not the IP address of data centre {session.DcId}.", nameof(dc));
    }

    /// <summary>As a session of ours. Whose it is is learnt by the first <see cref="TelegramClient.GetSelfAsync"/>.</summary>
    public TelegramSession ToSession() => new(DcId, Key, Salt: 0, UserId: 0);

    /// <summary>Never the key.</summary>
    public override string ToString() => $"Telethon session of key {Key.Id:x16} at DC {DcId}";
}
