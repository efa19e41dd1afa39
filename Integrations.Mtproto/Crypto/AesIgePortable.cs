using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>IGE over the platform's AES, for processors without instructions that we know, and for keys of other lengths.</summary>
internal static class AesIgePortable
{
    private const int BlockSize = 16;

    public static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        if (plaintext.IsEmpty)
            return;

        // Put y[i] = c[i] ^ p[i-1] into the definition and it becomes y[i] = E((p[i] ^ p[i-2]) ^ y[i-1]): plain CBC over the
        // stream p[i] ^ p[i-2], so the platform's CBC does the whole message in one call instead of one call for each block.
        var length = plaintext.Length;
        var staged = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var x = staged.AsSpan(0, length);
            plaintext[..BlockSize].CopyTo(x);
            if (length > BlockSize)
                Xor(plaintext[BlockSize..(2 * BlockSize)], iv[BlockSize..], x[BlockSize..(2 * BlockSize)]);
            if (length > 2 * BlockSize)
                Xor(plaintext[(2 * BlockSize)..], plaintext[..^(2 * BlockSize)], x[(2 * BlockSize)..]);

            using var aes = Aes.Create();
            aes.SetKey(key);
            aes.EncryptCbc(x, iv[..BlockSize], ciphertext, PaddingMode.None);

            Xor(ciphertext[..BlockSize], iv[BlockSize..], ciphertext[..BlockSize]);
            Xor(ciphertext[BlockSize..length], plaintext[..^BlockSize], ciphertext[BlockSize..length]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(staged.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(staged);
        }
    }

    public static void Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        // p[i] = D(c[i] ^ p[i-1]) ^ c[i-1]. Each block needs the one before it, and no platform mode chains the *decrypting*
        // permutation, so this goes block by block through one transform that keeps its key schedule.
        using var aes = Aes.Create();
        aes.SetKey(key);
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        using var block = aes.CreateDecryptor();

        var buffer = new byte[BlockSize];
        var previousCipher = iv[..BlockSize];
        var previousPlain = iv[BlockSize..];
        for (var offset = 0; offset < ciphertext.Length; offset += BlockSize)
        {
            var cipher = ciphertext.Slice(offset, BlockSize);
            var plain = plaintext.Slice(offset, BlockSize);
            Xor(cipher, previousPlain, buffer);
            block.TransformBlock(buffer, 0, BlockSize, buffer, 0);
            Xor(buffer, previousCipher, plain);
            previousCipher = cipher;
            previousPlain = plain;
        }
    }

    private static void Xor(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result)
    {
        var width = Vector<byte>.Count;
        var i = 0;
        for (; i + width <= result.Length; i += width)
            (new Vector<byte>(left[i..]) ^ new Vector<byte>(right[i..])).CopyTo(result[i..]);
        for (; i + sizeof(ulong) <= result.Length; i += sizeof(ulong))
        {
            var mixed = MemoryMarshal.Read<ulong>(left[i..]) ^ MemoryMarshal.Read<ulong>(right[i..]);
            MemoryMarshal.Write(result[i..], in mixed);
        }

        for (; i < result.Length; i++)
            result[i] = (byte)(left[i] ^ right[i]);
    }
}
