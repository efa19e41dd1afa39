using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Integrations.Api.Authentication;

namespace Integrations.Api.Tests.Authentication;

public sealed class SignedTokenTests
{
    // RFC 7515, appendix A.1: the key, and the token made with it.
    private const string Rfc7515Key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    private const string Rfc7515Token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private static readonly byte[] Key = Base64Url.DecodeFromChars(Rfc7515Key);

    // Appendices A.2 and A.3: the same payload, signed with RS256 and ES256.
    private const string RsaKey =
        """
        {"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
        """;

    private const string RsaToken =
        "eyJhbGciOiJSUzI1NiJ9."
        + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
        + "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
        + "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    private const string CurveKey =
        """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""";

    private const string CurveToken =
        "eyJhbGciOiJFUzI1NiJ9."
        + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    [Theory]
    [InlineData(RsaToken, RsaKey)]
    [InlineData(CurveToken, CurveKey)]
    public void The_examples_of_RFC_7515_with_public_keys_open(string token, string jwk) =>
        Assert.Equal(
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
            Encoding.UTF8.GetString(Open(token, Public(jwk))!));

    [Theory]
    [InlineData(RsaToken, RsaKey)]
    [InlineData(CurveToken, CurveKey)]
    public void Any_other_bit_anywhere_in_a_token_signed_with_a_private_key_is_refused(string token, string jwk)
    {
        var key = Public(jwk);
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.Null(Open(new string(changed), key));
        }
    }

    /// <summary>RFC 8725 section 2.1: everybody knows a public key, so it must never be a secret, in none of its spellings.</summary>
    [Fact]
    public void A_token_signed_with_HS256_and_a_public_key_is_refused_by_that_key()
    {
        using var rsa = RSA.Create(2048);
        var key = Public(JwkOf(rsa));
        byte[][] spellings =
        [
            rsa.ExportRSAPublicKey(), rsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()),
            Encoding.ASCII.GetBytes(rsa.ExportRSAPublicKeyPem() + "\n"), rsa.ExportParameters(false).Modulus!, Encoding.ASCII.GetBytes(JwkOf(rsa)),
        ];

        foreach (var spelling in spellings)
        {
            foreach (var algorithm in new[] { "HS256", "RS256" })
                Assert.Null(Open(Sign($$"""{"alg":"{{algorithm}}"}""", "{}", spelling), key));
        }
    }

    [Fact]
    public void A_right_signature_of_another_algorithm_than_the_header_names_is_refused()
    {
        using var rsa = RSA.Create(2048);
        byte[] SignatureOf(string header) => rsa.SignData(Input(header), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] Input(string header) => Encoding.ASCII.GetBytes($"{Part(header)}.e30");

        foreach (var (algorithm, opens) in new[] { ("RS256", true), ("PS256", false), ("RS384", false), ("HS256", false), ("none", false), ("rs256", false) })
        {
            var header = $$"""{"alg":"{{algorithm}}"}""";
            Assert.Equal(opens, Open($"{Part(header)}.e30.{Base64Url.EncodeToString(SignatureOf(header))}", Public(JwkOf(rsa))) is not null);
        }
    }

    /// <summary>RFC 7518 section 3.4 asks for 64 bytes; the other common spelling of such a signature is refused.</summary>
    [Fact]
    public void A_curves_signature_in_DER_or_of_another_length_is_refused()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var input = $"{Part("""{"alg":"ES256"}""")}.e30";
        var key = Public(JwkOf(curve));
        string Token(byte[] signature) => $"{input}.{Base64Url.EncodeToString(signature)}";
        var right = curve.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);

        Assert.NotNull(Open(Token(right), key));
        Assert.Null(Open(Token(curve.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)), key));
        Assert.Null(Open(Token(right[..63]), key));
        Assert.Null(Open(Token([0, .. right]), key));
        Assert.Null(Open(Token(new byte[64]), key));
    }

    [Theory]
    [InlineData("""{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}""")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""")]
    [InlineData("""{"kty":"EC","crv":"P-384","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","alg":"RS256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","use":"enc","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","key_ops":["sign"],"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","alg":7,"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")]
    [InlineData("""{"kty":"RSA","e":"AQAB","n":"not base64"}""")]
    [InlineData("""{"kty":"RSA","n":"AA","e":"AQAB"}""")]
    [InlineData("""{"kty":["RSA"]}""")]
    [InlineData("[]")]
    [InlineData("\"RSA\"")]
    public void A_published_key_that_is_not_fit_to_verify_is_passed_over(string jwk)
    {
        using var document = System.Text.Json.JsonDocument.Parse(jwk);
        Assert.Null(TokenKey.FromJwk(document.RootElement));
    }

    [Fact]
    public void An_RSA_key_that_is_short_or_has_a_tiny_exponent_is_passed_over()
    {
        using var small = RSA.Create(1024);
        using var large = RSA.Create(2048);
        Assert.Null(TokenKeyOf(JwkOf(small)));
        Assert.NotNull(TokenKeyOf(JwkOf(large)));
        Assert.Null(TokenKeyOf(JwkOf(large).Replace("AQAB", "Aw", StringComparison.Ordinal)));
    }

    /// <summary>Whose key counts is decided here alone: RFC 8725 sections 3.10 and 2.7.</summary>
    [Theory]
    [InlineData("\"jku\":\"https://evil.example/keys\"")]
    [InlineData("\"x5u\":\"https://evil.example/chain\"")]
    [InlineData("\"x5c\":[\"MII\"]")]
    [InlineData("\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}")]
    [InlineData("\"kid\":7")]
    [InlineData("\"kid\":\"\"")]
    [InlineData("\"kid\":\"\\ud83d\"")]
    [InlineData("\"kid\":\"a\",\"kid\":\"b\"")]
    public void A_header_that_brings_a_key_or_names_none_properly_is_refused(string member) =>
        Assert.Null(Open(Sign($$"""{"alg":"HS256",{{member}}}""", "{}"), Key));

    [Fact]
    public void A_key_name_is_kept_character_by_character_and_not_without_end()
    {
        foreach (var name in new[] { "../../etc/passwd", "' or 1=1 --", "/dev/null", "a\u0000b", "КЛЮЧ" })
            Assert.Equal(name, SignedToken.Read(Sign(System.Text.Json.JsonSerializer.Serialize(new { alg = "HS256", kid = name }), "{}"))!.KeyId);
        Assert.Null(SignedToken.Read(Sign($$"""{"alg":"HS256","kid":"{{new string('k', 257)}}"}""", "{}")));
    }

    [Fact]
    public void The_example_of_RFC_7515_opens()
    {
        var payload = Open(Rfc7515Token, Key);

        Assert.Equal("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", Encoding.UTF8.GetString(payload!));
    }

    [Fact]
    public void Any_other_bit_anywhere_in_the_token_is_refused()
    {
        for (var i = 0; i < Rfc7515Token.Length; i++)
        {
            var changed = Rfc7515Token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.Null(Open(new string(changed), Key));
        }
    }

    [Fact]
    public void Another_key_does_not_open_it() => Assert.Null(Open(Rfc7515Token, RandomNumberGenerator.GetBytes(32)));

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"hs256"}""")]
    [InlineData("""{"alg":"HS384"}""")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"],"exp":1}""")]
    [InlineData("""{"alg":"HS256","typ":"JWE"}""")]
    [InlineData("""{"alg":"none","alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","typ":"\ud83d"}""")]
    [InlineData("""["HS256"]""")]
    [InlineData("not json")]
    public void A_header_that_is_not_plain_HS256_is_refused_even_with_a_right_signature(string header) =>
        Assert.Null(Open(Sign(header, "{}"), Key));

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","typ":"jwt","kid":"anything"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256"}""")]
    public void Harmless_headers_are_accepted(string header) => Assert.NotNull(Open(Sign(header, "{}"), Key));

    [Fact]
    public void A_token_without_signature_is_refused()
    {
        var unsigned = Base64Url.EncodeToString("""{"alg":"none"}"""u8) + "." + Base64Url.EncodeToString("{}"u8) + ".";

        Assert.Null(Open(unsigned, Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e")]
    public void What_has_not_three_parts_is_refused(string token) => Assert.Null(Open(token, Key));

    [Fact]
    public void A_token_longer_than_the_limit_is_refused_unread() =>
        Assert.Null(Open(Sign("""{"alg":"HS256"}""", $$"""{"x":"{{new string('x', SignedToken.MaxLength)}}"}"""), Key));

    [Theory]
    [InlineData("YQ==")]
    [InlineData("Y Q")]
    [InlineData("YQ\n")]
    [InlineData("a+b_")]
    [InlineData("a/b_")]
    [InlineData("YR")] // The last four bits of the second character must be 0.
    [InlineData("A")]
    [InlineData("é")]
    public void Only_the_one_spelling_of_base64url_is_read(string text) => Assert.False(SignedToken.TryDecode(text, out _));

    [Fact]
    public void Base64url_without_padding_is_read()
    {
        Assert.True(SignedToken.TryDecode("YQ", out var bytes));
        Assert.Equal("a"u8.ToArray(), bytes);
    }

    private static byte[]? Open(string token, byte[] secret) => Open(token, TokenKey.Shared(secret));

    private static byte[]? Open(string token, TokenKey key) => SignedToken.Read(token) is { } read && read.IsSignedBy(key) ? read.Payload : null;

    private static TokenKey Public(string jwk) => TokenKeyOf(jwk) ?? throw new InvalidOperationException("The test's own key is refused.");

    private static TokenKey? TokenKeyOf(string jwk)
    {
        using var document = System.Text.Json.JsonDocument.Parse(jwk);
        return TokenKey.FromJwk(document.RootElement);
    }

    private static string JwkOf(RSA rsa) => UserService.Jwk(rsa, null).ToJsonString();

    private static string JwkOf(ECDsa curve) => UserService.Jwk(curve, null).ToJsonString();

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Sign(string header, string payload, byte[]? key = null)
    {
        var input = Part(header) + "." + Part(payload);
        return input + "." + Base64Url.EncodeToString(HMACSHA256.HashData(key ?? Key, Encoding.ASCII.GetBytes(input)));
    }
}
