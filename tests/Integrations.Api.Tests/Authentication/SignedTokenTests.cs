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

    [Fact]
    public void The_example_of_RFC_7515_opens()
    {
        var payload = SignedToken.Open(Rfc7515Token, Key);

        Assert.Equal("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", Encoding.UTF8.GetString(payload!));
    }

    [Fact]
    public void Any_other_bit_anywhere_in_the_token_is_refused()
    {
        for (var i = 0; i < Rfc7515Token.Length; i++)
        {
            var changed = Rfc7515Token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.Null(SignedToken.Open(new string(changed), Key));
        }
    }

    [Fact]
    public void Another_key_does_not_open_it() => Assert.Null(SignedToken.Open(Rfc7515Token, RandomNumberGenerator.GetBytes(32)));

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
        Assert.Null(SignedToken.Open(Sign(header, "{}"), Key));

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","typ":"jwt","kid":"anything"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256"}""")]
    public void Harmless_headers_are_accepted(string header) => Assert.NotNull(SignedToken.Open(Sign(header, "{}"), Key));

    [Fact]
    public void A_token_without_signature_is_refused()
    {
        var unsigned = Base64Url.EncodeToString("""{"alg":"none"}"""u8) + "." + Base64Url.EncodeToString("{}"u8) + ".";

        Assert.Null(SignedToken.Open(unsigned, Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e")]
    public void What_has_not_three_parts_is_refused(string token) => Assert.Null(SignedToken.Open(token, Key));

    [Fact]
    public void A_token_longer_than_the_limit_is_refused_unread() =>
        Assert.Null(SignedToken.Open(Sign("""{"alg":"HS256"}""", $$"""{"x":"{{new string('x', SignedToken.MaxLength)}}"}"""), Key));

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

    private static string Sign(string header, string payload)
    {
        var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        return input + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(input)));
    }
}
