using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Handshake;

/// <summary>
/// The proof that whoever speaks under a temporary key has the permanent one too (core.telegram.org/method/auth.bindTempAuthKey), both sides.
/// </summary>
/// <remarks>
/// It is a message of its own inside the call, sealed under the permanent key in the envelope of MTProto 1.0:
/// <c>auth_key_id:int64 msg_key:int128 AES256_IGE(random:int128 msg_id:int64 seqno:int32 = 0 length:int32 = 40 bind_auth_key_inner padding)</c>.
/// The message id is that of the call, so that a proof is good for one message only.
/// </remarks>
public static class KeyBinding
{
    private const int OuterSize = 8 + KeyDerivation.MessageKeySize;
    private const int HeaderSize = 16 + 8 + 4 + 4;
    private const int InnerSize = 40;
    private const int PlainSize = HeaderSize + InnerSize;

    /// <summary>Whole blocks of the cipher; msg_key does not cover the padding, which is how this differs from MTProto 2.0.</summary>
    private const int PaddedSize = 80;

    /// <summary>Makes the call.</summary>
    /// <param name="permanent">Whose place the temporary key is to take.</param>
    /// <param name="temporary">The key that the call goes out under.</param>
    /// <param name="sessionId">The session that the call goes out in.</param>
    /// <param name="messageId">The id that the call goes out under.</param>
    /// <param name="expiresAt">Unix seconds of the server's clock at which the temporary key ends.</param>
    /// <param name="random">Source of the nonce, of what stands in place of salt and session, and of the padding.</param>
    public static AuthBindTempAuthKey Create(
        AuthKey permanent, AuthKey temporary, long sessionId, long messageId, int expiresAt, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(permanent);
        ArgumentNullException.ThrowIfNull(temporary);
        ArgumentNullException.ThrowIfNull(random);
        var nonce = random.NextInt64();

        // bind_auth_key_inner#75a3f765 nonce:long temp_auth_key_id:long perm_auth_key_id:long temp_session_id:long expires_at:int
        var inner = new BindAuthKeyInner
        {
            Nonce = nonce,
            TempAuthKeyId = temporary.Id,
            PermAuthKeyId = permanent.Id,
            TempSessionId = sessionId,
            ExpiresAt = expiresAt,
        }.ToBytes();
        Span<byte> plain = stackalloc byte[PaddedSize];
        random.Fill(plain);
        BinaryPrimitives.WriteInt64LittleEndian(plain[16..], messageId);
        BinaryPrimitives.WriteInt32LittleEndian(plain[24..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(plain[28..], InnerSize);
        inner.CopyTo(plain[HeaderSize..]);

        var sealedMessage = new byte[OuterSize + PaddedSize];
        BinaryPrimitives.WriteInt64LittleEndian(sealedMessage, permanent.Id);
        var messageKey = KeyDerivation.MessageKeyVersion1(plain[..PlainSize]);
        messageKey.CopyTo(sealedMessage, 8);
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> iv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.Version1(permanent, messageKey, MessageDirection.ClientToServer, key, iv);
        AesIge.Encrypt(key, iv, plain, sealedMessage.AsSpan(OuterSize));
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(iv);

        // auth.bindTempAuthKey#cdd42a05 perm_auth_key_id:long nonce:long expires_at:int encrypted_message:bytes = Bool
        return new AuthBindTempAuthKey { PermAuthKeyId = permanent.Id, Nonce = nonce, ExpiresAt = expiresAt, EncryptedMessage = sealedMessage };
    }

    /// <summary>Whether a call proves what it has to, byte by byte.</summary>
    /// <param name="call">As it came.</param>
    /// <param name="permanent">The key that the call names.</param>
    /// <param name="temporaryKeyId">The key that it came under.</param>
    /// <param name="sessionId">The session that it came in.</param>
    /// <param name="messageId">The id that it came under.</param>
    public static bool Proves(AuthBindTempAuthKey call, AuthKey permanent, long temporaryKeyId, long sessionId, long messageId)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(permanent);
        var message = call.EncryptedMessage.AsSpan();
        if (message.Length != OuterSize + PaddedSize || BinaryPrimitives.ReadInt64LittleEndian(message) != permanent.Id)
            return false;

        Span<byte> plain = stackalloc byte[PaddedSize];
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> iv = stackalloc byte[AesIge.IvSize];
        var messageKey = message[8..OuterSize];
        KeyDerivation.Version1(permanent, messageKey, MessageDirection.ClientToServer, key, iv);
        AesIge.Decrypt(key, iv, message[OuterSize..], plain);
        if (!CryptographicOperations.FixedTimeEquals(KeyDerivation.MessageKeyVersion1(plain[..PlainSize]), messageKey))
            return false;

        var expected = new BindAuthKeyInner
        {
            Nonce = call.Nonce,
            TempAuthKeyId = temporaryKeyId,
            PermAuthKeyId = permanent.Id,
            TempSessionId = sessionId,
            ExpiresAt = call.ExpiresAt,
        }.ToBytes();
        return call.PermAuthKeyId == permanent.Id
            && BinaryPrimitives.ReadInt64LittleEndian(plain[16..]) == messageId
            && BinaryPrimitives.ReadInt32LittleEndian(plain[24..]) == 0
            && BinaryPrimitives.ReadInt32LittleEndian(plain[28..]) == InnerSize
            && plain[HeaderSize..PlainSize].SequenceEqual(expected);
    }
}
