using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Integrations.Core.Secrets;

/// <summary>
/// A ciphertext: format (1 byte), scheme (1), data key version (4, big-endian), nonce (12), tag (16), then as many bytes as the clear text has.
/// </summary>
/// <remarks>
/// The associated data is the header up to the key version and the address, so neither can be changed. Nonces are random: a data key
/// seals for a week, far from the 2^32 messages at which random 96-bit nonces become a risk (NIST SP 800-38D, 8.3).
/// </remarks>
internal static class SealedSecret
{
    public const byte Format = 1;
    /// <summary>By a data key of the tenant, whoever has wrapped that.</summary>
    public const byte Envelope = 1;

    private const int HeaderLength = 6;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int Overhead = HeaderLength + NonceLength + TagLength;

    public static byte[] Seal(ReadOnlySpan<byte> key, byte scheme, int version, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> clear)
    {
        var sealed_ = new byte[Overhead + clear.Length];
        sealed_[0] = Format;
        sealed_[1] = scheme;
        BinaryPrimitives.WriteInt32BigEndian(sealed_.AsSpan(2), version);
        var nonce = sealed_.AsSpan(HeaderLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, clear, sealed_.AsSpan(Overhead), sealed_.AsSpan(HeaderLength + NonceLength, TagLength), Bind(sealed_, associated));
        return sealed_;
    }

    /// <summary>False when this is no ciphertext of ours at all.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> sealed_, out byte scheme, out int version)
    {
        (scheme, version) = (0, 0);
        if (sealed_.Length < Overhead || sealed_[0] != Format)
            return false;

        scheme = sealed_[1];
        version = BinaryPrimitives.ReadInt32BigEndian(sealed_[2..]);
        return version > 0;
    }

    /// <exception cref="CryptographicException">Another key, another address, or a changed byte.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealed_)
    {
        var clear = new byte[sealed_.Length - Overhead];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            sealed_.Slice(HeaderLength, NonceLength), sealed_[Overhead..], sealed_.Slice(HeaderLength + NonceLength, TagLength), clear, Bind(sealed_, associated));
        return clear;
    }

    private static byte[] Bind(ReadOnlySpan<byte> sealed_, ReadOnlySpan<byte> associated) => [.. sealed_[..HeaderLength], .. associated];
}
