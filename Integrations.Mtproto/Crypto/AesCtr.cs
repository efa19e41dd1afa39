using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>AES-CTR whose keystream runs on for the life of one direction of a connection (transport obfuscation).</summary>
internal sealed class AesCtr : IDisposable
{
    private const int BlockSize = 16;
    private const int BlocksPerCall = 32;

    private readonly Aes _aes;
    private readonly byte[] _counter;

    /// <summary>Keystream of the current block; the part from <see cref="_used"/> on is still to be spent.</summary>
    private readonly byte[] _keystream = new byte[BlockSize];
    private int _used = BlockSize;

    public AesCtr(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv)
    {
        if (iv.Length != BlockSize)
            throw new ArgumentException($"The IV is {iv.Length} bytes long, not {BlockSize}.", nameof(iv));

        _aes = Aes.Create();
        _aes.SetKey(key);
        _counter = iv.ToArray();
    }

    /// <summary>Encrypts or decrypts <paramref name="data"/> in place and moves the keystream by its length.</summary>
    public void Process(Span<byte> data)
    {
        while (!data.IsEmpty && _used < BlockSize)
        {
            data[0] ^= _keystream[_used++];
            data = data[1..];
        }

        Span<byte> stream = stackalloc byte[BlocksPerCall * BlockSize];
        while (data.Length >= BlockSize)
        {
            var chunk = Math.Min(data.Length / BlockSize, BlocksPerCall) * BlockSize;
            FillKeystream(stream[..chunk]);
            for (var i = 0; i < chunk; i++)
                data[i] ^= stream[i];
            data = data[chunk..];
        }

        if (data.IsEmpty)
            return;

        FillKeystream(_keystream);
        _used = 0;
        for (var i = 0; i < data.Length; i++)
            data[i] ^= _keystream[_used++];
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_keystream);
        _aes.Dispose();
    }

    private void FillKeystream(Span<byte> stream)
    {
        for (var offset = 0; offset < stream.Length; offset += BlockSize)
        {
            _counter.CopyTo(stream[offset..]);
            for (var i = BlockSize - 1; i >= 0 && ++_counter[i] == 0; i--)
            {
                // The carry goes on to the next byte: the counter is one 128-bit big-endian number.
            }
        }

        _aes.EncryptEcb(stream, stream, PaddingMode.None);
    }
}
