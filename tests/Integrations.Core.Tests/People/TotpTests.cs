using System.Text;
using Integrations.Core.People;

namespace Integrations.Core.Tests.People;

public sealed class TotpTests
{
    private static readonly byte[] Secret = "12345678901234567890"u8.ToArray();

    /// <summary>RFC 6238, appendix B, the rows of SHA-1; its codes have eight digits.</summary>
    [Theory]
    [InlineData(59L, "94287082")]
    [InlineData(1111111109L, "07081804")]
    [InlineData(1111111111L, "14050471")]
    [InlineData(1234567890L, "89005924")]
    [InlineData(2000000000L, "69279037")]
    [InlineData(20000000000L, "65353130")]
    public void The_vectors_of_RFC_6238_come_out(long seconds, string code)
    {
        Assert.Equal(code, Totp.CodeOf(Secret, seconds / 30, digits: 8));
        Assert.Equal(code[2..], Totp.CodeAt(Secret, DateTimeOffset.FromUnixTimeSeconds(seconds)));
    }

    [Theory]
    [InlineData(-60, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public void A_code_of_the_neighbouring_steps_counts_and_of_no_other(int seconds, bool counts)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_234_567_890);
        var step = (1_234_567_890L + seconds) / 30;

        Assert.Equal(counts ? step : null, Totp.StepOf(Secret, Totp.CodeOf(Secret, step), now));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5924")]
    [InlineData("89005924")]
    [InlineData("00592 4")]
    [InlineData("٠٠٥٩٢٤")]
    public void What_is_no_code_of_six_digits_is_none(string code) =>
        Assert.Null(Totp.StepOf(Secret, code, DateTimeOffset.FromUnixTimeSeconds(1_234_567_890)));

    /// <summary>RFC 4648, section 10.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void The_vectors_of_RFC_4648_come_out_without_padding(string text, string base32) => Assert.Equal(base32, Totp.Base32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void An_address_names_issuer_account_and_secret_and_nothing_breaks_out_of_it() =>
        Assert.Equal(
            "otpauth://totp/Integrations:a%26secret%3DX%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Integrations",
            Totp.Address("Integrations", "a&secret=X@example.org", Secret));

    [Fact]
    public void Recovery_codes_have_eighty_bits_and_are_read_however_somebody_types_them()
    {
        var codes = Enumerable.Range(0, 100).Select(_ => RecoveryCode.New()).ToList();

        Assert.Equal(100, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^[a-z2-7]{4}(-[a-z2-7]{4}){3}$", code));
        Assert.Equal(RecoveryCode.Hash(codes[0]), RecoveryCode.Hash(codes[0].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal)));
        Assert.Null(RecoveryCode.Hash("246810"));
        Assert.Null(RecoveryCode.Hash(codes[0] + "x"));
    }
}
