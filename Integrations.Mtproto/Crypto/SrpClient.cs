using System.Numerics;

namespace Integrations.Mtproto.Crypto;

/// <summary>The client's proof that it knows the cloud password: <c>inputCheckPasswordSRP</c> without the id.</summary>
/// <param name="A">g^a mod p, 256 bytes.</param>
/// <param name="M1">The proof, 32 bytes.</param>
public sealed record SrpProof(byte[] A, byte[] M1);

/// <summary>The client side of the password check (core.telegram.org/api/srp).</summary>
public static class SrpClient
{
    /// <summary>Proves knowledge of <paramref name="password"/>. Takes 50 to 100 ms of processor time: keep it off shared loops.</summary>
    /// <param name="serverB">srp_B as the server sent it with the parameters.</param>
    /// <exception cref="SrpException">The group is weak or B is out of range.</exception>
    public static SrpProof Prove(SrpParameters parameters, ReadOnlySpan<byte> password, ReadOnlySpan<byte> serverB, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(random);
        if (DiffieHellmanGroup.TryCreate(parameters.P, parameters.G) is not { } group)
            throw new SrpException("The server's password group is not a 2048-bit safe prime with a fitting generator.");

        var b = BigEndian.Read(serverB);
        if (b.Sign <= 0 || b >= group.Prime || serverB.Length is < SrpParameters.NumberSize - 8 or > SrpParameters.NumberSize)
            throw new SrpException("The server's B is out of range.");

        while (true)
        {
            var a = BigEndian.Read(random.NextBytes(SrpParameters.NumberSize));
            if (group.IsGoodPublicValue(group.PublicValue(a)))
                return Compute(parameters, password, b, a);
        }
    }

    /// <summary>The bare calculation, without the checks of the group.</summary>
    internal static SrpProof Compute(SrpParameters parameters, ReadOnlySpan<byte> password, BigInteger b, BigInteger a)
    {
        var p = BigEndian.Read(parameters.P);
        var gb = BigEndian.Padded(b, SrpParameters.NumberSize);
        var ga = BigEndian.Padded(BigInteger.ModPow(parameters.G, a, p), SrpParameters.NumberSize);

        // u = H(g_a | g_b)
        var u = BigEndian.Read(SrpParameters.Hash(ga, gb));
        if (u.IsZero)
            throw new SrpException("The scrambling parameter u is zero.");

        // x = PH2(password, salt1, salt2), v = g^x mod p, k_v = (k * v) mod p
        var x = BigEndian.Read(parameters.PasswordHash(password));
        var kv = parameters.Multiplier() * BigInteger.ModPow(parameters.G, x, p) % p;

        // t = (g_b - k_v) mod p, made positive
        var t = (b - kv) % p;
        if (t.Sign < 0)
            t += p;

        // s_a = t^(a + u * x) mod p, k_a = H(s_a)
        var ka = SrpParameters.Hash(BigEndian.Padded(BigInteger.ModPow(t, a + (u * x), p), SrpParameters.NumberSize));
        return new SrpProof(ga, parameters.Proof(ga, gb, ka));
    }

    /// <summary>new_password_hash for <c>account.passwordInputSettings</c>: the verifier under salt1 extended by 32 random bytes.</summary>
    /// <returns>The parameters with the extended salt, and v.</returns>
    public static (SrpParameters Parameters, byte[] Verifier) NewPassword(
        SrpParameters serverParameters, ReadOnlySpan<byte> password, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(serverParameters);
        ArgumentNullException.ThrowIfNull(random);
        if (DiffieHellmanGroup.TryCreate(serverParameters.P, serverParameters.G) is null)
            throw new SrpException("The server's password group is not a 2048-bit safe prime with a fitting generator.");

        var parameters = serverParameters with { Salt1 = [.. serverParameters.Salt1, .. random.NextBytes(32)] };
        return (parameters, parameters.ComputeVerifier(password));
    }
}
