using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Integrations.Bench.HttpFuzz;

/// <summary>
/// Opens the event stream as a WebSocket, by a ticket or a token, and misbehaves on it: frames that are none, frames of any length, half a frame,
/// nothing at all. The server has to end it, by a close frame or by closing the connection.
/// </summary>
internal sealed class SocketAttack(Uri address)
{
    private const string Socket = "/api/v1/ws";
    private const string Tickets = "/api/v1/events/ticket";

    /// <summary>For so long a client reads nothing and then is gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    /// <returns>The request with what was sent after it, and the answer to the request; its status is 0 where the connection was closed without one.</returns>
    /// <exception cref="OperationCanceledException">The server neither answered nor ended the stream in time.</exception>
    public async Task<(byte[] Request, RawAnswer? Answer)> RunAsync(RawHttp line, string? token, Random random, CancellationToken cancellationToken)
    {
        var (query, header) = await EntryAsync(line, token, random, cancellationToken);
        var key = Convert.ToBase64String(BytesOf(random, 16));
        var request = Encoding.Latin1.GetBytes(
            $"GET {Socket}{query} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {(random.Next(20) == 0 ? "7" : "13")}\r\n"
            + $"Sec-WebSocket-Key: {(random.Next(20) == 0 ? "?" : key)}\r\n{header}\r\n");
        var frames = Frames(random);
        byte[] sent = [.. request, .. frames ?? []];
        using var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(address.Host, address.Port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(request, cancellationToken);
            var head = await HeadAsync(stream, cancellationToken);
            if (head is null)
                return (sent, null);
            var answer = new RawAnswer(int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), head, []);
            if (answer.Status != 101)
                return (sent, answer);

            if (frames is null)
            {
                await Task.Delay(Silence, cancellationToken);
                return (sent, answer);
            }

            await stream.WriteAsync(frames, cancellationToken);
            if (random.Next(4) == 0)
                client.Client.Shutdown(SocketShutdown.Send);
            await UntilOverAsync(stream, cancellationToken);
            return (sent, answer);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Cut by the server, which is one way to end it.
            return (sent, null);
        }
    }

    /// <summary>By a ticket of the caller's, by one that was used, by one that never was, or by the token itself.</summary>
    private async Task<(string Query, string Header)> EntryAsync(RawHttp line, string? token, Random random, CancellationToken cancellationToken)
    {
        if (token is null || random.Next(3) == 0)
            return ($"?ticket=tkt_{System.Buffers.Text.Base64Url.EncodeToString(BytesOf(random, random.Next(40)))}", "");
        var header = $"Authorization: Bearer {token}\r\n";
        if (random.Next(2) == 0)
            return ("", header);

        var answer = await line.AskAsync(
            Encoding.Latin1.GetBytes($"POST {Tickets} HTTP/1.1\r\nHost: {address.Authority}\r\n{header}Content-Length: 0\r\n\r\n"), cancellationToken);
        return answer is { Status: 200 } && JsonNode.Parse(answer.Body)?["ticket"]?.ToString() is { } ticket ? ($"?ticket={ticket}", "") : ("", header);
    }

    /// <summary>Null for a client that only keeps quiet.</summary>
    private static byte[]? Frames(Random random) => random.Next(13) switch
    {
        // Not masked, as every client must.
        0 => [0x81, 0x05, .. "hello"u8],
        // Reserved bits, reserved kinds.
        1 => [(byte)(0x81 | (random.Next(1, 8) << 4)), 0x80, .. Mask(random)],
        2 => [(byte)(0x80 | (random.Next(2) == 0 ? random.Next(3, 8) : random.Next(11, 16))), 0x80, .. Mask(random)],
        // A ping that is too long, one in pieces, and a piece without a beginning.
        3 => [0x89, 0xFE, 0x00, 0x7E, .. Mask(random), .. new byte[126]],
        4 => [0x09, 0x80, .. Mask(random), 0x80, 0x80, .. Mask(random)],
        5 => [0x80, 0x81, .. Mask(random), 0x00],
        // Lengths that nobody has memory for.
        6 => Long(random, long.MaxValue),
        7 => Long(random, -1),
        8 => Long(random, 1L << 32),
        // Much, and no text.
        9 => [0x81, 0xFE, 0xFF, 0xFF, .. Mask(random), .. BytesOf(random, 65_535)],
        // Ways to say good-bye that are none.
        10 => [0x88, 0x81, .. Mask(random), 0x03],
        11 => [0x88, 0x82, 0, 0, 0, 0, 0x00, (byte)random.Next(256)],
        _ => null,
    };

    private static byte[] Long(Random random, long length)
    {
        var size = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(size, length);
        return [0x82, 0xFF, .. size, .. Mask(random), .. BytesOf(random, 4096)];
    }

    private static byte[] Mask(Random random) => BytesOf(random, 4);

    private static byte[] BytesOf(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task<string?> HeadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (await stream.ReadAsync(next, cancellationToken) == 1)
        {
            head.Append((char)next[0]);
            if (head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
                return head.ToString();
        }

        return null;
    }

    /// <summary>Reads frames until one closes the stream, or the connection ends.</summary>
    private static async Task UntilOverAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new byte[2];
        while (await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken) == 2 && (head[0] & 0x0F) != 0x08)
        {
            var length = head[1] & 0x7F;
            if (length >= 126)
            {
                var size = new byte[length == 126 ? 2 : 8];
                await stream.ReadExactlyAsync(size, cancellationToken);
                length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(size) : checked((int)BinaryPrimitives.ReadInt64BigEndian(size));
            }

            await stream.ReadExactlyAsync(new byte[length], cancellationToken);
        }
    }
}
