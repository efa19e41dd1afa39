using System.Numerics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>A server's RSA key pair. Only a simulated data centre owns one.</summary>
public sealed class RsaPrivateKey
{
    private readonly RSAParameters _parameters;
    private readonly BigInteger _p;
    private readonly BigInteger _q;
    private readonly BigInteger _dp;
    private readonly BigInteger _dq;
    private readonly BigInteger _inverseQ;

    private RsaPrivateKey(RSAParameters parameters)
    {
        _parameters = parameters;
        Public = new RsaPublicKey(parameters.Modulus, parameters.Exponent);
        _p = BigEndian.Read(parameters.P);
        _q = BigEndian.Read(parameters.Q);
        _dp = BigEndian.Read(parameters.DP);
        _dq = BigEndian.Read(parameters.DQ);
        _inverseQ = BigEndian.Read(parameters.InverseQ);
    }

    public RsaPublicKey Public { get; }

    /// <summary>Makes a new 2048-bit pair with the exponent 65537.</summary>
    public static RsaPrivateKey Generate()
    {
        using var rsa = RSA.Create(RsaPublicKey.Size * 8);
        return new RsaPrivateKey(rsa.ExportParameters(includePrivateParameters: true));
    }

    /// <summary>Reads a PKCS#1 or PKCS#8 private key.</summary>
    public static RsaPrivateKey FromPem(string pem)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        return new RsaPrivateKey(rsa.ExportParameters(includePrivateParameters: true));
    }

    /// <summary>PKCS#1, for storage.</summary>
    public string ToPem()
    {
        using var rsa = RSA.Create(_parameters);
        return rsa.ExportRSAPrivateKeyPem();
    }

    /// <summary>Textbook RSA over one block, by the Chinese remainder theorem.</summary>
    internal byte[] Apply(ReadOnlySpan<byte> block)
    {
        var c = BigEndian.Read(block);
        var m1 = BigInteger.ModPow(c % _p, _dp, _p);
        var m2 = BigInteger.ModPow(c % _q, _dq, _q);
        var h = (m1 - m2) * _inverseQ % _p;
        if (h.Sign < 0)
            h += _p;
        return BigEndian.Padded(m2 + (h * _q), RsaPublicKey.Size);
    }
}
