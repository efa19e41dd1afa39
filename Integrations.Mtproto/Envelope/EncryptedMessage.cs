using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Envelope;

/// <summary>The MTProto 2.0 envelope: <c>auth_key_id:int64 msg_key:int128 encrypted_data</c> (core.telegram.org/mtproto/description).</summary>
public static class EncryptedMessage
{
    /// <summary>auth_key_id and msg_key.</summary>
    private const int OuterSize = 24;

    /// <summary>salt, session_id, message_id, seq_no and length.</summary>
    private const int InnerSize = 32;

    private const int MinPadding = 12;
    private const int MaxPadding = 1024;
    private const int BlockSize = 16;

    /// <summary>The key a packet claims to be under; zero for a plain one. Null when the packet is too short to hold a message.</summary>
    public static long? KeyIdOf(ReadOnlySpan<byte> packet) =>
        packet.Length < PlainMessage.HeaderSize ? null : BinaryPrimitives.ReadInt64LittleEndian(packet);

    /// <summary>Seals one message.</summary>
    /// <param name="key">The authorisation key of the connection.</param>
    /// <param name="direction">Who sends.</param>
    /// <param name="header">Written before the body.</param>
    /// <param name="body">Whole words (a multiple of four bytes).</param>
    /// <param name="random">Source of the 12 to 27 bytes of padding.</param>
    public static byte[] Encrypt(
        AuthKey key, MessageDirection direction, in MessageHeader header, ReadOnlySpan<byte> body, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var bare = InnerSize + body.Length;
        var padding = MinPadding + ((BlockSize - ((bare + MinPadding) % BlockSize)) % BlockSize);
        return Seal(key, direction, header, body, padding, random);
    }

    /// <summary>Opens one packet.</summary>
    /// <param name="key">The key that <see cref="KeyIdOf"/> named.</param>
    /// <param name="direction">Who sent it.</param>
    /// <param name="packet">As the transport gave it; up to 15 bytes of the transport's own padding may follow.</param>
    /// <param name="sessionId">The only session expected, on the client; null on a server, which has many.</param>
    /// <exception cref="EnvelopeException">Any check failed.</exception>
    public static DecryptedMessage Decrypt(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, long? sessionId = null)
    {
        var message = Open(key, direction, packet, sessionId);

        // A server's ids are odd. A client's are divisible by four, which the server answers with bad_msg_notification 18
        // rather than with silence, so it is not checked here.
        return direction == MessageDirection.ServerToClient && (message.Header.MessageId & 1) == 0 ? throw new EnvelopeException() : message;
    }

    /// <summary>Everything but the direction's bits of the message id: the published vectors leave those out.</summary>
    internal static DecryptedMessage Open(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, long? sessionId)
    {
        ArgumentNullException.ThrowIfNull(key);
        var encryptedSize = (packet.Length - OuterSize) / BlockSize * BlockSize;
        if (encryptedSize < InnerSize + BlockSize || BinaryPrimitives.ReadInt64LittleEndian(packet) != key.Id)
            throw new EnvelopeException();

        var messageKey = packet[8..OuterSize];
        Span<byte> aesKey = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> aesIv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.Version2(key, messageKey, direction, aesKey, aesIv);
        var plaintext = new byte[encryptedSize];
        AesIge.Decrypt(aesKey, aesIv, packet.Slice(OuterSize, encryptedSize), plaintext);

        // msg_key comes first: nothing of the plaintext may be acted upon before it is known to be the sender's.
        Span<byte> computed = stackalloc byte[KeyDerivation.MessageKeySize];
        ComputeMessageKey(key, direction, plaintext, computed);
        if (!CryptographicOperations.FixedTimeEquals(computed, messageKey))
            throw new EnvelopeException();

        var header = new MessageHeader(
            BinaryPrimitives.ReadInt64LittleEndian(plaintext),
            BinaryPrimitives.ReadInt64LittleEndian(plaintext.AsSpan(8)),
            BinaryPrimitives.ReadInt64LittleEndian(plaintext.AsSpan(16)),
            BinaryPrimitives.ReadInt32LittleEndian(plaintext.AsSpan(24)));
        var length = BinaryPrimitives.ReadInt32LittleEndian(plaintext.AsSpan(28));
        var padding = plaintext.Length - InnerSize - (long)length;
        if (length < 4 || length % 4 != 0 || padding is < MinPadding or > MaxPadding)
            throw new EnvelopeException();
        if (sessionId is not null && header.SessionId != sessionId)
            throw new EnvelopeException();

        return new DecryptedMessage(header, plaintext.AsMemory(InnerSize, length));
    }

    /// <summary>Seals with a given length of padding, or a wrong one: tests need both.</summary>
    internal static byte[] Seal(
        AuthKey key, MessageDirection direction, in MessageHeader header, ReadOnlySpan<byte> body, int padding, IRandomSource random, int? length = null)
    {
        if (body.Length % 4 != 0)
            throw new ArgumentException($"A body of {body.Length} bytes is not whole words.", nameof(body));

        var plaintext = new byte[InnerSize + body.Length + padding];
        BinaryPrimitives.WriteInt64LittleEndian(plaintext, header.Salt);
        BinaryPrimitives.WriteInt64LittleEndian(plaintext.AsSpan(8), header.SessionId);
        BinaryPrimitives.WriteInt64LittleEndian(plaintext.AsSpan(16), header.MessageId);
        BinaryPrimitives.WriteInt32LittleEndian(plaintext.AsSpan(24), header.SequenceNumber);
        BinaryPrimitives.WriteInt32LittleEndian(plaintext.AsSpan(28), length ?? body.Length);
        body.CopyTo(plaintext.AsSpan(InnerSize));
        random.Fill(plaintext.AsSpan(InnerSize + body.Length));

        var packet = new byte[OuterSize + plaintext.Length];
        BinaryPrimitives.WriteInt64LittleEndian(packet, key.Id);
        var messageKey = packet.AsSpan(8, KeyDerivation.MessageKeySize);
        ComputeMessageKey(key, direction, plaintext, messageKey);

        Span<byte> aesKey = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> aesIv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.Version2(key, messageKey, direction, aesKey, aesIv);
        AesIge.Encrypt(aesKey, aesIv, plaintext, packet.AsSpan(OuterSize));
        return packet;
    }

    /// <summary>msg_key = substr(SHA256(substr(auth_key, 88 + x, 32) + plaintext + padding), 8, 16)</summary>
    private static void ComputeMessageKey(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> plaintext, Span<byte> messageKey)
    {
        var x = direction == MessageDirection.ClientToServer ? 0 : 8;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(key.Bytes.Slice(88 + x, 32));
        sha.AppendData(plaintext);
        sha.GetHashAndReset(hash);
        hash[8..24].CopyTo(messageKey);
    }
}
