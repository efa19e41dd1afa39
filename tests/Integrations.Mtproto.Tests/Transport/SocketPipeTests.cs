using System.Net;
using System.Net.Sockets;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Transport;

public sealed class SocketPipeTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SocketPipeTests() => _listener.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    [Fact]
    public async Task Packets_travel_over_tcp()
    {
        using var pipe = await SocketPipe.ConnectAsync("127.0.0.1", Port, () => true, Token);
        using var accepted = SocketPipe.FromSocket(await _listener.AcceptSocketAsync(Token));
        using var client = FrameConnection.Connect(pipe, TransportFormat.Abridged, obfuscated: false, SystemRandomSource.Instance);
        await client.WriteAsync(Hex.Sequence(2_000_000), Token);

        using var server = await FrameConnection.AcceptAsync(accepted, SystemRandomSource.Instance, cancellationToken: Token);
        var frame = await server!.ReadAsync(Token);

        Assert.Equal(Hex.Sequence(2_000_000), frame?.Payload.ToArray());
        await client.CloseAsync();
        Assert.Null(await server.ReadAsync(Token));
    }

    [Fact]
    public async Task A_fallen_fence_aborts_the_socket_and_not_one_byte_leaves()
    {
        var fence = true;
        using var pipe = await SocketPipe.ConnectAsync("127.0.0.1", Port, () => fence, Token);
        using var socket = await _listener.AcceptSocketAsync(Token);
        using var client = FrameConnection.Connect(pipe, TransportFormat.Intermediate, obfuscated: false, SystemRandomSource.Instance);
        await client.WriteAsync(Hex.Sequence(20), Token);
        var received = new byte[64];
        Assert.Equal(28, await socket.ReceiveAsync(received, Token));

        fence = false;
        await Assert.ThrowsAsync<WriteFencedException>(async () => await client.WriteAsync(Hex.Sequence(20), Token));

        var error = await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(received, Token));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task The_fence_is_asked_again_between_the_parts_of_one_packet()
    {
        var asked = 0;
        using var pipe = await SocketPipe.ConnectAsync("127.0.0.1", Port, () => Interlocked.Increment(ref asked) <= 3, Token);
        using var socket = await _listener.AcceptSocketAsync(Token);
        using var client = FrameConnection.Connect(pipe, TransportFormat.Intermediate, obfuscated: false, SystemRandomSource.Instance);

        await Assert.ThrowsAsync<WriteFencedException>(async () => await client.WriteAsync(new byte[1 << 20], Token));

        var total = 0;
        var received = new byte[1 << 20];
        try
        {
            while (await socket.ReceiveAsync(received, Token) is > 0 and var count)
                total += count;
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }

        Assert.InRange(total, 0, 3 * 16 * 1024);
    }

    [Fact]
    public async Task An_abort_ends_a_pending_read()
    {
        using var pipe = await SocketPipe.ConnectAsync("127.0.0.1", Port, () => true, Token);
        using var client = FrameConnection.Connect(pipe, TransportFormat.Intermediate, obfuscated: false, SystemRandomSource.Instance);
        var read = client.ReadAsync(Token).AsTask();

        client.Abort();

        await Assert.ThrowsAnyAsync<Exception>(() => read.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.True(read.IsFaulted || read.IsCanceled);
    }

    public void Dispose() => _listener.Dispose();
}
