using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Proxies;

/// <summary>A proxy refused to pass a connection on, or answered what no proxy answers. The message holds no password.</summary>
public sealed class ProxyException(string message) : IOException(message);

/// <summary>Opens byte streams to data centres through a proxy.</summary>
internal static class ProxyTunnel
{
    /// <summary>More than any proxy says before a connection stands.</summary>
    private const int LongestAnswer = 16 * 1024;

    /// <summary>A stream to the data centre, or for a proxy of Telegram's own kind to the proxy, which needs to hear the data centre's number first.</summary>
    /// <exception cref="ProxyException">The proxy does not let us through.</exception>
    public static async ValueTask<SocketPipe> OpenAsync(
        TelegramProxy proxy, Func<string, CancellationToken, Task<IPAddress[]>>? find, TelegramDc dc, Func<bool> mayWrite, CancellationToken cancellationToken)
    {
        var pipe = find is null
            ? await SocketPipe.ConnectAsync(proxy.Host, proxy.Port, mayWrite, cancellationToken)
            : await ReachAsync(proxy, await find(proxy.Host, cancellationToken), mayWrite, cancellationToken);
        try
        {
            switch (proxy)
            {
                case Socks5Proxy socks:
                    await PassSocksAsync(pipe, socks, dc, cancellationToken);
                    break;
                case HttpProxy http:
                    await PassHttpAsync(pipe, http, dc, cancellationToken);
                    break;
                default:
                    break;
            }

            return pipe;
        }
        catch
        {
            pipe.Dispose();
            throw;
        }
    }

    /// <summary>The first of the addresses that answers: the name is not asked for again, for it might lead elsewhere by now.</summary>
    private static async ValueTask<SocketPipe> ReachAsync(TelegramProxy proxy, IPAddress[] addresses, Func<bool> mayWrite, CancellationToken cancellationToken)
    {
        SocketException? last = null;
        foreach (var address in addresses)
        {
            try
            {
                return await SocketPipe.ConnectAsync(address.ToString(), proxy.Port, mayWrite, cancellationToken);
            }
            catch (SocketException e)
            {
                last = e;
            }
        }

        throw last ?? (Exception)new ProxyException($"{proxy} has no address.");
    }

    private static async Task PassSocksAsync(SocketPipe pipe, Socks5Proxy proxy, TelegramDc dc, CancellationToken cancellationToken)
    {
        // RFC 1928, section 3: which ways to identify ourselves we know.
        var hasLogin = proxy.Username is not null;
        await pipe.Output.WriteAsync(hasLogin ? new byte[] { 5, 2, 0, 2 } : new byte[] { 5, 1, 0 }, cancellationToken);
        var chosen = await ReadAsync(pipe, 2, cancellationToken);
        if (chosen[0] != 5)
            throw new ProxyException($"{proxy} is no SOCKS5 proxy.");
        switch (chosen[1])
        {
            case 0:
                break;
            case 2 when hasLogin:
                await IdentifyAsync(pipe, proxy, cancellationToken);
                break;
            default:
                throw new ProxyException(hasLogin ? $"{proxy} takes no user name and password." : $"{proxy} wants a user name and password.");
        }

        await pipe.Output.WriteAsync(SocksRequest(dc), cancellationToken);
        // Section 6: the address that stands in the answer is of no use to us, but it must be read.
        var answer = await ReadAsync(pipe, 4, cancellationToken);
        if (answer[0] != 5)
            throw new ProxyException($"{proxy} is no SOCKS5 proxy.");
        if (answer[1] != 0)
            throw new ProxyException($"{proxy} does not connect to data centre {dc.Id}: {SocksReason(answer[1])}.");
        var rest = answer[3] switch
        {
            1 => 4,
            3 => (await ReadAsync(pipe, 1, cancellationToken))[0],
            4 => 16,
            _ => throw new ProxyException($"{proxy} is no SOCKS5 proxy."),
        };
        _ = await ReadAsync(pipe, rest + 2, cancellationToken);
    }

