using System.Buffers;
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

    /// <summary>The part of the authorisation key that is hashed before the plaintext.</summary>
    private const int KeyPartSize = 32;

    /// <summary>The key a packet claims to be under; zero for a plain one. Null when the packet is too short to hold a message.</summary>
    public static long? KeyIdOf(ReadOnlySpan<byte> packet) =>
        packet.Length < PlainMessage.HeaderSize ? null : BinaryPrimitives.ReadInt64LittleEndian(packet);

    /// <summary>The size of the packet that a body of this size makes, in bytes.</summary>
    public static int SizeOf(int bodyLength) => OuterSize + InnerSize + bodyLength + PaddingOf(bodyLength);

    /// <summary>Seals one message.</summary>
    /// <param name="key">The authorisation key of the connection.</param>
    /// <param name="direction">Who sends.</param>
    /// <param name="header">Written before the body.</param>
    /// <param name="body">Whole words (a multiple of four bytes).</param>
    /// <param name="random">Source of the 12 to 27 bytes of padding.</param>
    public static byte[] Encrypt(
        AuthKey key, MessageDirection direction, in MessageHeader header, ReadOnlySpan<byte> body, IRandomSource random)
    {
        var packet = new byte[SizeOf(body.Length)];
        Encrypt(key, direction, header, body, random, packet);
        return packet;
    }

    /// <summary>Seals one message into memory of the caller's.</summary>
    /// <param name="key">The authorisation key of the connection.</param>
    /// <param name="direction">Who sends.</param>
    /// <param name="header">Written before the body.</param>
    /// <param name="body">Whole words (a multiple of four bytes).</param>
    /// <param name="random">Source of the padding.</param>
    /// <param name="packet">Exactly <see cref="SizeOf"/> bytes.</param>
    public static void Encrypt(
        AuthKey key, MessageDirection direction, in MessageHeader header, ReadOnlySpan<byte> body, IRandomSource random, Span<byte> packet)
    {
        ArgumentNullException.ThrowIfNull(random);
        Seal(key, direction, header, body, PaddingOf(body.Length), random, packet);
    }

    /// <summary>Opens one packet.</summary>
    /// <param name="key">The key that <see cref="KeyIdOf"/> named.</param>
    /// <param name="direction">Who sent it.</param>
    /// <param name="packet">As the transport gave it; up to 15 bytes of the transport's own padding may follow.</param>
    /// <param name="sessionId">The only session expected, on the client; null on a server, which has many.</param>
    /// <exception cref="EnvelopeException">Any check failed.</exception>
    public static DecryptedMessage Decrypt(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, long? sessionId = null) =>
        Decrypt(key, direction, packet, new byte[BufferFor(packet.Length)], sessionId);

    /// <summary>The memory that <see cref="Decrypt(AuthKey, MessageDirection, ReadOnlySpan{byte}, Memory{byte}, long?)"/> needs for a packet, in bytes.</summary>
    public static int BufferFor(int packetLength) => KeyPartSize + Math.Max(0, packetLength - OuterSize);

    /// <summary>Opens one packet into memory of the caller's, which the message is a part of; it holds the plaintext also after a failure.</summary>
    /// <param name="key">The key that <see cref="KeyIdOf"/> named.</param>
    /// <param name="direction">Who sent it.</param>
    /// <param name="packet">As the transport gave it; up to 15 bytes of the transport's own padding may follow.</param>
    /// <param name="buffer">At least <see cref="BufferFor"/> bytes.</param>
    /// <param name="sessionId">The only session expected, on the client; null on a server, which has many.</param>
    /// <exception cref="EnvelopeException">Any check failed.</exception>
    public static DecryptedMessage Decrypt(
        AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, Memory<byte> buffer, long? sessionId = null)
    {
        var message = Open(key, direction, packet, buffer, sessionId);

        // A server's ids are odd. A client's are divisible by four, which the server answers with bad_msg_notification 18
        // rather than with silence, so it is not checked here.
        return direction == MessageDirection.ServerToClient && (message.Header.MessageId & 1) == 0 ? throw new EnvelopeException() : message;
    }

    /// <summary>Everything but the direction's bits of the message id: the published vectors leave those out.</summary>
    internal static DecryptedMessage Open(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, long? sessionId) =>
        Open(key, direction, packet, new byte[BufferFor(packet.Length)], sessionId);

    private static DecryptedMessage Open(AuthKey key, MessageDirection direction, ReadOnlySpan<byte> packet, Memory<byte> buffer, long? sessionId)
    {
        ArgumentNullException.ThrowIfNull(key);
        var encryptedSize = (packet.Length - OuterSize) / BlockSize * BlockSize;
        if (encryptedSize < InnerSize + BlockSize || BinaryPrimitives.ReadInt64LittleEndian(packet) != key.Id)
            throw new EnvelopeException();

        var messageKey = packet[8..OuterSize];
        Span<byte> aesKey = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> aesIv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.Version2(key, messageKey, direction, aesKey, aesIv);
        var hashed = buffer.Span[..(KeyPartSize + encryptedSize)];
        var plaintext = hashed[KeyPartSize..];
        AesIge.Decrypt(aesKey, aesIv, packet.Slice(OuterSize, encryptedSize), plaintext);

        // msg_key comes first: nothing of the plaintext may be acted upon before it is known to be the sender's.
        Span<byte> computed = stackalloc byte[KeyDerivation.MessageKeySize];
        ComputeMessageKey(key, direction, hashed, computed);
        if (!CryptographicOperations.FixedTimeEquals(computed, messageKey))
            throw new EnvelopeException();

        var header = new MessageHeader(
            BinaryPrimitives.ReadInt64LittleEndian(plaintext),
            BinaryPrimitives.ReadInt64LittleEndian(plaintext[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(plaintext[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(plaintext[24..]));
        var length = BinaryPrimitives.ReadInt32LittleEndian(plaintext[28..]);
        var padding = plaintext.Length - InnerSize - (long)length;
        if (length < 4 || length % 4 != 0 || padding is < MinPadding or > MaxPadding)
            throw new EnvelopeException();
        if (sessionId is not null && header.SessionId != sessionId)
            throw new EnvelopeException();

        return new DecryptedMessage(header, buffer.Slice(KeyPartSize + InnerSize, length));
    }

    /// <summary>Seals with a given length of padding, or a wrong one: tests need both.</summary>
    internal static byte[] Seal(
        AuthKey key, MessageDirection direction, in MessageHeader header, ReadOnlySpan<byte> body, int padding, IRandomSource random, int? length = null)
    {
        var packet = new byte[OuterSize + InnerSize + body.Length + padding];
        Seal(key, direction, header, body, padding, random, packet, length);
        return packet;
    }

    private static void Seal(
        AuthKey key,
        MessageDirection direction,
        in MessageHeader header,
        ReadOnlySpan<byte> body,
        int padding,
        IRandomSource random,
        Span<byte> packet,
        int? length = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (body.Length % 4 != 0)
            throw new ArgumentException($"A body of {body.Length} bytes is not whole words.", nameof(body));
        if (packet.Length != OuterSize + InnerSize + body.Length + padding)
            throw new ArgumentException($"The packet has room for {packet.Length} bytes.", nameof(packet));

        var size = KeyPartSize + packet.Length - OuterSize;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var hashed = rented.AsSpan(0, size);
            var plaintext = hashed[KeyPartSize..];
            BinaryPrimitives.WriteInt64LittleEndian(plaintext, header.Salt);
            BinaryPrimitives.WriteInt64LittleEndian(plaintext[8..], header.SessionId);
            BinaryPrimitives.WriteInt64LittleEndian(plaintext[16..], header.MessageId);
            BinaryPrimitives.WriteInt32LittleEndian(plaintext[24..], header.SequenceNumber);
            BinaryPrimitives.WriteInt32LittleEndian(plaintext[28..], length ?? body.Length);
            body.CopyTo(plaintext[InnerSize..]);
            random.Fill(plaintext[(InnerSize + body.Length)..]);

            BinaryPrimitives.WriteInt64LittleEndian(packet, key.Id);
            var messageKey = packet.Slice(8, KeyDerivation.MessageKeySize);
            ComputeMessageKey(key, direction, hashed, messageKey);

            Span<byte> aesKey = stackalloc byte[KeyDerivation.KeySize];
            Span<byte> aesIv = stackalloc byte[AesIge.IvSize];
            KeyDerivation.Version2(key, messageKey, direction, aesKey, aesIv);
            AesIge.Encrypt(aesKey, aesIv, plaintext, packet[OuterSize..]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(rented.AsSpan(0, size));
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int PaddingOf(int bodyLength) => MinPadding + ((BlockSize - ((InnerSize + bodyLength + MinPadding) % BlockSize)) % BlockSize);

    /// <summary>msg_key = substr(SHA256(substr(auth_key, 88 + x, 32) + plaintext + padding), 8, 16)</summary>
    /// <param name="key">The authorisation key.</param>
    /// <param name="direction">Who sends; x is 0 for the client and 8 for the server.</param>
    /// <param name="hashed">Room for the part of the key, then the plaintext with its padding: one stretch of memory is hashed in one call.</param>
    /// <param name="messageKey">16 bytes.</param>
    private static void ComputeMessageKey(AuthKey key, MessageDirection direction, Span<byte> hashed, Span<byte> messageKey)
    {
        var x = direction == MessageDirection.ClientToServer ? 0 : 8;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        key.Bytes.Slice(88 + x, KeyPartSize).CopyTo(hashed);
        SHA256.HashData(hashed, hash);
        CryptographicOperations.ZeroMemory(hashed[..KeyPartSize]);
        hash[8..24].CopyTo(messageKey);
    }
}
