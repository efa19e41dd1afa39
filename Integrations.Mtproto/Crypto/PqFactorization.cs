using System.Numerics;

namespace Integrations.Mtproto.Crypto;

/// <summary>Splits the server's proof-of-work number pq into its two primes.</summary>
internal static class PqFactorization
{
    /// <summary>Factors <paramref name="pq"/> = p * q with p &lt; q, both prime; false for every other number.</summary>
    /// <remarks>A prime pq is refused before the search, which would never end on it.</remarks>
    public static bool TryFactor(ulong pq, out ulong p, out ulong q)
    {
        (p, q) = (0, 0);
        if (pq < 6 || pq >= 1UL << 63)
            return false;

        var factor = pq % 2 == 0 ? 2 : SmallPrimes.IsPrime(pq) ? 0 : FindFactor(pq);
        if (factor == 0)
            return false;

        var other = pq / factor;
        (p, q) = factor < other ? (factor, other) : (other, factor);
        return p != q && SmallPrimes.IsPrime(p) && SmallPrimes.IsPrime(q);
    }

    /// <summary>Pollard's rho with Brent's cycle search over Montgomery arithmetic; about 2^16 steps for the numbers in use.</summary>
    private static ulong FindFactor(ulong n)
    {
        var field = new Montgomery(n);
        const int batch = 128;

        // Each c gives another pseudo-random walk; one that folds onto itself without a factor is followed by the next.
        for (ulong c = 1; c < 64; c++)
        {
            ulong y = 2 + c, x = y, saved = y, product = field.One, divisor = 1;
            for (var run = 1L; divisor == 1; run *= 2)
            {
                // A walk this long has missed: sqrt(p) < 2^16 and the expected length is a small multiple of it.
                if (run > 1 << 22)
                    break;

                x = y;
                for (var i = 0L; i < run; i++)
                    y = field.Step(y, c);

                for (var done = 0L; done < run && divisor == 1; done += batch)
                {
                    saved = y;
                    for (var i = 0L; i < batch && i < run - done; i++)
                    {
                        y = field.Step(y, c);
                        product = field.Multiply(product, x > y ? x - y : y - x);
                    }

                    divisor = (ulong)BigInteger.GreatestCommonDivisor(product, n);
                }
            }

            if (divisor == n)
            {
                // The batch ran over both factors at once; walk it again one step at a time.
                do
                {
                    saved = field.Step(saved, c);
                    divisor = (ulong)BigInteger.GreatestCommonDivisor(x > saved ? x - saved : saved - x, n);
                }
                while (divisor == 1);
            }

            if (divisor != 1 && divisor != n)
                return divisor;
        }

        return 0;
    }

    /// <summary>Multiplication modulo an odd n below 2^63, on residues scaled by 2^64.</summary>
    private sealed class Montgomery
    {
        private readonly ulong _n;
        private readonly ulong _inverse;

        public Montgomery(ulong n)
        {
            _n = n;

            // Newton's iteration doubles the number of right bits each time: 3, 6, 12, 24, 48, 96.
            var inverse = n;
            for (var i = 0; i < 5; i++)
                inverse *= 2 - (n * inverse);
            _inverse = inverse;
            One = (ulong)((UInt128.One << 64) % n);
        }

        public ulong One { get; }

        public ulong Multiply(ulong a, ulong b)
        {
            var high = Math.BigMul(a, b, out var low);
            var reduced = Math.BigMul(low * _inverse, _n, out _);
            return high >= reduced ? high - reduced : high + _n - reduced;
        }

        public ulong Step(ulong value, ulong c)
        {
            var next = Multiply(value, value) + c;
            return next >= _n ? next - _n : next;
        }
    }
}
