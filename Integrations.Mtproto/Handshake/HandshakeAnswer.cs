using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Handshake;

/// <summary>The inner envelope of both Diffie-Hellman halves: <c>AES256_IGE(SHA1(data) + data + (0-15 random bytes))</c>.</summary>
internal static class HandshakeAnswer
{
    private const int HashSize = SHA1.HashSizeInBytes;

    /// <summary>Both halves are under 700 bytes; what is far longer is not worth decrypting.</summary>
    private const int MaxSize = 2048;

    public static byte[] Seal(TlObject data, ReadOnlySpan<byte> newNonce, ReadOnlySpan<byte> serverNonce, IRandomSource random)
    {
        var bytes = data.ToBytes();
        var plaintext = new byte[(HashSize + bytes.Length + 15) / 16 * 16];
        SHA1.HashData(bytes, plaintext);
        bytes.CopyTo(plaintext.AsSpan(HashSize));
        random.Fill(plaintext.AsSpan(HashSize + bytes.Length));

        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> iv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.FromNonces(newNonce, serverNonce, key, iv);
        var encrypted = new byte[plaintext.Length];
        AesIge.Encrypt(key, iv, plaintext, encrypted);
        CryptographicOperations.ZeroMemory(plaintext);
        CryptographicOperations.ZeroMemory(key);
        return encrypted;
    }

    /// <summary>Null when the length, the hash or the padding is not right, or the data is not a <typeparamref name="T"/>.</summary>
    public static T? TryOpen<T>(ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> newNonce, ReadOnlySpan<byte> serverNonce)
        where T : TlObject
    {
        if (encrypted.Length % 16 != 0 || encrypted.Length is < 48 or > MaxSize)
            return null;

        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> iv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.FromNonces(newNonce, serverNonce, key, iv);
        var plaintext = new byte[encrypted.Length];
        AesIge.Decrypt(key, iv, encrypted, plaintext);
        CryptographicOperations.ZeroMemory(key);

        // The length of the data is not written anywhere: it is what the parser took.
        T value;
        var reader = new TlReader(plaintext.AsSpan(HashSize));
        try
        {
            value = reader.ReadObject<T>();
        }
        catch (TlException)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[HashSize];
        SHA1.HashData(plaintext.AsSpan(HashSize, reader.Position), hash);
        var genuine = CryptographicOperations.FixedTimeEquals(hash, plaintext.AsSpan(0, HashSize));
        return genuine && reader.Remaining < 16 ? value : null;
    }

    public static long FirstSalt(ReadOnlySpan<byte> newNonce, ReadOnlySpan<byte> serverNonce) =>
        BinaryPrimitives.ReadInt64LittleEndian(newNonce) ^ BinaryPrimitives.ReadInt64LittleEndian(serverNonce);
}
