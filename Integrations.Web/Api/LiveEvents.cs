using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Integrations.Web.SignIn;

namespace Integrations.Web.Api;

/// <summary>What happened, as the Api's event stream told it.</summary>
internal sealed record LiveEvent(string Type, JsonElement Data)
{
    /// <summary>An id among the event's data; null where it has none of this name.</summary>
    public Guid? Id(string name) =>
        Data.ValueKind is JsonValueKind.Object && Data.TryGetProperty(name, out var id) && id.ValueKind is JsonValueKind.String && id.TryGetGuid(out var value)
            ? value
            : null;
}

/// <summary>
/// The event stream of one circuit: opened with the first subscriber, followed by position over reconnects, closed with the circuit.
/// Besides the Api's own events its subscribers hear <see cref="Opened"/> and <see cref="Interrupted"/>.
/// </summary>
internal sealed partial class LiveEvents(IHttpClientFactory clients, SessionToken session, TimeProvider time, ILogger<LiveEvents> logger) : IAsyncDisposable
{
    /// <summary>The named client without a total timeout, since a stream has no end.</summary>
    public const string HttpClientName = "events";

    /// <summary>The Api's first word on a stream: whatever happened before the stream stood is to be read again.</summary>
    public const string Opened = "ready";

    /// <summary>The stream broke and is being opened again; until <see cref="Opened"/> nothing is live.</summary>
    public const string Interrupted = "interrupted";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Action<LiveEvent>> _subscribers = [];
    private Task? _reading;
    private string? _position;

    /// <summary>
    /// Calls back for every event until disposed; the callback only takes note, for the stream waits for it.
    /// An event of type <c>reset</c> means: read everything again.
    /// </summary>
    public IDisposable Subscribe(Action<LiveEvent> subscriber)
    {
        lock (_subscribers)
        {
            _subscribers.Add(subscriber);
            _reading ??= FollowAsync(_stop.Token);
        }

        return new Subscription(this, subscriber);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_reading is not null)
            await _reading;
        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
            {
                LogInterrupted(e);
                Tell(new LiveEvent(Interrupted, default));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session.Value);
        if (_position is not null)
            request.Headers.Add("Last-Event-ID", _position);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var parser = SseParser.Create(body);
        await foreach (var item in parser.EnumerateAsync(cancellationToken))
        {
            if (item.Data.Length == 0)
                continue;
            using var data = JsonDocument.Parse(item.Data);
            Tell(new LiveEvent(item.EventType, data.RootElement.Clone()));
            _position = parser.LastEventId;
        }
    }

    private void Tell(LiveEvent received)
    {
        Action<LiveEvent>[] subscribers;
        lock (_subscribers)
            subscribers = [.. _subscribers];
        foreach (var subscriber in subscribers)
            subscriber(received);
    }

    private void Remove(Action<LiveEvent> subscriber)
    {
        lock (_subscribers)
            _subscribers.Remove(subscriber);
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "The event stream was interrupted; it is opened again")]
    private partial void LogInterrupted(Exception exception);

    private sealed class Subscription(LiveEvents events, Action<LiveEvent> subscriber) : IDisposable
    {
        public void Dispose() => events.Remove(subscriber);
    }
}
