using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Integrations.Api.Authentication;

/// <summary>A key that signatures are checked with, and the one algorithm that it is for (RFC 8725 section 3.1).</summary>
internal abstract class TokenKey(string algorithm, string? id)
{
    /// <summary>By its name in RFC 7518 section 3.1.</summary>
    public string Algorithm => algorithm;

    /// <summary>Its <c>kid</c>; null where it has none.</summary>
    public string? Id => id;

    public abstract bool Verifies(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature);

    /// <summary>The secret shared with the customer's user service; HS256.</summary>
    public static TokenKey Shared(byte[] secret) => new SharedKey(secret);

    /// <summary>
    /// A public key of a key set (RFC 7517): RSA of 2048 to 8192 bits for RS256, or P-256 for ES256. Null for any other, and for one that is
    /// meant for something else: a set may hold what others use (RFC 7517 section 5).
    /// </summary>
    public static TokenKey? FromJwk(JsonElement jwk)
    {
        if (jwk.ValueKind is not JsonValueKind.Object || !IsForVerifying(jwk))
            return null;

        var (id, algorithm) = (SignedToken.Text(jwk, "kid"), SignedToken.Text(jwk, "alg"));
        if (id is null && jwk.TryGetProperty("kid", out _))
            return null;

        TokenKey? key = SignedToken.Text(jwk, "kty") switch
        {
            "RSA" when algorithm is null or RsaKey.Name => RsaKey.Read(jwk, id),
            "EC" when algorithm is null or CurveKey.Name && SignedToken.Text(jwk, "crv") == "P-256" => CurveKey.Read(jwk, id),
            _ => null,
        };
        return algorithm is null && jwk.TryGetProperty("alg", out _) ? null : key;
    }

    /// <summary>RFC 7517 sections 4.2 and 4.3. A key whose private half was published signs for everybody.</summary>
    private static bool IsForVerifying(JsonElement jwk) =>
        (!jwk.TryGetProperty("use", out _) || SignedToken.Text(jwk, "use") == "sig")
        && (!jwk.TryGetProperty("key_ops", out var operations)
            || (operations.ValueKind is JsonValueKind.Array
                && operations.EnumerateArray().Any(operation => SignedToken.Text(operation) == "verify")))
        && !jwk.TryGetProperty("d", out _);

    private static bool TryReadBytes(JsonElement jwk, string name, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return SignedToken.Text(jwk, name) is { } text && SignedToken.TryDecode(text, out bytes);
    }

    /// <summary>RFC 7518 section 3.2.</summary>
    private sealed class SharedKey(byte[] secret) : TokenKey("HS256", id: null)
    {
        public override bool Verifies(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature) =>
            CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(secret, signingInput), signature);
    }

    /// <summary>RFC 7518 section 3.3. The framework's keys are not for use by several threads, so each check makes its own.</summary>
    private sealed class RsaKey(RSAParameters parameters, string? id) : TokenKey(Name, id)
    {
        public const string Name = "RS256";
        private const int MinBytes = 2048 / 8;
        private const int MaxBytes = 8192 / 8;

        public static RsaKey? Read(JsonElement jwk, string? id)
        {
            if (!TryReadBytes(jwk, "n", out var modulus) || modulus.Length is < MinBytes or > MaxBytes || modulus[0] < 0x80)
                return null;

            // 65537 is what everybody uses; a tiny exponent is a known weakness, and a huge one only costs time.
            return TryReadBytes(jwk, "e", out var exponent) && exponent is [1, 0, 1]
                ? new(new() { Modulus = modulus, Exponent = exponent }, id)
                : null;
        }

        public override bool Verifies(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature)
        {
            if (signature.Length != parameters.Modulus!.Length)
                return false;

            using var rsa = RSA.Create(parameters);
            return rsa.VerifyData(signingInput, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
    }

    /// <summary>RFC 7518 section 3.4: two numbers of 32 bytes, one after the other.</summary>
    private sealed class CurveKey(ECParameters parameters, string? id) : TokenKey(Name, id)
    {
        public const string Name = "ES256";
        private const int CoordinateBytes = 32;

        public static CurveKey? Read(JsonElement jwk, string? id)
        {
            if (!TryReadBytes(jwk, "x", out var x) || x.Length != CoordinateBytes || !TryReadBytes(jwk, "y", out var y) || y.Length != CoordinateBytes)
                return null;

            var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = x, Y = y } };
            try
            {
                ECDsa.Create(parameters).Dispose();
                return new(parameters, id);
            }
            catch (CryptographicException)
            {
                // The point is not on the curve.
                return null;
            }
        }

        public override bool Verifies(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature)
        {
            if (signature.Length != 2 * CoordinateBytes)
                return false;

            using var curve = ECDsa.Create(parameters);
            return curve.VerifyData(signingInput, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }
}
