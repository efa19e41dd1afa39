using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Integrations.Api.Tests.Events;

/// <summary>The other end of the event socket.</summary>
internal sealed class SocketReader : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ClientWebSocket _socket = new();

    /// <summary>Whole frames read so far.</summary>
    public int Frames { get; private set; }

    public static async Task<SocketReader> OpenAsync(Uri address, string? token, string query = "")
    {
        var reader = new SocketReader();
        if (token is not null)
            reader._socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        var builder = new UriBuilder(address) { Scheme = "ws", Path = "/api/v1/ws", Query = query };
        await reader._socket.ConnectAsync(builder.Uri, TestContext.Current.CancellationToken);
        return reader;
    }

    public async Task<JsonObject> NextAsync() =>
        await ReadAsync() is { } text ? JsonNode.Parse(text)!.AsObject() : throw new InvalidOperationException($"Closed: {_socket.CloseStatusDescription}");

    public async Task<JsonObject> UntilAsync(string type)
    {
        while (true)
        {
            var frame = await NextAsync();
            if (frame["type"]!.ToString() == type)
                return frame;
        }
    }

    /// <summary>Reads to the end and says why it ended.</summary>
    public async Task<(WebSocketCloseStatus?, string?)> CloseAsync()
    {
        while (await ReadAsync() is not null)
        {
        }

        return (_socket.CloseStatus, _socket.CloseStatusDescription);
    }

    public Task SayAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string?> ReadAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var buffer = new byte[64 * 1024];
        using var whole = new MemoryStream();
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer, limit.Token);
            if (received.MessageType is WebSocketMessageType.Close)
                return null;

            whole.Write(buffer, 0, received.Count);
            if (!received.EndOfMessage)
                continue;
            Frames++;
            return Encoding.UTF8.GetString(whole.ToArray());
        }
    }
}
