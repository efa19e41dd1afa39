using System.Numerics;

namespace Integrations.Mtproto.Crypto;

/// <summary>A prime and generator that have passed the checks of core.telegram.org/mtproto/security_guidelines.</summary>
internal sealed class DiffieHellmanGroup
{
    private const int PrimeBits = 2048;

    /// <summary>2^(2048-64): how far public values must stay from both ends of the group.</summary>
    private static readonly BigInteger Margin = BigInteger.One << (PrimeBits - 64);

    private DiffieHellmanGroup(BigInteger prime, int generator, byte[] primeBytes)
    {
        Prime = prime;
        Generator = generator;
        PrimeBytes = primeBytes;
    }

    public BigInteger Prime { get; }

    public int Generator { get; }

    public byte[] PrimeBytes { get; }

    /// <summary>The group that Telegram's servers use: the known prime and g = 3.</summary>
    public static DiffieHellmanGroup Known { get; } = new(BigEndian.Read(SafePrimes.Known), 3, SafePrimes.Known);

    /// <summary>Null when the prime is not a 2048-bit safe prime or g does not generate the subgroup of prime order.</summary>
    public static DiffieHellmanGroup? TryCreate(ReadOnlySpan<byte> prime, int generator)
    {
        // 2^2047 < dh_prime < 2^2048
        if (prime.Length != PrimeBits / 8 || prime[0] < 0x80)
            return null;

        var p = BigEndian.Read(prime);
        return IsGoodGenerator(p, generator) && SafePrimes.IsSafePrime(prime) ? new DiffieHellmanGroup(p, generator, prime.ToArray()) : null;
    }

    /// <summary>g generates the cyclic subgroup of prime order (p - 1) / 2, that is, g is a quadratic residue modulo p.</summary>
    internal static bool IsGoodGenerator(BigInteger p, int generator) => generator switch
    {
        2 => p % 8 == 7,
        3 => p % 3 == 2,
        4 => true,
        5 => (int)(p % 5) is 1 or 4,
        6 => (int)(p % 24) is 19 or 23,
        7 => (int)(p % 7) is 3 or 5 or 6,
        _ => false,
    };

    /// <summary>1 &lt; value &lt; p - 1, and 2^(2048-64) &lt;= value &lt;= p - 2^(2048-64).</summary>
    public bool IsGoodPublicValue(BigInteger value) =>
        value > BigInteger.One && value < Prime - 1 && value >= Margin && value <= Prime - Margin;

    public BigInteger PublicValue(BigInteger secret) => BigInteger.ModPow(Generator, secret, Prime);

    public BigInteger Power(BigInteger value, BigInteger secret) => BigInteger.ModPow(value, secret, Prime);
}
