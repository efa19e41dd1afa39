using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Events;

/// <summary>One event with its position.</summary>
internal sealed record Told(long Position, JsonNode Data);

/// <summary>Reads a stream of Server-Sent Events as a browser would, in the background.</summary>
internal sealed class SseReader : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<(SseItem<string> Item, long Position)> _items = Channel.CreateUnbounded<(SseItem<string>, long)>();
    private readonly Task _reading;
    private long _cursor;

    private SseReader(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reading = ReadAsync(body);
    }

    /// <summary>Everything that came so far.</summary>
    public ConcurrentQueue<SseItem<string>> Seen { get; } = [];

    /// <summary>The position to come back with.</summary>
    public long Cursor => Interlocked.Read(ref _cursor);

    public static async Task<SseReader> OpenAsync(TestClient client, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new SseReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    public async Task<SseItem<string>> NextAsync() => (await TakeAsync()).Item;

    /// <summary>The next event of this type that fits; others are passed over.</summary>
    public async Task<Told> UntilAsync(string? type, Predicate<JsonNode> fits)
    {
        while (true)
        {
            var (item, position) = await TakeAsync();
            var data = JsonNode.Parse(item.Data)!;
            if ((type is null || item.EventType == type) && fits(data))
                return new(position, data);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _response.Dispose();
        await _reading;
        _stop.Dispose();
    }

    private async Task<(SseItem<string> Item, long Position)> TakeAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await _items.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"Nothing more came; so far: {string.Join(" | ", Seen.Select(item => $"{item.EventType} {item.Data}"))}", e);
        }
    }

    private async Task ReadAsync(Stream body)
    {
        try
        {
            var parser = SseParser.Create(new CursorWatch(body, position => Interlocked.Exchange(ref _cursor, position)));
            await foreach (var item in parser.EnumerateAsync(_stop.Token))
            {
                Seen.Enqueue(item);
                await _items.Writer.WriteAsync((item, long.Parse(parser.LastEventId, System.Globalization.CultureInfo.InvariantCulture)), _stop.Token);
            }

            _items.Writer.Complete();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or HttpRequestException)
        {
            _items.Writer.TryComplete();
        }
    }

    /// <summary>Sees the ids that pass, those without an event too.</summary>
    private sealed class CursorWatch(Stream inner, Action<long> seen) : Stream
    {
        private string _rest = "";

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            var lines = (_rest + System.Text.Encoding.UTF8.GetString(buffer.Span[..read])).Split('\n');
            _rest = lines[^1];
            foreach (var line in lines[..^1].Where(line => line.StartsWith("id: ", StringComparison.Ordinal)))
                seen(long.Parse(line.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture));
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