    // RFC 1929, section 2.
    private static async Task IdentifyAsync(SocketPipe pipe, Socks5Proxy proxy, CancellationToken cancellationToken)
    {
        var (user, password) = (Encoding.UTF8.GetBytes(proxy.Username!), Encoding.UTF8.GetBytes(proxy.Password ?? ""));
        await pipe.Output.WriteAsync((byte[])[1, (byte)user.Length, .. user, (byte)password.Length, .. password], cancellationToken);
        if ((await ReadAsync(pipe, 2, cancellationToken))[1] != 0)
            throw new ProxyException($"{proxy} refuses the user name or the password.");
    }

    private static byte[] SocksRequest(TelegramDc dc)
    {
        byte[] address = IPAddress.TryParse(dc.Host, out var ip)
            ? [(byte)(ip.AddressFamily is AddressFamily.InterNetworkV6 ? 4 : 1), .. ip.GetAddressBytes()]
            : [3, (byte)Encoding.ASCII.GetByteCount(dc.Host), .. Encoding.ASCII.GetBytes(dc.Host)];
        var port = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)dc.Port);
        return [5, 1, 0, .. address, .. port];
    }

    private static string SocksReason(byte code) => code switch
    {
        1 => "general failure",
        2 => "its rules forbid it",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "it took too long",
        7 => "it cannot connect for others",
        8 => "it does not know this kind of address",
        _ => string.Create(CultureInfo.InvariantCulture, $"reason {code}"),
    };

    private static async Task PassHttpAsync(SocketPipe pipe, HttpProxy proxy, TelegramDc dc, CancellationToken cancellationToken)
    {
        var host = dc.Host.Contains(':', StringComparison.Ordinal) ? $"[{dc.Host}]" : dc.Host;
        var login = proxy.Username is { } user
            ? $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{proxy.Password}"))}\r\n"
            : "";
        var request = string.Create(CultureInfo.InvariantCulture, $"CONNECT {host}:{dc.Port} HTTP/1.1\r\nHost: {host}:{dc.Port}\r\n{login}\r\n");
        await pipe.Output.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
        var head = await ReadHeadAsync(pipe, proxy, cancellationToken);
        var words = head.Split(' ', 3);
        if (words is not [['H', 'T', 'T', 'P', '/', ..], { Length: 3 } status, ..])
            throw new ProxyException($"{proxy} is no HTTP proxy.");
        // 401 is what some proxies answer where RFC 9110 says 407.
        if (status is "407" or "401")
            throw new ProxyException(proxy.Username is null ? $"{proxy} wants a user name and password." : $"{proxy} refuses the user name or the password.");
        if (status[0] != '2')
            throw new ProxyException($"{proxy} does not connect to data centre {dc.Id}: it answers {status}.");
    }

    /// <summary>Reads up to the empty line, and nothing of what follows it.</summary>
    private static async Task<string> ReadHeadAsync(SocketPipe pipe, HttpProxy proxy, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.Input.ReadAsync(cancellationToken);
            if (TryReadHead(result.Buffer, out var head, out var end))
            {
                pipe.Input.AdvanceTo(end);
                return head;
            }

            var length = result.Buffer.Length;
            pipe.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
                throw new ProxyException($"{proxy} closed the connection.");
            if (length > LongestAnswer)
                throw new ProxyException($"{proxy} is no HTTP proxy.");
        }
    }

    private static bool TryReadHead(ReadOnlySequence<byte> received, out string head, out SequencePosition end)
    {
        var reader = new SequenceReader<byte>(received);
        var found = reader.TryReadTo(out ReadOnlySequence<byte> bytes, "\r\n\r\n"u8);
        (head, end) = (found ? Encoding.Latin1.GetString(bytes) : "", reader.Position);
        return found;
    }

    private static async Task<byte[]> ReadAsync(SocketPipe pipe, int count, CancellationToken cancellationToken)
    {
        var result = await pipe.Input.ReadAtLeastAsync(count, cancellationToken);
        if (result.Buffer.Length < count)
            throw new ProxyException("The proxy closed the connection before it stood.");
        var answer = result.Buffer.Slice(0, count).ToArray();
        pipe.Input.AdvanceTo(result.Buffer.GetPosition(count));
        return answer;
    }
}
