using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Integrations.Bench.HttpFuzz;

/// <summary>
/// A tiny service with bugs that are known, to see that the fuzzer finds what it is for: a zero character in a field is a 500, half a surrogate
/// pair is told with the trace of a stack, and a number of more than 32 bits is never answered.
/// </summary>
internal sealed class KnownBugServer : IAsyncDisposable
{
    private const string Document =
        """
        {"paths":{"/names":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Name"},"example":{"name":"Maria","age":30}}}}}}},
         "components":{"schemas":{"Name":{"properties":{"name":{"type":"string"},"age":{"type":"integer"}}}}}}
        """;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;

    public KnownBugServer()
    {
        _listener.Start();
        Address = new Uri($"http://{_listener.LocalEndpoint}/");
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _listener.Stop();
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var buffer = new byte[256 * 1024];
                var read = await stream.ReadAsync(buffer, _stopping.Token);
                var request = Encoding.Latin1.GetString(buffer, 0, read);
                var (status, body) = request switch
                {
                    _ when request.StartsWith("GET /openapi.json ", StringComparison.Ordinal) => ("200 OK", Document),
                    _ when request.Contains("\"9223372036854775808", StringComparison.Ordinal) || request.Contains(":9223372036854775808", StringComparison.Ordinal) => ("", ""),
                    _ when request.Contains("\\u0000", StringComparison.Ordinal) => ("500 Internal Server Error", "{}"),
                    _ when request.Contains("\\ud83d\"", StringComparison.Ordinal) => ("400 Bad Request", "   at Names.Names.Add(String name)"),
                    _ => ("200 OK", "{}"),
                };
                if (status.Length == 0)
                    await Task.Delay(Timeout.Infinite, _stopping.Token);
                await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}"), _stopping.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The fuzzer has gone away, or it is over.
            }
        }
    }
}
