using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>A 2048-bit authorisation key shared by one client and one data centre.</summary>
/// <remarks>
/// Whoever holds it is the account. It has no textual form on purpose; <see cref="Id"/> is what may be logged.
/// </remarks>
public sealed class AuthKey
{
    /// <summary>Length of a key in bytes.</summary>
    public const int Size = 256;

    private readonly byte[] _key;

    /// <param name="key">Exactly 256 bytes, left-padded with zeros when the number is shorter; copied.</param>
    public AuthKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
            throw new ArgumentException($"An authorisation key is {Size} bytes long, not {key.Length}.", nameof(key));

        _key = key.ToArray();

        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(_key, hash);
        AuxHash = BinaryPrimitives.ReadInt64LittleEndian(hash);
        Id = BinaryPrimitives.ReadInt64LittleEndian(hash[12..]);
    }

    /// <summary>auth_key_id: the lower 64 bits of SHA1(key), as the envelope carries it.</summary>
    public long Id { get; }

    /// <summary>auth_key_aux_hash: the higher 64 bits of SHA1(key); becomes retry_id when the server asks for another g_b.</summary>
    public long AuxHash { get; }

    internal ReadOnlySpan<byte> Bytes => _key;

    /// <summary>A copy of the secret, for the one place that seals and stores it.</summary>
    public byte[] Export() => _key.AsSpan().ToArray();

    /// <summary>Empties the memory of a key that is of no further use; nothing may be sealed or opened with it afterwards.</summary>
    internal void Clear() => CryptographicOperations.ZeroMemory(_key);

    /// <summary>new_nonce_hash{1,2,3}: the lower 128 bits of SHA1(new_nonce + number + auth_key_aux_hash).</summary>
    internal byte[] NewNonceHash(ReadOnlySpan<byte> newNonce, byte number)
    {
        Span<byte> input = stackalloc byte[32 + 1 + 8];
        newNonce.CopyTo(input);
        input[32] = number;
        BinaryPrimitives.WriteInt64LittleEndian(input[33..], AuxHash);

        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(input, hash);
        return hash[4..].ToArray();
    }
}
