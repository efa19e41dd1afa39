using System.Text;
using Integrations.Core.WhatsApp;

namespace Integrations.Core.Tests.WhatsApp;

/// <summary>The vectors of Twilio's own libraries, and what they leave out.</summary>
public sealed class TwilioSignatureTests
{
    private const string Url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    private const string Bare = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    private const string WithPort = "kvajT1Ptam85bY51eRf/AJRuM3w=";
    private const string BodyUrl = Url + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    private const string BodySignature = "a9nBmqA0ju/hNViExpshrM61xv4=";

    private static readonly string[] Token = ["12345"];
    private static readonly byte[] Body = """{"property": "value", "boolean": true}"""u8.ToArray();

    // Joined from parts, because whole they look like the numbers of people.
    private static readonly Dictionary<string, string> Form = new()
    {
        ["Digits"] = "1234",
        ["To"] = "+1" + "8005551212",
        ["CallSid"] = "CA1234567890ABCDE",
        ["From"] = "+1" + "4158675309",
        ["Caller"] = "+1" + "4158675309",
    };

    [Theory]
    [InlineData(Url, Bare)]
    [InlineData(Url, WithPort)]
    [InlineData("https://mycompany.com:443/myapp.php?foo=1&bar=2", Bare)]
    [InlineData("https://mycompany.com:443/myapp.php?foo=1&bar=2", WithPort)]
    [InlineData("http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
    [InlineData(Url + "#rc=3&rp=all", Bare)]
    public void A_signature_is_accepted_with_and_without_the_port_and_whatever_the_fragment(string url, string signature) =>
        Assert.True(TwilioSignature.IsValid(Token, signature, url, Form));

    [Theory]
    [InlineData(Url, "RSOYDt4T1cUTdK1PDd93/VVr8B9=")]
    [InlineData(Url, "")]
    [InlineData(Url, null)]
    [InlineData("https://mycompany.com/myapp.php?foo=1&bar=3", Bare)]
    [InlineData("https://MYCOMPANY.com/myapp.php?foo=1&bar=2", Bare)]
    [InlineData("https://mycompany.com:8443/myapp.php?foo=1&bar=2", WithPort)]
    [InlineData("/myapp.php", Bare)]
    public void A_forged_signature_or_another_address_is_refused(string url, string? signature) =>
        Assert.False(TwilioSignature.IsValid(Token, signature, url, Form));

    [Fact]
    public void A_parameter_more_or_less_or_changed_is_refused()
    {
        Assert.False(TwilioSignature.IsValid(Token, Bare, Url, Form.Append(new("New", ""))));
        Assert.False(TwilioSignature.IsValid(Token, Bare, Url, Form.Skip(1)));
        Assert.False(TwilioSignature.IsValid(Token, Bare, Url, Form.Select(pair => pair.Key == "Digits" ? new("Digits", "1235") : pair)));
    }

    [Fact]
    public void Of_a_name_that_stands_twice_each_value_counts_once()
    {
        KeyValuePair<string, string>[] form = [new("Sid", "CA123"), new("SidAccount", "AC123"), new("Digits", "5678"), new("Digits", "1234"), new("Digits", "1234")];

        Assert.True(TwilioSignature.IsValid(Token, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", Url, form));
    }

    [Fact]
    public void A_message_in_any_script_is_verified()
    {
        var message = "SM" + new string('0', 31) + "1";
        var form = new Dictionary<string, string>
        {
            ["AccountSid"] = "AC" + new string('0', 31) + "1",
            ["ApiVersion"] = "2010-04-01",
            ["Body"] = "Привет",
            ["From"] = "whatsapp:+7" + "9990000001",
            ["MessageSid"] = message,
            ["NumMedia"] = "0",
            ["NumSegments"] = "1",
            ["ProfileName"] = "Ann",
            ["SmsMessageSid"] = message,
            ["SmsSid"] = message,
            ["SmsStatus"] = "received",
            ["To"] = "whatsapp:+1" + "4155238886",
            ["WaId"] = "7" + "9990000001",
        };

        Assert.True(TwilioSignature.IsValid(Token, "Oo0MbHJOj3+/KYRVzSQEcZGBuaE=", "https://example.com/hooks/twilio?c=1", form));
    }

    [Fact]
    public void Both_tokens_are_good_while_one_replaces_the_other()
    {
        Assert.True(TwilioSignature.IsValid(["the new one", "12345"], Bare, Url, Form));
        Assert.False(TwilioSignature.IsValid(["the new one"], Bare, Url, Form));
        Assert.False(TwilioSignature.IsValid([], Bare, Url, Form));
    }

    /// <summary>Computed with Twilio's library for Node.</summary>
    [Theory]
    [InlineData("https://user:pass@host.example:8443/it's/a%20path?q=1", "K9pQEMIQrxCG6ExaBiu0rKDWzCk=")]
    [InlineData("https://[::1]/hook", "nSuGfxiWTAZqVG0d70sPn1vJO10=")]
    public void An_address_is_taken_as_it_stands(string url, string signature) => Assert.True(TwilioSignature.IsValid(Token, signature, url, []));

    [Theory]
    [InlineData(BodyUrl, BodySignature)]
    [InlineData("https://mycompany.com/myapp.php?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620", "y77kIzt2vzLz71DgmJGsen2scGs=")]
    public void A_body_is_verified_by_its_hash_in_the_address(string url, string signature) => Assert.True(TwilioSignature.IsValidWithBody(Token, signature, url, Body));

    [Fact]
    public void Another_body_is_refused_and_so_is_an_address_without_its_hash()
    {
        Assert.False(TwilioSignature.IsValidWithBody(Token, BodySignature, BodyUrl, Encoding.UTF8.GetBytes("{}")));
        Assert.False(TwilioSignature.IsValidWithBody(Token, "forged", BodyUrl, Body));
        Assert.False(TwilioSignature.IsValidWithBody(Token, Bare, Url, Body));
    }
}
