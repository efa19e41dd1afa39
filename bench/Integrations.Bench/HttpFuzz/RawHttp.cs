using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Integrations.Bench.HttpFuzz;

/// <summary>One answer as it came. A stream of events has no body here: it would never end.</summary>
internal sealed record RawAnswer(int Status, string Head, byte[] Body)
{
    public bool Announces => Header("Retry-After") is not null;

    public string? Header(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}

/// <summary>
/// A connection that sends any bytes as a request: a proper client would put right, or refuse, most of what is sent here. Kept open while the server
/// keeps it.
/// </summary>
internal sealed class RawHttp(Uri address) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private TcpClient? _client;
    private int _start;
    private int _end;

    /// <summary>Sends and reads the whole answer.</summary>
    /// <returns>Null when the server closed the connection without a word, as it may for what is not HTTP.</returns>
    public async Task<RawAnswer?> AskAsync(byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            var fresh = _client is null;
            var answer = await TryAsync(request, cancellationToken);
            // A kept connection may have been closed meanwhile, without having read anything.
            return answer is null && !fresh ? await TryAsync(request, cancellationToken) : answer;
        }
        catch
        {
            Close();
            throw;
        }
    }

    public void Dispose() => Close();

    private async Task<RawAnswer?> TryAsync(byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            if (_client is null)
            {
                _client = new TcpClient { NoDelay = true };
                await _client.ConnectAsync(address.Host, address.Port, cancellationToken);
                _start = _end = 0;
            }

            var stream = _client.GetStream();
            await stream.WriteAsync(request, cancellationToken);
            return await ReadAnswerAsync(stream, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Close();
            return null;
        }
    }

    private async Task<RawAnswer?> ReadAnswerAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = await ReadHeadAsync(stream, cancellationToken);
        if (head is null)
        {
            Close();
            return null;
        }

        var answer = new RawAnswer(int.Parse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture), head, []);
        if (answer.Status == 100)
            return await ReadAnswerAsync(stream, cancellationToken);
        if (answer.Header("Content-Type")?.StartsWith("text/event-stream", StringComparison.Ordinal) == true || answer.Status == 101)
        {
            Close();
            return answer;
        }

        var body = new MemoryStream();
        if (answer.Status is not (204 or 304))
        {
            if (string.Equals(answer.Header("Transfer-Encoding"), "chunked", StringComparison.OrdinalIgnoreCase))
                await ReadChunksAsync(stream, body, cancellationToken);
            else if (answer.Header("Content-Length") is { } length)
                await CopyAsync(stream, body, long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture), cancellationToken);
            else
                await CopyAsync(stream, body, long.MaxValue, cancellationToken);
        }

        if (string.Equals(answer.Header("Connection"), "close", StringComparison.OrdinalIgnoreCase))
            Close();
        return answer with { Body = body.ToArray() };
    }

    private async Task<string?> ReadHeadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        while (await ReadByteAsync(stream, cancellationToken) is >= 0 and var next)
        {
            head.Append((char)next);
            if (next == '\n' && head.Length >= 4 && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
                return head.ToString();
        }

        return null;
    }

    private async Task ReadChunksAsync(NetworkStream stream, MemoryStream body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = new StringBuilder();
            while (await ReadByteAsync(stream, cancellationToken) is >= 0 and not '\n' and var next)
                line.Append((char)next);
            var size = int.Parse(line.ToString().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            await CopyAsync(stream, body, size, cancellationToken);
            await CopyAsync(stream, Stream.Null, 2, cancellationToken);
            if (size == 0)
                return;
        }
    }

    private async Task CopyAsync(NetworkStream stream, Stream to, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (_start == _end && !await FillAsync(stream, cancellationToken))
                return;
            var part = (int)Math.Min(count, _end - _start);
            to.Write(_buffer, _start, part);
            _start += part;
            count -= part;
        }
    }

    private async ValueTask<int> ReadByteAsync(NetworkStream stream, CancellationToken cancellationToken) =>
        _start < _end || await FillAsync(stream, cancellationToken) ? _buffer[_start++] : -1;

    private async ValueTask<bool> FillAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }

    private void Close()
    {
        _client?.Dispose();
        _client = null;
    }
}
