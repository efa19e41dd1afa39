using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>RSA_PAD, the OAEP-like padding of the current handshake (core.telegram.org/mtproto/auth_key, step 4.1).</summary>
internal static class RsaPad
{
    /// <summary>The longest data that fits.</summary>
    public const int MaxDataSize = 144;

    private const int PaddedSize = 192;
    private const int TempKeySize = 32;

    public static byte[] Encrypt(ReadOnlySpan<byte> data, RsaPublicKey key, IRandomSource random)
    {
        if (data.Length > MaxDataSize)
            throw new ArgumentException($"The data is {data.Length} bytes long and {MaxDataSize} fit.", nameof(data));

        // data_with_padding := data + random_padding_bytes, 192 bytes
        Span<byte> dataWithPadding = stackalloc byte[PaddedSize];
        data.CopyTo(dataWithPadding);
        random.Fill(dataWithPadding[data.Length..]);

        Span<byte> block = stackalloc byte[RsaPublicKey.Size];
        Span<byte> dataWithHash = stackalloc byte[PaddedSize + SHA256.HashSizeInBytes];
        Span<byte> hashInput = stackalloc byte[TempKeySize + PaddedSize];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> zeroIv = stackalloc byte[AesIge.IvSize];
        do
        {
            // a random 32-byte temp_key is generated
            var tempKey = hashInput[..TempKeySize];
            random.Fill(tempKey);

            // data_with_hash := BYTE_REVERSE(data_with_padding) + SHA256(temp_key + data_with_padding)
            dataWithPadding.CopyTo(hashInput[TempKeySize..]);
            dataWithPadding.CopyTo(dataWithHash);
            dataWithHash[..PaddedSize].Reverse();
            SHA256.HashData(hashInput, dataWithHash[PaddedSize..]);

            // aes_encrypted := AES256_IGE(data_with_hash, temp_key, 0)
            var aesEncrypted = block[TempKeySize..];
            AesIge.Encrypt(tempKey, zeroIv, dataWithHash, aesEncrypted);

            // key_aes_encrypted := (temp_key XOR SHA256(aes_encrypted)) + aes_encrypted
            SHA256.HashData(aesEncrypted, hash);
            for (var i = 0; i < TempKeySize; i++)
                block[i] = (byte)(tempKey[i] ^ hash[i]);

            // a value not below the modulus is thrown away, and a new temp_key taken
        }
        while (!key.Accepts(block));

        return key.Apply(block);
    }

    /// <summary>Returns the 192 bytes of data with padding, or null when the block was not made with this padding.</summary>
    public static byte[]? TryDecrypt(ReadOnlySpan<byte> encrypted, RsaPrivateKey key)
    {
        if (encrypted.Length != RsaPublicKey.Size || !key.Public.Accepts(encrypted))
            return null;

        ReadOnlySpan<byte> block = key.Apply(encrypted);
        var aesEncrypted = block[TempKeySize..];
        Span<byte> tempKey = stackalloc byte[TempKeySize];
        SHA256.HashData(aesEncrypted, tempKey);
        for (var i = 0; i < TempKeySize; i++)
            tempKey[i] ^= block[i];

        Span<byte> dataWithHash = stackalloc byte[PaddedSize + SHA256.HashSizeInBytes];
        Span<byte> zeroIv = stackalloc byte[AesIge.IvSize];
        AesIge.Decrypt(tempKey, zeroIv, aesEncrypted, dataWithHash);
        var dataWithPadding = dataWithHash[..PaddedSize].ToArray();
        Array.Reverse(dataWithPadding);

        Span<byte> hashInput = stackalloc byte[TempKeySize + PaddedSize];
        tempKey.CopyTo(hashInput);
        dataWithPadding.CopyTo(hashInput[TempKeySize..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(hashInput, hash);
        return CryptographicOperations.FixedTimeEquals(hash, dataWithHash[PaddedSize..]) ? dataWithPadding : null;
    }
}
