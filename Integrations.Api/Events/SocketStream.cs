using System.Net.WebSockets;
using System.Text.Json;
using Integrations.Api.Json;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Events;

/// <summary>Writes a stream as text frames of a WebSocket. Nothing is expected from the other side but its leaving.</summary>
internal sealed partial class SocketStream(IOptions<EventStreamOptions> options, TimeProvider time, ILogger<SocketStream> logger)
{
    /// <summary>How long a stopping host waits for the other side.</summary>
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(2);

    public async Task WriteAsync(WebSocket socket, IAsyncEnumerable<StreamItem> items, CancellationToken stopping, CancellationToken aborted)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        var listening = ListenAsync(socket, over);
        var (status, reason) = (WebSocketCloseStatus.EndpointUnavailable, "server_stopping");
        try
        {
            await foreach (var item in items.WithCancellation(over.Token))
            {
                if (item is StreamItem.End end)
                {
                    (status, reason) = (WebSocketCloseStatus.PolicyViolation, end.Reason);
                    break;
                }

                if (await SendAsync(socket, item, over.Token))
                    continue;
                (status, reason) = (WebSocketCloseStatus.PolicyViolation, "slow_reader");
                break;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The host stops, or the other side left or spoke.
        }
        catch (Exception)
        {
            // Reading events failed: the other side comes back with its position.
            socket.Abort();
            await listening;
            throw;
        }

        // What the other side did ends the stream under its own reason. Where neither the host stops nor the request is cut, it was the listening
        // that ended the reading, a moment before it ends itself.
        var spoken = over.IsCancellationRequested && !stopping.IsCancellationRequested && !aborted.IsCancellationRequested;
        if ((spoken || listening.IsCompleted) && await listening is (var itsStatus, var itsReason) && itsStatus is not null)
            (status, reason) = (itsStatus.Value, itsReason ?? "");
        await CloseAsync(socket, listening, status, reason, stopping);
    }

    /// <summary>True when the frame is out; false when the reader was too slow. The socket is cut when it does not even take its last words.</summary>
    private async Task<bool> SendAsync(WebSocket socket, StreamItem item, CancellationToken cancellationToken)
    {
        var sending = socket.SendAsync(Frame(item), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        try
        {
            await sending.WaitAsync(options.Value.SlowReader, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            LogSlowReader(options.Value.SlowReader.TotalSeconds);
            await sending.WaitAsync(options.Value.LastWords, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!sending.IsCompletedSuccessfully)
                socket.Abort();
            return false;
        }
    }

    private static byte[] Frame(StreamItem item) => JsonSerializer.SerializeToUtf8Bytes(
        item switch
        {
            StreamItem.Ready => new StreamFrame(item.Position, "ready", null, null, null),
            StreamItem.Reset => new StreamFrame(item.Position, "reset", null, null, null),
            StreamItem.Heartbeat => new StreamFrame(item.Position, "heartbeat", null, null, null),
            StreamItem.Happened { Event: var happened } => new StreamFrame(item.Position, happened.Type, happened.OccurredAt, happened.AccountId, happened.Data),
            _ => throw new ArgumentOutOfRangeException(nameof(item), item, "Not a frame."),
        },
        ApiJson.Default.StreamFrame);

    /// <summary>Reads until the other side closes or says something, which ends the stream.</summary>
    private static async Task<(WebSocketCloseStatus?, string?)> ListenAsync(WebSocket socket, CancellationTokenSource over)
    {
        var buffer = new byte[256];
        try
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            return received.MessageType is WebSocketMessageType.Close
                ? (WebSocketCloseStatus.NormalClosure, "")
                : (WebSocketCloseStatus.InvalidMessageType, "nothing_expected");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection broke, or was cut by us.
            return (null, null);
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    /// <summary>
    /// Says why it ends, and leaves the other side time to read so and to answer: a connection that is cut loses what still lies in its buffers.
    /// </summary>
    private async Task CloseAsync(WebSocket socket, Task listening, WebSocketCloseStatus status, string reason, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(options.Value.LastWords, time);
        using var hurry = stopping.Register(() => limit.CancelAfter(Parting));
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(status, reason, limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            socket.Abort();
        }

        await listening.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!listening.IsCompleted)
            socket.Abort();
        await listening;
    }

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "A WebSocket is dropped: its reader took longer than {Seconds} s")]
    private partial void LogSlowReader(double seconds);
}
