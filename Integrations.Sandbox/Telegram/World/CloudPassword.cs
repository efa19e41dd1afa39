using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>A person's second factor: what the server keeps is salts and a verifier (https://core.telegram.org/api/srp).</summary>
internal sealed class CloudPassword
{
    public required byte[] Salt1 { get; init; }

    public required byte[] Salt2 { get; init; }

    /// <summary>g^x mod p, 256 bytes.</summary>
    public required byte[] Verifier { get; init; }

    public string? Hint { get; init; }

    /// <summary>The password itself, kept because this world is a simulation that shows it; null when a client set a new one.</summary>
    public string? Plain { get; init; }

    public static CloudPassword From(string password, byte[] salt1, byte[] salt2, string? hint)
    {
        var x = Srp.ToNumber(Srp.PasswordHash(Encoding.UTF8.GetBytes(password), salt1, salt2));
        return new CloudPassword
        {
            Salt1 = salt1,
            Salt2 = salt2,
            Verifier = Srp.Pad(BigInteger.ModPow(Srp.Generator, x, Srp.Prime)),
            Hint = hint,
            Plain = password,
        };
    }
}

/// <summary>The server's half of one password check: <c>srp_id</c>, the secret b and B.</summary>
internal sealed class SrpChallenge
{
    private readonly BigInteger _secret;

    public SrpChallenge(long id, CloudPassword password, ReadOnlySpan<byte> secret)
    {
        Id = id;
        Password = password;
        _secret = Srp.ToNumber(secret);
        var k = Srp.ToNumber(SHA256.HashData([.. Srp.PrimeBytes, .. Srp.Pad(Srp.Generator)]));
        B = Srp.Pad(((k * Srp.ToNumber(password.Verifier)) + BigInteger.ModPow(Srp.Generator, _secret, Srp.Prime)) % Srp.Prime);
    }

    public long Id { get; }

    /// <summary>The password that this challenge is for; a change since then makes the challenge void.</summary>
    public CloudPassword Password { get; }

    /// <summary>256 bytes.</summary>
    public byte[] B { get; }

    /// <summary>Verifies the client's A and M1; costs some tens of milliseconds of CPU.</summary>
    public bool Verify(ReadOnlySpan<byte> clientA, ReadOnlySpan<byte> clientM1)
    {
        if (clientA.Length > Srp.Size)
            return false;
        var a = Srp.ToNumber(clientA);
        if (a <= BigInteger.One || a >= Srp.Prime - BigInteger.One)
            return false;
        var paddedA = Srp.Pad(a);
        var u = Srp.ToNumber(SHA256.HashData([.. paddedA, .. B]));
        var verifier = Srp.ToNumber(Password.Verifier);
        var s = BigInteger.ModPow(a * BigInteger.ModPow(verifier, u, Srp.Prime) % Srp.Prime, _secret, Srp.Prime);
        var key = SHA256.HashData(Srp.Pad(s));

        var hashP = SHA256.HashData(Srp.PrimeBytes);
        var hashG = SHA256.HashData(Srp.Pad(Srp.Generator));
        for (var i = 0; i < hashP.Length; i++)
            hashP[i] ^= hashG[i];
        var m1 = SHA256.HashData([
            .. hashP, .. SHA256.HashData(Password.Salt1), .. SHA256.HashData(Password.Salt2), .. paddedA, .. B, .. key,
        ]);
        return CryptographicOperations.FixedTimeEquals(m1, clientM1);
    }
}

/// <summary>Constants and hashes of the password protocol.</summary>
internal static class Srp
{
    /// <summary>Bytes of every number in a hash.</summary>
    public const int Size = 256;

    private const string PrimeHex =
        "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37" +
        "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4" +
        "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4" +
        "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B";

    /// <summary>The 2048-bit safe prime that Telegram uses everywhere.</summary>
    public static byte[] PrimeBytes { get; } = Convert.FromHexString(PrimeHex);

    public static BigInteger Prime { get; } = ToNumber(PrimeBytes);

    public static BigInteger Generator { get; } = new(3);

    public static BigInteger ToNumber(ReadOnlySpan<byte> bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    public static byte[] Pad(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        if (bytes.Length == Size)
            return bytes;
        var padded = new byte[Size];
        bytes.CopyTo(padded, Size - bytes.Length);
        return padded;
    }

    /// <summary>PH2 of the protocol page: x as 32 bytes.</summary>
    public static byte[] PasswordHash(ReadOnlySpan<byte> password, byte[] salt1, byte[] salt2)
    {
        var first = Salted(Salted(password, salt1), salt2);
        var stretched = Rfc2898DeriveBytes.Pbkdf2(first, salt1, 100_000, HashAlgorithmName.SHA512, 64);
        return Salted(stretched, salt2);
    }

    private static byte[] Salted(ReadOnlySpan<byte> data, byte[] salt) => SHA256.HashData([.. salt, .. data, .. salt]);
}
