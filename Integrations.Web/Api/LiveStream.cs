using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Integrations.Web.Api;

/// <summary>One event stream of the Api: opened with the first subscriber, followed by position over reconnects, closed with the last.</summary>
internal sealed partial class LiveStream(string session, IHttpClientFactory clients, TimeProvider time, ILogger<LiveStreams> logger) : IDisposable
{
    /// <summary>The named client without a total timeout, since a stream has no end.</summary>
    public const string HttpClientName = "events";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Action<LiveEvent>> _subscribers = [];
    private Task? _reading;
    private string? _position;
    private bool _interrupted;

    /// <summary>Before the next try: longer where the Api named a time.</summary>
    private TimeSpan _pause = Pause;

    /// <summary>The session has ended, or owes a second factor; nothing more comes.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Who comes while the stream is broken hears that first.</summary>
    public void Add(Action<LiveEvent> subscriber)
    {
        lock (_subscribers)
        {
            _subscribers.Add(subscriber);
            if (_interrupted)
                subscriber(new LiveEvent(LiveEvents.Interrupted, default));
            if (_reading is not null)
                return;
            // It outlives the circuit that came first, and keeps nothing of it.
            using (ExecutionContext.SuppressFlow())
                _reading = Task.Run(() => FollowAsync(_stop.Token));
        }
    }

    /// <summary>True when nobody is left.</summary>
    public bool Remove(Action<LiveEvent> subscriber)
    {
        lock (_subscribers)
        {
            _subscribers.Remove(subscriber);
            return _subscribers.Count == 0;
        }
    }

    /// <summary>Closes the stream.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await ReadAsync(cancellationToken);
                }
                catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                {
                    IsOver = true;
                    Tell(new LiveEvent(LiveEvents.SignedOut, default));
                    return;
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    // Whatever it was: a stream that ends without a word would leave every page old.
                    LogInterrupted(e);
                    Tell(new LiveEvent(LiveEvents.Interrupted, default));
                }

                await Task.Delay(_pause, time, cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The last subscriber has left, and whatever was under way broke off.
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _pause = Pause;
        using var http = clients.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session);
        if (_position is not null)
            request.Headers.Add("Last-Event-ID", _position);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter?.Delta is { } asked)
            _pause = asked;
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
        {
            _interrupted = received.Type == LiveEvents.Interrupted || (_interrupted && received.Type != LiveEvents.Opened);
            subscribers = [.. _subscribers];
        }

        foreach (var subscriber in subscribers)
            subscriber(received);
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "The event stream was interrupted; it is opened again")]
    private partial void LogInterrupted(Exception exception);
}
