using System.Numerics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>
/// What a server says of a cloud password: <c>passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow</c>
/// (core.telegram.org/api/srp).
/// </summary>
public sealed record SrpParameters
{
    private const int Iterations = 100_000;

    /// <summary>All numbers are padded to this many bytes before they are hashed.</summary>
    internal const int NumberSize = 256;

    public required byte[] Salt1 { get; init; }

    public required byte[] Salt2 { get; init; }

    public required int G { get; init; }

    public required byte[] P { get; init; }

    /// <summary>The parameters a simulated server hands out: the known group with fresh salts.</summary>
    public static SrpParameters Create(IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new SrpParameters
        {
            Salt1 = random.NextBytes(40),
            Salt2 = random.NextBytes(16),
            G = DiffieHellmanGroup.Known.Generator,
            P = DiffieHellmanGroup.Known.PrimeBytes,
        };
    }

    /// <summary>v = g^x mod p, 256 bytes: what a server keeps instead of the password. About 50 to 100 ms of processor time.</summary>
    public byte[] ComputeVerifier(ReadOnlySpan<byte> password) =>
        BigEndian.Padded(BigInteger.ModPow(G, BigEndian.Read(PasswordHash(password)), BigEndian.Read(P)), NumberSize);

    /// <summary>x = PH2(password, salt1, salt2)</summary>
    internal byte[] PasswordHash(ReadOnlySpan<byte> password)
    {
        // PH1 = SH(SH(password, salt1), salt2); SH(data, salt) = H(salt | data | salt)
        var ph1 = Salted(Salted(password, Salt1), Salt2);

        // PH2 = SH(pbkdf2(sha512, PH1, salt1, 100000), salt2)
        var stretched = Rfc2898DeriveBytes.Pbkdf2(ph1, Salt1, Iterations, HashAlgorithmName.SHA512, 64);
        return Salted(stretched, Salt2);
    }

    /// <summary>k = H(p | g)</summary>
    internal BigInteger Multiplier() => BigEndian.Read(Hash(PaddedP(), PaddedG()));

    /// <summary>M1 = H(H(p) xor H(g) | H(salt1) | H(salt2) | g_a | g_b | k_a)</summary>
    internal byte[] Proof(byte[] ga, byte[] gb, byte[] ka)
    {
        var mixed = SHA256.HashData(PaddedP());
        var hashOfG = SHA256.HashData(PaddedG());
        for (var i = 0; i < mixed.Length; i++)
            mixed[i] ^= hashOfG[i];
        return Hash(mixed, SHA256.HashData(Salt1), SHA256.HashData(Salt2), ga, gb, ka);
    }

    internal static byte[] Hash(params ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            hash.AppendData(part);
        return hash.GetHashAndReset();
    }

    private static byte[] Salted(ReadOnlySpan<byte> data, byte[] salt)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(salt);
        hash.AppendData(data);
        hash.AppendData(salt);
        return hash.GetHashAndReset();
    }

    private byte[] PaddedP() => BigEndian.Padded(BigEndian.Read(P), NumberSize);

    private byte[] PaddedG() => BigEndian.Padded(G, NumberSize);
}
