using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>The padding before RSA_PAD: <c>SHA1(data) + data + random bytes</c>, 255 bytes in all. Some clients still send it.</summary>
internal static class RsaLegacyPadding
{
    private const int BlockSize = 255;

    /// <summary>The longest data that fits.</summary>
    public const int MaxDataSize = BlockSize - SHA1.HashSizeInBytes;

    public static byte[] Encrypt(ReadOnlySpan<byte> data, RsaPublicKey key, IRandomSource random)
    {
        if (data.Length > MaxDataSize)
            throw new ArgumentException($"The data is {data.Length} bytes long and {MaxDataSize} fit.", nameof(data));

        Span<byte> block = stackalloc byte[BlockSize];
        SHA1.HashData(data, block);
        data.CopyTo(block[SHA1.HashSizeInBytes..]);
        random.Fill(block[(SHA1.HashSizeInBytes + data.Length)..]);
        return key.Apply(block);
    }

    /// <summary>Returns what stands after the hash, data and padding together, or null when the block cannot be of this padding.</summary>
    /// <remarks>The length of the data is not in the block: the caller parses it and then asks <see cref="Matches"/>.</remarks>
    public static byte[]? TryDecrypt(ReadOnlySpan<byte> encrypted, RsaPrivateKey key, out byte[] hash)
    {
        hash = [];
        if (encrypted.Length != RsaPublicKey.Size || !key.Public.Accepts(encrypted))
            return null;

        var block = key.Apply(encrypted);
        if (block[0] != 0)
            return null;

        hash = block[1..(1 + SHA1.HashSizeInBytes)];
        return block[(1 + SHA1.HashSizeInBytes)..];
    }

    public static bool Matches(ReadOnlySpan<byte> data, ReadOnlySpan<byte> hash)
    {
        Span<byte> computed = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(data, computed);
        return CryptographicOperations.FixedTimeEquals(computed, hash);
    }
}
