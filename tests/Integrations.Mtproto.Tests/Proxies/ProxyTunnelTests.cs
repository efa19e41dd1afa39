using System.Net;
using System.Net.Sockets;
using System.Text;
using Integrations.Mtproto.Proxies;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Proxies;

/// <summary>What proxies answer, byte by byte, over real sockets.</summary>
public sealed class ProxyTunnelTests : IDisposable
{
    private static readonly TelegramDc Dc = new(2, "192.0.2.7", 443);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    public ProxyTunnelTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task SOCKS_is_spoken_as_RFC_1928_and_1929_say_and_nothing_of_the_stream_is_lost()
    {
        var opening = Open(new Socks5Proxy("127.0.0.1", Port, "anna", "secret"));
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        var stream = proxy.GetStream();

        Assert.Equal("05020002", await ReadAsync(stream, 4));
        await stream.WriteAsync(Hex.Bytes("0502"), _cancel);
        Assert.Equal("0104616e6e6106736563726574", await ReadAsync(stream, 13));
        await stream.WriteAsync(Hex.Bytes("0100"), _cancel);
        Assert.Equal("05010001c000020701bb", await ReadAsync(stream, 10));
        // The answer names the proxy's own address, here by name, and the data centre's first bytes come with it.
        await stream.WriteAsync((byte[])[5, 0, 0, 3, 4, .. "host"u8, 1, 2, 0xaa, 0xbb], _cancel);

        using var pipe = await opening;
        var first = await pipe.Input.ReadAtLeastAsync(2, _cancel);
        Assert.Equal("aabb", Hex.Text(System.Buffers.BuffersExtensions.ToArray(first.Buffer)));
    }

    [Theory]
    [InlineData("192.0.2.7", "01c0000207")]
    [InlineData("2001:db8::7", "0420010db8000000000000000000000007")]
    [InlineData("dc.example", "030a64632e6578616d706c65")]
    public async Task A_data_centre_is_named_by_its_kind_of_address(string host, string address)
    {
        var opening = Open(new Socks5Proxy("127.0.0.1", Port), Dc with { Host = host });
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        var stream = proxy.GetStream();

        Assert.Equal("050100", await ReadAsync(stream, 3));
        await stream.WriteAsync(Hex.Bytes("0500"), _cancel);
        Assert.Equal($"050100{address}01bb", await ReadAsync(stream, 5 + (address.Length / 2)));
        await stream.WriteAsync(Hex.Bytes("05000001000000000000"), _cancel);

        (await opening).Dispose();
    }

