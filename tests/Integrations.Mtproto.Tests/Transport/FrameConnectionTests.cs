using System.IO.Pipelines;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Transport;

public sealed class FrameConnectionTests
{
    private readonly DuplexPair _pair = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TransportFormat.Abridged, false)]
    [InlineData(TransportFormat.Intermediate, false)]
    [InlineData(TransportFormat.PaddedIntermediate, false)]
    [InlineData(TransportFormat.Full, false)]
    [InlineData(TransportFormat.Abridged, true)]
    [InlineData(TransportFormat.Intermediate, true)]
    [InlineData(TransportFormat.PaddedIntermediate, true)]
    public async Task A_server_tells_the_transport_and_both_sides_talk(TransportFormat format, bool obfuscated)
    {
        using var client = FrameConnection.Connect(_pair.Client, format, obfuscated, SystemRandomSource.Instance);
        await client.WriteAsync(Hex.Sequence(100), Token);
        using var server = await FrameConnection.AcceptAsync(_pair.Server, SystemRandomSource.Instance, cancellationToken: Token);

        Assert.NotNull(server);
        Assert.Equal((format, obfuscated), (server.Format, server.IsObfuscated));
        Assert.Equal(Hex.Sequence(100), await ReadAsync(server, 100));
        for (var size = 20; size < 100_000; size = (size * 3 / 4 * 4) + 4)
        {
            await server.WriteAsync(Hex.Sequence(size), Token);
            Assert.Equal(Hex.Sequence(size), await ReadAsync(client, size));
            await client.WriteAsync(Hex.Sequence(size, 5), Token);
            Assert.Equal(Hex.Sequence(size, 5), await ReadAsync(server, size));
        }

        await server.WriteErrorAsync(TransportError.Flood, Token);
        var error = await client.ReadAsync(Token);
        Assert.Equal((FrameKind.Error, TransportError.Flood), (error?.Kind, error?.Code));
    }

    [Theory]
    [InlineData(TransportFormat.Full, false)]
    [InlineData(TransportFormat.PaddedIntermediate, true)]
    public async Task The_transport_is_told_even_when_bytes_arrive_one_by_one(TransportFormat format, bool obfuscated)
    {
        var recorder = new DuplexPair();
        using var client = FrameConnection.Connect(recorder.Client, format, obfuscated, SystemRandomSource.Instance);
        await client.WriteAsync(Hex.Sequence(64), Token);
        await client.CloseAsync();
        var stream = await ReadAllAsync(recorder.Server.Input);

        var accepting = FrameConnection.AcceptAsync(_pair.Server, SystemRandomSource.Instance, cancellationToken: Token).AsTask();
        var dripping = Task.Run(
            async () =>
            {
                foreach (var value in stream)
                    await _pair.Client.Output.WriteAsync(new[] { value }, Token);
            },
            Token);

        using var server = await accepting;
        Assert.NotNull(server);
        Assert.Equal(Hex.Sequence(64), await ReadAsync(server, 64));
        await dripping;
    }

    [Theory]
    [InlineData("474554202f20485454502f312e310d0a")]
    [InlineData("16030102000000ff")]
    public async Task Other_protocols_on_the_port_are_refused_at_once(string bytes)
    {
        await _pair.Client.Output.WriteAsync(Hex.Bytes(bytes), Token);

        await Assert.ThrowsAsync<TransportException>(
            async () => await FrameConnection.AcceptAsync(_pair.Server, SystemRandomSource.Instance, cancellationToken: Token));
    }

    [Fact]
    public async Task A_client_that_leaves_without_a_word_is_no_error()
    {
        await _pair.Client.Output.CompleteAsync();

        Assert.Null(await FrameConnection.AcceptAsync(_pair.Server, SystemRandomSource.Instance, cancellationToken: Token));
    }

    [Fact]
    public async Task A_stream_that_ends_inside_a_packet_is_an_error_and_between_packets_is_not()
    {
        var (client, server) = await ConnectAsync();
        await client.CloseAsync();
        Assert.Null(await server.ReadAsync(Token));

        var second = new DuplexPair();
        await second.Client.Output.WriteAsync(Hex.Bytes("eeeeeeee" + "1400000001020304"), Token);
        using var cut = await FrameConnection.AcceptAsync(second.Server, SystemRandomSource.Instance, cancellationToken: Token);
        await second.Client.Output.CompleteAsync();

        await Assert.ThrowsAsync<TransportException>(async () => await cut!.ReadAsync(Token));
    }

    [Fact]
    public async Task Parallel_writers_never_mix_their_packets()
    {
        var (client, server) = await ConnectAsync(obfuscated: true);
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < 50; i++)
                    await client.WriteAsync(Enumerable.Repeat((byte)writer, 400 + (4 * i)).ToArray(), Token);
            },
            Token));

        var reading = Task.Run(
            async () =>
            {
                for (var i = 0; i < 8 * 50; i++)
                {
                    var frame = await server.ReadAsync(Token);
                    Assert.NotNull(frame);
                    Assert.Equal(-1, frame.Value.Payload.Span.IndexOfAnyExcept(frame.Value.Payload.Span[0]));
                }
            },
            Token);

        await Task.WhenAll(writers);
        await reading;
    }

    [Fact]
    public async Task An_abort_ends_a_pending_read()
    {
        var (client, _) = await ConnectAsync();
        var read = client.ReadAsync(Token).AsTask();

        client.Abort();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    private static async Task<byte[]> ReadAsync(FrameConnection connection, int size)
    {
        var frame = await connection.ReadAsync(Token);
        Assert.Equal(FrameKind.Payload, frame?.Kind);
        return frame!.Value.Payload[..size].ToArray();
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        using var stream = new MemoryStream();
        await reader.CopyToAsync(stream, Token);
        return stream.ToArray();
    }

    private async Task<(FrameConnection Client, FrameConnection Server)> ConnectAsync(bool obfuscated = false)
    {
        var client = FrameConnection.Connect(_pair.Client, TransportFormat.Intermediate, obfuscated, SystemRandomSource.Instance);
        await client.WriteAsync(Hex.Sequence(20), Token);
        var server = await FrameConnection.AcceptAsync(_pair.Server, SystemRandomSource.Instance, cancellationToken: Token);
        await ReadAsync(server!, 20);
        return (client, server!);
    }
}
