using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Integrations.Mtproto;
using Integrations.Mtproto.Proxies;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Server;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.Proxies;

/// <summary>The client library at the sandbox through proxies: Debian's microsocks and tinyproxy, and one of Telegram's own kind.</summary>
public sealed class ProxyTests : ServerTest
{
    private const string Secret = "00112233445566778899aabbccddeeff";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Through_SOCKS5_with_a_password()
    {
        var port = FreePort.Next();
        using var server = await StartAsync("microsocks", port, "-i", "127.0.0.1", "-p", $"{port}", "-u", "anna", "-P", "right");

        await TalkAsync(new Socks5Proxy("127.0.0.1", port, "anna", "right"));
        await RefusedAsync(new Socks5Proxy("127.0.0.1", port, "anna", "wrong"), "refuses the user name or the password");
        await RefusedAsync(new Socks5Proxy("127.0.0.1", port), "wants a user name and password");
    }

    [Fact]
    public async Task Through_an_HTTP_proxy_with_a_password()
    {
        var port = FreePort.Next();
        var settings = Path.GetTempFileName();
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"Port {port}\nListen 127.0.0.1\nBasicAuth anna right\nAllow 127.0.0.1\nLogLevel Critical\n"), _cancel);
        using var server = await StartAsync("tinyproxy", port, "-d", "-c", settings);

        await TalkAsync(new HttpProxy("127.0.0.1", port, "anna", "right"));
        await RefusedAsync(new HttpProxy("127.0.0.1", port, "anna", "wrong"), "refuses the user name or the password");
        await RefusedAsync(new HttpProxy("127.0.0.1", port), "wants a user name and password");
        File.Delete(settings);
    }

    [Theory]
    [InlineData(Secret)]
    [InlineData("dd" + Secret)]
    public async Task Through_a_proxy_of_Telegrams_own_kind(string secret)
    {
        await using var relay = new ARelay(Sandbox, Convert.FromHexString(Secret));

        await TalkAsync(new MtprotoProxy("127.0.0.1", relay.Port, Convert.FromHexString(secret)));

        Assert.Equal([SandboxTelegram.MainDc], relay.Asked.Distinct());
        await using var stranger = Client(new MtprotoProxy("127.0.0.1", relay.Port, Convert.FromHexString(Secret[2..] + "00")));
        await Assert.ThrowsAnyAsync<IOException>(() => stranger.ConnectAsync(_cancel).WaitAsync(Deadline, _cancel));
        Assert.True(relay.Refused > 0);
    }

    [Fact]
    public async Task Telethon_finds_the_same_way_through_the_same_proxy()
    {
        await using var relay = new ARelay(Sandbox, Convert.FromHexString(Secret));
        var key = Path.GetTempFileName();
        await File.WriteAllTextAsync(key, Sandbox.PublicKeyPem, _cancel);
        const string Script =
            """
            import asyncio, sys
            from telethon import TelegramClient, functions
            from telethon.crypto import rsa
            from telethon.network import ConnectionTcpMTProxyIntermediate
            from telethon.sessions import MemorySession
            rsa._server_keys.clear()
            rsa.add_key(open(sys.argv[1]).read(), old=False)
            async def main():
                session = MemorySession()
                session.set_dc(2, '127.0.0.1', 1)
                client = TelegramClient(session, 1, 'hash', connection=ConnectionTcpMTProxyIntermediate,
                    proxy=('127.0.0.1', int(sys.argv[2]), sys.argv[3]), connection_retries=1)
                await client.connect()
                print((await client(functions.help.GetConfigRequest())).this_dc)
                await client.disconnect()
            asyncio.run(main())
            """;
        var start = new ProcessStartInfo("/usr/bin/python3") { ArgumentList = { "-c", Script, key, $"{relay.Port}", Secret }, RedirectStandardOutput = true, UseShellExecute = false };

        using var python = Process.Start(start)!;
        var said = await python.StandardOutput.ReadToEndAsync(_cancel).WaitAsync(Deadline, _cancel);

        Assert.Equal("2", said.Trim());
        Assert.Contains(SandboxTelegram.MainDc, relay.Asked);
        File.Delete(key);
    }

    private async Task TalkAsync(TelegramProxy proxy)
    {
        await using var client = Client(proxy);
        await client.ConnectAsync(_cancel).WaitAsync(Deadline, _cancel);
        var person = Sandbox.PhoneOf("anna").Owner;
        var code = await client.SendCodeAsync(person.Phone, _cancel);
        var step = await client.SignInAsync(person.Phone, code.PhoneCodeHash, person.Code, _cancel);
        Assert.Equal(person.Id, Assert.IsType<LoginStep.Done>(step).Self.Id);
        Assert.Single(Anna.Devices);
        Anna.Terminate(Anna.Devices[0].Hash);
    }

    private async Task RefusedAsync(TelegramProxy proxy, string problem)
    {
        await using var client = Client(proxy);
        var refused = await Assert.ThrowsAsync<ProxyException>(() => client.ConnectAsync(_cancel).WaitAsync(Deadline, _cancel));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    private TelegramClient Client(TelegramProxy proxy) => new(new TelegramClientOptions
    {
        Servers = OurClient.ServersOf(Sandbox),
        ApiId = 4242,
        ApiHash = "hash",
        Device = new TelegramDevice { Model = "Our client", SystemVersion = "1", AppVersion = "1" },
        SaveSession = (_, _) => Task.CompletedTask,
        FindAccessHash = (_, _) => ValueTask.FromResult<long?>(null),
        Proxy = proxy,
    });

    private async Task<Server> StartAsync(string program, int port, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        var server = new Server(Process.Start(start)!);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        limit.CancelAfter(Deadline);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return server;
            }
            catch (SocketException)
            {
                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
    }

    private sealed class Server(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }
}
