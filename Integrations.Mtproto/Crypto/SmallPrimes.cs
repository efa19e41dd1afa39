namespace Integrations.Mtproto.Crypto;

/// <summary>Primality of 64-bit numbers, exactly.</summary>
internal static class SmallPrimes
{
    // Sufficient as Miller-Rabin bases for every number below 2^64 (Sorenson and Webster, 2015).
    private static readonly ulong[] Bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

    public static bool IsPrime(ulong n)
    {
        if (n < 2)
            return false;
        foreach (var b in Bases)
        {
            if (n % b == 0)
                return n == b;
        }

        var odd = n - 1;
        var twos = System.Numerics.BitOperations.TrailingZeroCount(odd);
        odd >>= twos;
        foreach (var b in Bases)
        {
            if (!Passes(n, b, odd, twos))
                return false;
        }

        return true;
    }

    private static bool Passes(ulong n, ulong b, ulong odd, int twos)
    {
        var x = Power(b, odd, n);
        if (x == 1 || x == n - 1)
            return true;
        for (var i = 1; i < twos; i++)
        {
            x = Multiply(x, x, n);
            if (x == n - 1)
                return true;
        }

        return false;
    }

    private static ulong Power(ulong value, ulong exponent, ulong n)
    {
        ulong result = 1;
        for (value %= n; exponent != 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                result = Multiply(result, value, n);
            value = Multiply(value, value, n);
        }

        return result;
    }

    private static ulong Multiply(ulong a, ulong b, ulong n) => (ulong)((UInt128)a * b % n);
}
