using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>Whether a 2048-bit number p, and (p - 1) / 2, are prime.</summary>
internal static class SafePrimes
{
    /// <summary>2^-64 is the usual bar for a number that an adversary may have chosen; each round gives 2^-2.</summary>
    private const int Rounds = 32;

    /// <summary>Servers change their prime about never; the bound only stops a hostile one from growing the memory.</summary>
    private const int CacheLimit = 64;

    /// <summary>Answers already worked out, by SHA256 of the number: a check costs about a second of processor time.</summary>
    private static readonly ConcurrentDictionary<string, bool> Checked = new(StringComparer.Ordinal);

    /// <summary>The prime that Telegram's servers have sent for years, checked once and for all.</summary>
    internal static readonly byte[] Known = Convert.FromHexString(
        "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37"
        + "20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f642477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4"
        + "a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
        + "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b");

    public static bool IsSafePrime(ReadOnlySpan<byte> prime)
    {
        if (prime.SequenceEqual(Known))
            return true;

        var name = Convert.ToHexString(SHA256.HashData(prime));
        if (Checked.TryGetValue(name, out var known))
            return known;

        var p = BigEndian.Read(prime);
        var answer = IsProbablePrime(p) && IsProbablePrime((p - 1) / 2);
        if (Checked.Count < CacheLimit)
            Checked[name] = answer;
        return answer;
    }

    /// <summary>Miller-Rabin with random bases.</summary>
    internal static bool IsProbablePrime(BigInteger n)
    {
        if (n <= ulong.MaxValue)
            return n.Sign > 0 && SmallPrimes.IsPrime((ulong)n);
        if (n.IsEven)
            return false;

        var odd = n - 1;
        var twos = (int)BigInteger.TrailingZeroCount(odd);
        odd >>= twos;
        var bytes = new byte[n.GetByteCount(isUnsigned: true)];
        for (var round = 0; round < Rounds; round++)
        {
            // Bases must not be foreseeable for whoever chose n. No output depends on them, so they need not come from the
            // injected source, which would make a scripted one run dry.
            RandomNumberGenerator.Fill(bytes);
            var x = BigInteger.ModPow((BigEndian.Read(bytes) % (n - 3)) + 2, odd, n);
            if (x.IsOne || x == n - 1)
                continue;

            var passed = false;
            for (var i = 1; i < twos && !passed; i++)
            {
                x = BigInteger.ModPow(x, 2, n);
                passed = x == n - 1;
            }

            if (!passed)
                return false;
        }

        return true;
    }
}
