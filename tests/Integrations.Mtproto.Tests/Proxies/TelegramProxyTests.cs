using Integrations.Mtproto.Proxies;

namespace Integrations.Mtproto.Tests.Proxies;

public sealed class TelegramProxyTests
{
    private const string Secret = "000102030405060708090a0b0c0d0e0f";

    [Theory]
    [InlineData("socks5://proxy.example:1080", "proxy.example", 1080, null, null)]
    [InlineData("socks5://anna:secret%40a%3Aword@127.0.0.1:9050", "127.0.0.1", 9050, "anna", "secret@a:word")]
    [InlineData("socks5h://anna@proxy.example:1080", "proxy.example", 1080, "anna", "")]
    [InlineData("tg://socks?server=proxy.example&port=1080&user=anna&pass=secret", "proxy.example", 1080, "anna", "secret")]
    [InlineData("https://t.me/socks?server=proxy.example&port=1080", "proxy.example", 1080, null, null)]
    public void A_link_to_a_SOCKS_server_is_read(string link, string host, int port, string? user, string? password) =>
        Assert.Equal(new Socks5Proxy(host, port, user, password), TelegramProxy.Parse(link));

    [Fact]
    public void A_link_to_an_HTTP_proxy_is_read() =>
        Assert.Equal(new HttpProxy("proxy.example", 3128, "anna", "secret"), TelegramProxy.Parse("http://anna:secret@proxy.example:3128"));

    [Theory]
    [InlineData("tg://proxy?server=proxy.example&port=443&secret=" + Secret, Secret)]
    [InlineData("https://t.me/proxy?server=proxy.example&port=443&secret=dd" + Secret, "dd" + Secret)]
    [InlineData("tg://proxy?server=proxy.example&port=443&secret=3QABAgMEBQYHCAkKCwwNDg8", "dd" + Secret)]
    [InlineData("tg://proxy?server=proxy.example&port=443&secret=3QABAgMEBQYHCAkKCwwNDg8%3D", "dd" + Secret)]
    public void A_link_to_a_proxy_of_Telegrams_kind_is_read(string link, string secret)
    {
        var proxy = Assert.IsType<MtprotoProxy>(TelegramProxy.Parse(link));

        Assert.Equal(("proxy.example", 443, secret), (proxy.Host, proxy.Port, Hex.Text(proxy.Secret.ToArray())));
        Assert.Equal(secret.Length == 34, proxy.IsPadded);
        Assert.Equal(Secret, Hex.Text(proxy.Key.ToArray()));
    }

    [Theory]
    [InlineData(null, "no link")]
    [InlineData("", "no link")]
    [InlineData("proxy.example:1080", "kind is unknown")]
    [InlineData("ftp://proxy.example:21", "kind is unknown")]
    [InlineData("socks5://proxy.example", "host and a port")]
    [InlineData("tg://proxy?server=proxy.example&secret=" + Secret, "port from 1 to 65535")]
    [InlineData("tg://proxy?server=proxy.example&port=70000&secret=" + Secret, "port from 1 to 65535")]
    [InlineData("tg://proxy?server=proxy.example&port=443", "secret in hex or base64")]
    [InlineData("tg://proxy?server=proxy.example&port=443&secret=00", "16 bytes")]
    [InlineData("tg://proxy?server=proxy.example&port=443&secret=ee" + Secret + "676f6f676c652e636f6d", "not supported")]
    [InlineData("tg://resolve?server=a&port=1", "tg://proxy and tg://socks")]
    [InlineData("socks5://:word@proxy.example:1080", "1 to 255 bytes")]
    public void What_is_wrong_with_a_link_is_told(string? link, string problem)
    {
        Assert.False(TelegramProxy.TryParse(link, out _, out var told));
        Assert.Contains(problem, told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_proxy_that_cannot_be_spoken_is_not_made()
    {
        Assert.Throws<ArgumentException>(() => new MtprotoProxy("proxy.example", 443, new byte[15]));
        Assert.Throws<ArgumentException>(() => new MtprotoProxy("proxy.example", 443, new byte[17]));
        Assert.Throws<ArgumentException>(() => new Socks5Proxy("proxy.example", 1080, new string('u', 256)));
        Assert.Throws<ArgumentException>(() => new Socks5Proxy("proxy.example", 1080, "anna", new string('p', 256)));
    }

    [Fact]
    public void A_proxy_is_shown_without_what_opens_it()
    {
        Assert.Equal("socks5://proxy.example:1080", TelegramProxy.Parse("socks5://anna:secret-2@proxy.example:1080").ToString());
        Assert.Equal("http://proxy.example:3128", TelegramProxy.Parse("http://anna:secret-2@proxy.example:3128").ToString());
        Assert.Equal("tg://proxy?server=proxy.example&port=443", TelegramProxy.Parse($"tg://proxy?server=proxy.example&port=443&secret={Secret}").ToString());
    }
}
