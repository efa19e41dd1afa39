using System.Numerics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>The server side of one password check: a secret b, and B to send with <c>account.getPassword</c>.</summary>
public sealed class SrpChallenge
{
    private readonly SrpParameters _parameters;
    private readonly BigInteger _p;
    private readonly BigInteger _secret;
    private readonly BigInteger _verifier;

    /// <param name="parameters">Those under which the password was set.</param>
    /// <param name="verifier">v of <see cref="SrpParameters.ComputeVerifier"/>.</param>
    /// <param name="random">Source of the secret b.</param>
    public SrpChallenge(SrpParameters parameters, ReadOnlySpan<byte> verifier, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(random);
        _parameters = parameters;
        _p = BigEndian.Read(parameters.P);
        _verifier = BigEndian.Read(verifier);

        // A real client refuses a B of fewer than 248 bytes, so a short one is drawn again.
        do
        {
            _secret = BigEndian.Read(random.NextBytes(SrpParameters.NumberSize));

            // B = (k * v + g^b) mod p
            B = BigEndian.Padded(
                ((parameters.Multiplier() * _verifier) + BigInteger.ModPow(parameters.G, _secret, _p)) % _p, SrpParameters.NumberSize);
        }
        while (B.AsSpan(0, 8).IndexOfAnyExcept((byte)0) < 0);
    }

    /// <summary>srp_B, 256 bytes.</summary>
    public byte[] B { get; }

    /// <summary>Whether the proof was made with the right password for this challenge.</summary>
    public bool Verify(ReadOnlySpan<byte> a, ReadOnlySpan<byte> m1)
    {
        var ga = BigEndian.Read(a);
        if (a.Length > SrpParameters.NumberSize || ga <= BigInteger.One || ga >= _p - 1)
            return false;

        // u = H(g_a | g_b), s_b = (g_a * v^u)^b mod p, k_b = H(s_b)
        var paddedA = BigEndian.Padded(ga, SrpParameters.NumberSize);
        var u = BigEndian.Read(SrpParameters.Hash(paddedA, B));
        var shared = BigInteger.ModPow(ga * BigInteger.ModPow(_verifier, u, _p) % _p, _secret, _p);
        var kb = SrpParameters.Hash(BigEndian.Padded(shared, SrpParameters.NumberSize));
        return CryptographicOperations.FixedTimeEquals(_parameters.Proof(paddedA, B, kb), m1);
    }
}
