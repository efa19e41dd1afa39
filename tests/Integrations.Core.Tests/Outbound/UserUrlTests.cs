using Integrations.Core.Outbound;

namespace Integrations.Core.Tests.Outbound;

public sealed class UserUrlTests
{
    [Theory]
    [InlineData("https://example.com", "https://example.com/")]
    [InlineData("HTTPS://Example.COM./hook?a=1&b=%20", "https://example.com/hook?a=1&b=%20")]
    [InlineData("https://example.com:8443/hook", "https://example.com:8443/hook")]
    [InlineData("https://bücher.example/", "https://xn--bcher-kva.example/")]
    [InlineData("https://8.8.8.8/hook", "https://8.8.8.8/hook")]
    [InlineData("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/")]
    public void Takes_an_address_of_the_public_internet_in_one_form(string text, string kept)
    {
        var url = UserUrl.Read(text, new(), out var problem);

        Assert.Equal("", problem);
        Assert.Equal(kept, url?.AbsoluteUri);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("example.com/hook")]
    [InlineData("//example.com/hook")]
    [InlineData("http://example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("https:///hook")]
    [InlineData("https://user@example.com/")]
    [InlineData("https://user:password@example.com/")]
    [InlineData("https://example.com@127.0.0.1/")]
    [InlineData("https://example.com#part")]
    [InlineData("https://example.com\\@127.0.0.1/")]
    [InlineData("https://example.com/a b")]
    [InlineData("https://example.com/a\r\nX-Forged: 1")]
    [InlineData("https://example.com:22/")]
    [InlineData("https://example.com:6379/")]
    [InlineData("https://localhost/")]
    [InlineData("https://sub.localhost/")]
    [InlineData("https://redis/")]
    [InlineData("https://metadata.google.internal/")]
    [InlineData("https://printer.local./")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://134744072/")]
    [InlineData("https://0x8.8.8.8/")]
    [InlineData("https://010.8.8.8/")]
    [InlineData("https://1.2.3.08/")]
    [InlineData("https://１２７.０.０.１/")]
    [InlineData("https://127。0。0。1/")]
    [InlineData("https://ⓛocalhost/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://[fe80::1%251]/")]
    [InlineData("https://0.0.0.0/")]
    public void Refuses_what_is_not_https_to_a_named_host_of_the_public_internet(string? text)
    {
        Assert.Null(UserUrl.Read(text, new(), out var problem));
        Assert.NotEqual("", problem);
    }

    [Fact]
    public void Refuses_an_address_without_an_end() =>
        Assert.Null(UserUrl.Read("https://example.com/" + new string('a', UserUrl.MaxLength), new(), out _));

    [Theory]
    [InlineData("http://127.0.0.1:5000/hook", true)]
    [InlineData("http://localhost:5000/hook", true)]
    [InlineData("http://[::1]:5000/hook", true)]
    [InlineData("http://10.0.0.1:5000/hook", false)]
    [InlineData("http://169.254.169.254/", false)]
    [InlineData("http://example.com/", false)]
    public void A_sandbox_on_this_machine_is_taken_where_that_is_set(string text, bool taken) =>
        Assert.Equal(taken, UserUrl.Read(text, new() { AllowLoopback = true }, out _) is not null);
}
