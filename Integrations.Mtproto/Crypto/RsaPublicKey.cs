using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>A server's RSA public key, known to clients by its fingerprint.</summary>
public sealed class RsaPublicKey
{
    /// <summary>Length of the modulus, and so of every block, in bytes: the protocol knows 2048-bit keys only.</summary>
    public const int Size = 256;

    private readonly BigInteger _modulus;
    private readonly BigInteger _exponent;

    /// <param name="modulus">Big-endian, without leading zeros.</param>
    /// <param name="exponent">Big-endian, without leading zeros.</param>
    public RsaPublicKey(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        modulus = modulus.TrimStart((byte)0);
        exponent = exponent.TrimStart((byte)0);
        if (modulus.Length != Size)
            throw new ArgumentException($"The modulus is {modulus.Length * 8} bits long, not {Size * 8}.", nameof(modulus));
        if (exponent.IsEmpty)
            throw new ArgumentException("The exponent is zero.", nameof(exponent));

        Modulus = modulus.ToArray();
        Exponent = exponent.ToArray();
        _modulus = BigEndian.Read(modulus);
        _exponent = BigEndian.Read(exponent);
        Fingerprint = ComputeFingerprint(modulus, exponent);
    }

    /// <summary>The lower 64 bits of SHA1 over the bare TL serialisation <c>n:bytes e:bytes</c>, little-endian as on the wire.</summary>
    public long Fingerprint { get; }

    internal byte[] Modulus { get; }

    internal byte[] Exponent { get; }

    /// <summary>Reads a PKCS#1 (<c>BEGIN RSA PUBLIC KEY</c>) or SubjectPublicKeyInfo (<c>BEGIN PUBLIC KEY</c>) block.</summary>
    public static RsaPublicKey FromPem(string pem)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        return new RsaPublicKey(parameters.Modulus, parameters.Exponent);
    }

    /// <summary>The PKCS#1 form that other clients of the protocol read.</summary>
    public string ToPem()
    {
        using var rsa = RSA.Create(new RSAParameters { Modulus = Modulus, Exponent = Exponent });
        return rsa.ExportRSAPublicKeyPem();
    }

    /// <summary>Whether a 256-byte block, read as a number, can be encrypted at all.</summary>
    internal bool Accepts(ReadOnlySpan<byte> block) => BigEndian.Read(block) < _modulus;

    /// <summary>Textbook RSA over one block; the paddings of the protocol are built around it.</summary>
    internal byte[] Apply(ReadOnlySpan<byte> block) =>
        BigEndian.Padded(BigInteger.ModPow(BigEndian.Read(block), _exponent, _modulus), Size);

    private static long ComputeFingerprint(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        // Both are TL `bytes`: the modulus takes the long form (0xfe, 3 bytes of length), the exponent the short one.
        var exponentLength = (1 + exponent.Length + 3) / 4 * 4;
        var data = new byte[4 + modulus.Length + exponentLength];
        BinaryPrimitives.WriteUInt32LittleEndian(data, 0xfe | ((uint)modulus.Length << 8));
        modulus.CopyTo(data.AsSpan(4));
        data[4 + modulus.Length] = (byte)exponent.Length;
        exponent.CopyTo(data.AsSpan(5 + modulus.Length));
        return BinaryPrimitives.ReadInt64LittleEndian(SHA1.HashData(data).AsSpan(12));
    }
}
