using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>AES-256-IGE by the processor's own instructions, without an allocation.</summary>
/// <remarks>
/// Each block waits for the one before it, so the time of a block is the time that one block takes to pass all rounds; everything else is
/// kept off that path. With x[i] = p[i] ^ c[i-1] ^ k0, what the first round gets, the definition c[i] = E(p[i] ^ c[i-1]) ^ p[i-1] becomes
/// x[i+1] = rounds(x[i]) ^ (k14 ^ k0 ^ p[i+1] ^ p[i-1]): the last round itself adds the bracket, which is ready long before. Then
/// c[i] = x[i+1] ^ k0 ^ p[i+1]. Decryption is the same chain with plaintext and ciphertext exchanged.
/// </remarks>
internal static class AesIgeChain<TRounds>
    where TRounds : struct, IAesRounds
{
    private const int BlockSize = 16;
    private const int KeyWords = 8;
    private const int RoundKeys = 15;

    public static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        Span<Vector128<byte>> keys = stackalloc Vector128<byte>[RoundKeys];
        Expand(key, keys);
        Run<Forward>(keys, plaintext, ciphertext, Vector128.Create(iv[..BlockSize]), Vector128.Create(iv[BlockSize..]));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(keys));
    }

    public static void Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        Span<Vector128<byte>> keys = stackalloc Vector128<byte>[RoundKeys];
        Expand(key, keys);
        keys.Reverse();
        for (var i = 1; i < RoundKeys - 1; i++)
            keys[i] = TRounds.InverseMixColumns(keys[i]);
        Run<Backward>(keys, ciphertext, plaintext, Vector128.Create(iv[BlockSize..]), Vector128.Create(iv[..BlockSize]));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(keys));
    }

    private static void Run<TStep>(
        ReadOnlySpan<Vector128<byte>> keys, ReadOnlySpan<byte> source, Span<byte> target, Vector128<byte> previousTarget, Vector128<byte> previousSource)
        where TStep : struct, IStep
    {
        if (source.IsEmpty)
            return;
        ref var k = ref MemoryMarshal.GetReference(keys);
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(target);
        var first = k;
        var last = Unsafe.Add(ref k, RoundKeys - 1) ^ first;
        var current = Vector128.LoadUnsafe(ref from);
        var state = current ^ previousTarget ^ first;
        var end = source.Length - BlockSize;
        nuint offset = 0;
        for (; offset < (nuint)end; offset += BlockSize)
        {
            var next = Vector128.LoadUnsafe(ref from, offset + BlockSize);
            state = TStep.Last(Rounds<TStep>(state, ref k), last ^ next ^ previousSource);
            (state ^ first ^ next).StoreUnsafe(ref to, offset);
            (previousSource, current) = (current, next);
        }

        TStep.Last(Rounds<TStep>(state, ref k), Unsafe.Add(ref k, RoundKeys - 1) ^ previousSource).StoreUnsafe(ref to, offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Rounds<TStep>(Vector128<byte> state, ref Vector128<byte> k)
        where TStep : struct, IStep
    {
        state = TStep.Next(state, Unsafe.Add(ref k, 1));
        state = TStep.Next(state, Unsafe.Add(ref k, 2));
        state = TStep.Next(state, Unsafe.Add(ref k, 3));
        state = TStep.Next(state, Unsafe.Add(ref k, 4));
        state = TStep.Next(state, Unsafe.Add(ref k, 5));
        state = TStep.Next(state, Unsafe.Add(ref k, 6));
        state = TStep.Next(state, Unsafe.Add(ref k, 7));
        state = TStep.Next(state, Unsafe.Add(ref k, 8));
        state = TStep.Next(state, Unsafe.Add(ref k, 9));
        state = TStep.Next(state, Unsafe.Add(ref k, 10));
        state = TStep.Next(state, Unsafe.Add(ref k, 11));
        state = TStep.Next(state, Unsafe.Add(ref k, 12));
        return TStep.Next(state, Unsafe.Add(ref k, 13));
    }

    // FIPS 197, 5.2, for keys of eight words. The words are little-endian here, so that RotWord turns them to the right.
    private static void Expand(ReadOnlySpan<byte> key, Span<Vector128<byte>> keys)
    {
        var words = MemoryMarshal.Cast<Vector128<byte>, uint>(keys);
        MemoryMarshal.Cast<byte, uint>(key).CopyTo(words);
        var rcon = 1u;
        for (var i = KeyWords; i < words.Length; i++)
        {
            var word = words[i - 1];
            if (i % KeyWords == 0)
            {
                word = uint.RotateRight(TRounds.SubWord(word), 8) ^ rcon;
                rcon <<= 1;
            }
            else if (i % KeyWords == 4)
            {
                word = TRounds.SubWord(word);
            }

            words[i] = words[i - KeyWords] ^ word;
        }
    }

    private interface IStep
    {
        static abstract Vector128<byte> Next(Vector128<byte> state, Vector128<byte> key);

        static abstract Vector128<byte> Last(Vector128<byte> state, Vector128<byte> key);
    }

    private readonly struct Forward : IStep
    {
        public static Vector128<byte> Next(Vector128<byte> state, Vector128<byte> key) => TRounds.Round(state, key);

        public static Vector128<byte> Last(Vector128<byte> state, Vector128<byte> key) => TRounds.LastRound(state, key);
    }

    private readonly struct Backward : IStep
    {
        public static Vector128<byte> Next(Vector128<byte> state, Vector128<byte> key) => TRounds.InverseRound(state, key);

        public static Vector128<byte> Last(Vector128<byte> state, Vector128<byte> key) => TRounds.LastInverseRound(state, key);
    }
}
