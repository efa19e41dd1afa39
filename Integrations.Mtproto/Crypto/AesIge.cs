namespace Integrations.Mtproto.Crypto;

/// <summary>AES in Infinite Garble Extension mode, as MTProto uses it: a 32-byte IV, no padding of its own.</summary>
/// <remarks>
/// c[i] = E(p[i] ^ c[i-1]) ^ p[i-1], with c[0] the first and p[0] the second half of the IV
/// (core.telegram.org/mtproto/description, "Infinite Garble Extension").
/// </remarks>
internal static class AesIge
{
    private const int BlockSize = 16;
    private const int KeySize = 32;

    /// <summary>Length of the initialisation vector in bytes.</summary>
    public const int IvSize = 2 * BlockSize;

    /// <summary>Encrypts <paramref name="plaintext"/>, whose length is a multiple of 16; the spans must not overlap.</summary>
    public static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        CheckSizes(iv, plaintext, ciphertext);
        if (key.Length == KeySize && X86Rounds.IsSupported)
            AesIgeChain<X86Rounds>.Encrypt(key, iv, plaintext, ciphertext);
        else if (key.Length == KeySize && ArmRounds.IsSupported)
            AesIgeChain<ArmRounds>.Encrypt(key, iv, plaintext, ciphertext);
        else
            AesIgePortable.Encrypt(key, iv, plaintext, ciphertext);
    }

    /// <summary>Decrypts <paramref name="ciphertext"/>, whose length is a multiple of 16; the spans must not overlap.</summary>
    public static void Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        CheckSizes(iv, ciphertext, plaintext);
        if (key.Length == KeySize && X86Rounds.IsSupported)
            AesIgeChain<X86Rounds>.Decrypt(key, iv, ciphertext, plaintext);
        else if (key.Length == KeySize && ArmRounds.IsSupported)
            AesIgeChain<ArmRounds>.Decrypt(key, iv, ciphertext, plaintext);
        else
            AesIgePortable.Decrypt(key, iv, ciphertext, plaintext);
    }

    private static void CheckSizes(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (iv.Length != IvSize)
            throw new ArgumentException($"The IV is {iv.Length} bytes long, not {IvSize}.", nameof(iv));
        if (source.Length % BlockSize != 0)
            throw new ArgumentException($"The input is {source.Length} bytes long, not a multiple of {BlockSize}.", nameof(source));
        if (destination.Length < source.Length)
            throw new ArgumentException($"The output holds {destination.Length} of {source.Length} bytes.", nameof(destination));
    }
}
