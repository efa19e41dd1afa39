using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>AES keys and IVs from an authorisation key and a message key, or from the nonces of a handshake.</summary>
internal static class KeyDerivation
{
    /// <summary>Length of a derived AES key in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Length of msg_key in bytes.</summary>
    public const int MessageKeySize = 16;

    /// <summary>The MTProto 2.0 derivation (core.telegram.org/mtproto/description, "Defining AES Key and Initialization Vector").</summary>
    public static void Version2(AuthKey authKey, ReadOnlySpan<byte> messageKey, MessageDirection direction, Span<byte> key, Span<byte> iv)
    {
        var x = Offset(direction);
        var secret = authKey.Bytes;
        Span<byte> input = stackalloc byte[MessageKeySize + 36];
        Span<byte> a = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> b = stackalloc byte[SHA256.HashSizeInBytes];

        // sha256_a = SHA256(msg_key + substr(auth_key, x, 36))
        messageKey.CopyTo(input);
        secret.Slice(x, 36).CopyTo(input[MessageKeySize..]);
        SHA256.HashData(input, a);

        // sha256_b = SHA256(substr(auth_key, 40 + x, 36) + msg_key)
        secret.Slice(40 + x, 36).CopyTo(input);
        messageKey.CopyTo(input[36..]);
        SHA256.HashData(input, b);

        // aes_key = substr(sha256_a, 0, 8) + substr(sha256_b, 8, 16) + substr(sha256_a, 24, 8)
        a[..8].CopyTo(key);
        b[8..24].CopyTo(key[8..]);
        a[24..].CopyTo(key[24..]);

        // aes_iv = substr(sha256_b, 0, 8) + substr(sha256_a, 8, 16) + substr(sha256_b, 24, 8)
        b[..8].CopyTo(iv);
        a[8..24].CopyTo(iv[8..]);
        b[24..].CopyTo(iv[24..]);
    }

    /// <summary>The MTProto 1.0 derivation; still the envelope of auth.bindTempAuthKey (core.telegram.org/mtproto/description_v1).</summary>
    public static void Version1(AuthKey authKey, ReadOnlySpan<byte> messageKey, MessageDirection direction, Span<byte> key, Span<byte> iv)
    {
        var x = Offset(direction);
        var secret = authKey.Bytes;
        Span<byte> input = stackalloc byte[MessageKeySize + 32];
        Span<byte> a = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> b = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> c = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> d = stackalloc byte[SHA1.HashSizeInBytes];

        // sha1_a = SHA1(msg_key + substr(auth_key, x, 32))
        messageKey.CopyTo(input);
        secret.Slice(x, 32).CopyTo(input[16..]);
        SHA1.HashData(input, a);

        // sha1_b = SHA1(substr(auth_key, 32 + x, 16) + msg_key + substr(auth_key, 48 + x, 16))
        secret.Slice(32 + x, 16).CopyTo(input);
        messageKey.CopyTo(input[16..]);
        secret.Slice(48 + x, 16).CopyTo(input[32..]);
        SHA1.HashData(input, b);

        // sha1_c = SHA1(substr(auth_key, 64 + x, 32) + msg_key)
        secret.Slice(64 + x, 32).CopyTo(input);
        messageKey.CopyTo(input[32..]);
        SHA1.HashData(input, c);

        // sha1_d = SHA1(msg_key + substr(auth_key, 96 + x, 32))
        messageKey.CopyTo(input);
        secret.Slice(96 + x, 32).CopyTo(input[16..]);
        SHA1.HashData(input, d);

        // aes_key = substr(sha1_a, 0, 8) + substr(sha1_b, 8, 12) + substr(sha1_c, 4, 12)
        a[..8].CopyTo(key);
        b[8..].CopyTo(key[8..]);
        c[4..16].CopyTo(key[20..]);

        // aes_iv = substr(sha1_a, 8, 12) + substr(sha1_b, 0, 8) + substr(sha1_c, 16, 4) + substr(sha1_d, 0, 8)
        a[8..].CopyTo(iv);
        b[..8].CopyTo(iv[12..]);
        c[16..].CopyTo(iv[20..]);
        d[..8].CopyTo(iv[24..]);
    }

    /// <summary>msg_key of MTProto 1.0: the lower 128 bits of SHA1(plaintext).</summary>
    public static byte[] MessageKeyVersion1(ReadOnlySpan<byte> plaintext)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(plaintext, hash);
        return hash[4..].ToArray();
    }

    /// <summary>tmp_aes_key and tmp_aes_iv of the handshake (core.telegram.org/mtproto/auth_key, step 6).</summary>
    /// <remarks>The nonces are byte strings of fixed length: read as numbers they would lose leading zeros and break one handshake in 128.</remarks>
    public static void FromNonces(ReadOnlySpan<byte> newNonce, ReadOnlySpan<byte> serverNonce, Span<byte> key, Span<byte> iv)
    {
        Span<byte> newServer = stackalloc byte[32 + 16];
        newNonce.CopyTo(newServer);
        serverNonce.CopyTo(newServer[32..]);
        Span<byte> serverNew = stackalloc byte[16 + 32];
        serverNonce.CopyTo(serverNew);
        newNonce.CopyTo(serverNew[16..]);
        Span<byte> newNew = stackalloc byte[32 + 32];
        newNonce.CopyTo(newNew);
        newNonce.CopyTo(newNew[32..]);

        Span<byte> a = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> b = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> c = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(newServer, a);
        SHA1.HashData(serverNew, b);
        SHA1.HashData(newNew, c);

        // tmp_aes_key = SHA1(new_nonce + server_nonce) + substr(SHA1(server_nonce + new_nonce), 0, 12)
        a.CopyTo(key);
        b[..12].CopyTo(key[20..]);

        // tmp_aes_iv = substr(SHA1(server_nonce + new_nonce), 12, 8) + SHA1(new_nonce + new_nonce) + substr(new_nonce, 0, 4)
        b[12..].CopyTo(iv);
        c.CopyTo(iv[8..]);
        newNonce[..4].CopyTo(iv[28..]);
    }

    private static int Offset(MessageDirection direction) => direction switch
    {
        MessageDirection.ClientToServer => 0,
        MessageDirection.ServerToClient => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(direction), direction, "Not a direction."),
    };
}
