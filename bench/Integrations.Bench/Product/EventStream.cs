using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Integrations.Bench.Product;

/// <summary>An event as it came, with the moment of its arrival.</summary>
internal sealed record ReceivedEvent(string Type, JsonNode Data, long ArrivedAt);

/// <summary>A subscription to <c>GET /api/v1/events</c> that keeps what arrives until it is waited for.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ReceivedEvent> _received = Channel.CreateBounded<ReceivedEvent>(100_000);
    private readonly TimeProvider _time;
    private readonly Task _reading;

    private EventStream(HttpClient http, Stream body, TimeProvider time)
    {
        (_http, _time) = (http, time);
        _reading = ReadAsync(body);
    }

    public static async Task<EventStream> OpenAsync(ApiClient api, TimeProvider time, CancellationToken cancellationToken)
    {
        var http = new HttpClient { BaseAddress = api.Address, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", api.Bearer);
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await http.GetAsync("api/v1/events", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        return new EventStream(http, await response.Content.ReadAsStreamAsync(cancellationToken), time);
    }

    /// <summary>The next event that fits; earlier ones that do not fit are dropped. Fails when the limit passes.</summary>
    public async Task<ReceivedEvent> WaitAsync(string what, Func<ReceivedEvent, bool> fits, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        List<string> seen = [];
        try
        {
            await foreach (var received in _received.Reader.ReadAllAsync(timeout.Token))
            {
                if (fits(received))
                    return received;
                seen.Add($"{received.Type} {received.Data.ToJsonString()}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioException($"no event for '{what}' within {limit.TotalSeconds:0.0} s; seen instead:\n  {string.Join("\n  ", seen.TakeLast(10))}");
        }

        throw new ScenarioException($"the event stream ended while waiting for '{what}'");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(Stream body)
    {
        try
        {
            await foreach (var item in SseParser.Create(body).EnumerateAsync(_stop.Token))
            {
                if (item.Data.Length > 0)
                    await _received.Writer.WriteAsync(new ReceivedEvent(item.EventType, JsonNode.Parse(item.Data)!, _time.GetTimestamp()), _stop.Token);
            }

            _received.Writer.Complete();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            // The server went away or we left: whoever waits is told that the stream ended.
            _received.Writer.TryComplete();
        }
    }
}
