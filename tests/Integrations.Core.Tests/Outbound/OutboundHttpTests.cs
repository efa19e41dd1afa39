using System.Net;
using System.Net.Sockets;
using System.Text;
using Integrations.Core.Outbound;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Tests.Outbound;

/// <summary>Against a real server on loopback, which is all that stands behind whatever a name is said to lead to.</summary>
public sealed class OutboundHttpTests : IAsyncDisposable
{
    private static readonly IPAddress Public = IPAddress.Parse("8.8.8.8");
    private static readonly IPAddress Metadata = IPAddress.Parse("169.254.169.254");

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;
    private readonly List<IPEndPoint> _connected = [];
    private string _answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";
    private int _asked;

    public OutboundHttpTests()
    {
        _server.Start();
        _serving = ServeAsync();
    }

    private string Local => $"http://127.0.0.1:{((IPEndPoint)_server.LocalEndpoint).Port}/hook";

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving;
        _server.Dispose();
        _stopping.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("fd00:ec2::254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    public async Task A_name_that_leads_inside_is_never_connected_to(string address)
    {
        using var http = Client(new(), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]));

        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync("https://hook.example/", _cancel));

        Assert.Equal("hook.example does not lead to an address of the public internet.", refused.Message);
        Assert.Empty(_connected);
    }

    [Fact]
    public async Task One_inner_address_among_public_ones_is_enough_to_refuse()
    {
        using var http = Client(new(), (_, _) => Task.FromResult<IPAddress[]>([Public, Metadata]));

        await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync("https://hook.example/", _cancel));

        Assert.Empty(_connected);
    }

    [Fact]
    public async Task A_name_is_looked_up_once_for_a_connection_which_goes_to_the_address_that_was_checked()
    {
        var lookups = 0;
        // Whoever looks up again, after the check, is led inside.
        using var http = Client(new(), (_, _) => Task.FromResult<IPAddress[]>([++lookups == 1 ? Public : IPAddress.Loopback]));

        // The server behind the test's line does not speak TLS.
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("https://hook.example/", _cancel));
        Assert.Equal((1, new IPEndPoint(Public, 443)), (lookups, Assert.Single(_connected)));

        await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync("https://hook.example/", _cancel));
        Assert.Equal(2, lookups);
        Assert.Single(_connected);
    }

    [Fact]
    public async Task A_redirect_to_the_metadata_of_a_cloud_is_handed_back_and_not_followed()
    {
        _answer = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n";
        using var http = Client(new() { AllowLoopback = true });

        using var answer = await http.GetAsync(Local, _cancel);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal(1, _asked);
        Assert.Equal(IPAddress.Loopback, Assert.Single(_connected).Address);
    }

    [Fact]
    public async Task This_machine_is_reached_only_where_that_is_set()
    {
        using (var http = Client(new()))
            await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync(Local, _cancel));
        Assert.Equal(0, _asked);

        using (var http = Client(new() { AllowLoopback = true }))
            Assert.Equal("ok", await http.GetStringAsync(Local, _cancel));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task An_answer_without_an_end_is_not_read_to_it()
    {
        _answer = $"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{new string('x', 5000)}";
        using var http = Client(new() { AllowLoopback = true, MaxAnswer = 1024 });

        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync(Local, _cancel));

        Assert.Equal("The answer is longer than 1024 bytes.", refused.Message);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_not_waited_for()
    {
        _answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
        using var http = Client(new() { AllowLoopback = true, Timeout = TimeSpan.FromMilliseconds(300) });

        var refused = await Assert.ThrowsAsync<OutboundRefusedException>(() => http.GetAsync(Local, _cancel));

        Assert.Equal("127.0.0.1 did not answer within 0.3 s.", refused.Message);
    }

    [Fact]
    public async Task HTTP_3_which_would_connect_by_a_way_of_its_own_is_not_spoken()
    {
        using var http = Client(new() { AllowLoopback = true });
        using var request = new HttpRequestMessage(HttpMethod.Get, Local) { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var answer = await http.SendAsync(request, _cancel);

        Assert.Equal(HttpVersion.Version11, answer.Version);
    }

    [Theory]
    [InlineData("Production", false)]
    [InlineData("Development", true)]
    public async Task A_production_host_does_not_start_with_this_machine_allowed(string environment, bool starts)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Outbound:AllowLoopback"] = "true" });
        builder.AddOutbound();
        using var host = builder.Build();

        if (starts)
            await host.StartAsync(_cancel);
        else
            Assert.Contains("Outbound:AllowLoopback", (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(_cancel))).Message, StringComparison.Ordinal);
        Assert.NotNull(host.Services.GetRequiredService<ResolveHost>());
    }

    private HttpClient Client(OutboundOptions options, ResolveHost? resolve = null)
    {
        var outbound = new OutboundHttp(
            Options.Create(options),
            resolve ?? ((host, _) => throw new InvalidOperationException($"{host} was looked up.")),
            async (address, cancellationToken) =>
            {
                _connected.Add(address);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(_server.LocalEndpoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            });
        return new HttpClient(outbound.CreateHandler());
    }

    /// <summary>Says its answer to each connection's first bytes; whoever is told less than promised waits for the rest.</summary>
    private async Task ServeAsync()
    {
        var open = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await _server.AcceptTcpClientAsync(_stopping.Token);
                open.Add(client);
                var read = await client.GetStream().ReadAsync(new byte[4096], _stopping.Token);
                _asked += read > 0 ? 1 : 0;
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(_answer), _stopping.Token);
                if (_answer.Contains("Connection: close", StringComparison.Ordinal))
                    client.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            open.ForEach(client => client.Dispose());
        }
    }
}