    [Theory]
    [InlineData("05ff", "", "wants a user name and password")]
    [InlineData("4854", "", "is no SOCKS5 proxy")]
    [InlineData("0500", "05020001000000000000", "its rules forbid it")]
    [InlineData("0500", "05050001000000000000", "connection refused")]
    [InlineData("0500", "05640001000000000000", "reason 100")]
    [InlineData("0500", "05000009000000000000", "is no SOCKS5 proxy")]
    [InlineData("0500", "0500", "closed the connection")]
    public async Task A_SOCKS_server_that_refuses_says_why(string method, string answer, string problem)
    {
        var opening = Open(new Socks5Proxy("127.0.0.1", Port));
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        await proxy.GetStream().WriteAsync(Hex.Bytes(method + answer), _cancel);
        proxy.Client.Shutdown(SocketShutdown.Send);

        var refused = await Assert.ThrowsAsync<ProxyException>(() => opening);

        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_the_password()
    {
        var opening = Open(new Socks5Proxy("127.0.0.1", Port, "anna", "hunter2"));
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        await proxy.GetStream().WriteAsync(Hex.Bytes("05020101"), _cancel);

        var refused = await Assert.ThrowsAsync<ProxyException>(() => opening);

        Assert.Contains("refuses the user name or the password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CONNECT_is_asked_with_credentials_and_nothing_of_the_stream_is_lost()
    {
        var opening = Open(new HttpProxy("127.0.0.1", Port, "anna", "secret"), Dc with { Host = "2001:db8::7" });
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        var stream = proxy.GetStream();
        const string Asked = "CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\nProxy-Authorization: Basic YW5uYTpzZWNyZXQ=\r\n\r\n";

        Assert.Equal(Asked, Encoding.ASCII.GetString(Hex.Bytes(await ReadAsync(stream, Asked.Length))));
        await stream.WriteAsync((byte[])[.. "HTTP/1.1 200 Connection established\r\nVia: somebody\r\n\r\n"u8, 0xaa, 0xbb], _cancel);

        using var pipe = await opening;
        var first = await pipe.Input.ReadAtLeastAsync(2, _cancel);
        Assert.Equal("aabb", Hex.Text(System.Buffers.BuffersExtensions.ToArray(first.Buffer)));
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user name and password")]
    [InlineData("HTTP/1.0 401 Unauthorized\r\n\r\n", "wants a user name and password")]
    [InlineData("HTTP/1.1 403 Filtered\r\n\r\n", "it answers 403")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", "is no HTTP proxy")]
    [InlineData("HTTP/1.1 200", "closed the connection")]
    public async Task An_HTTP_proxy_that_refuses_says_why(string answer, string problem)
    {
        var opening = Open(new HttpProxy("127.0.0.1", Port));
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        await proxy.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), _cancel);
        proxy.Client.Shutdown(SocketShutdown.Send);

        Assert.Contains(problem, (await Assert.ThrowsAsync<ProxyException>(() => opening)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        var opening = Open(new HttpProxy("127.0.0.1", Port));
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);
        await proxy.GetStream().WriteAsync(new byte[64 * 1024], _cancel);

        Assert.Contains("is no HTTP proxy", (await Assert.ThrowsAsync<ProxyException>(() => opening)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_write_does_not_even_connect()
    {
        await Assert.ThrowsAsync<WriteFencedException>(
            async () => await ProxyTunnel.OpenAsync(new Socks5Proxy("127.0.0.1", Port), null, Dc, () => false, _cancel));
        Assert.False(_listener.Pending());
    }

    [Fact]
    public async Task The_addresses_that_were_found_are_tried_in_their_order_and_the_name_is_not_looked_up_again()
    {
        List<string> asked = [];

        // Nobody listens at the first; the name itself leads nowhere.
        var opening = ProxyTunnel.OpenAsync(
            new Socks5Proxy("proxy.invalid", Port),
            (host, _) =>
            {
                asked.Add(host);
                return Task.FromResult(new[] { IPAddress.Parse("127.0.0.2"), IPAddress.Loopback });
            },
            Dc,
            () => true,
            _cancel).AsTask();
        using var proxy = await _listener.AcceptTcpClientAsync(_cancel);

        Assert.Equal("050100", await ReadAsync(proxy.GetStream(), 3));
        Assert.Equal(["proxy.invalid"], asked);
        proxy.Close();
        await Assert.ThrowsAnyAsync<IOException>(() => opening);
    }

    [Fact]
    public async Task A_proxy_whose_address_is_refused_is_not_connected_to()
    {
        var refused = await Assert.ThrowsAsync<IOException>(
            async () => await ProxyTunnel.OpenAsync(new Socks5Proxy("127.0.0.1", Port), (_, _) => throw new IOException("Not there."), Dc, () => true, _cancel));

        Assert.Equal("Not there.", refused.Message);
        Assert.False(_listener.Pending());
    }

    private Task<SocketPipe> Open(TelegramProxy proxy, TelegramDc? dc = null) =>
        ProxyTunnel.OpenAsync(proxy, null, dc ?? Dc, () => true, _cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), _cancel);

    private async Task<string> ReadAsync(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, _cancel);
        return Hex.Text(bytes);
    }
}
