namespace Integrations.Web.Api;

/// <summary>
/// The event streams of this process: one for each session, however many windows it has open. Every stream costs the Api a read of the database
/// at each event, and a user may have only so many.
/// </summary>
internal sealed class LiveStreams(IHttpClientFactory clients, TimeProvider time, ILogger<LiveStreams> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LiveStream> _bySession = [];

    /// <summary>Opens the session's stream or joins it; the last who leaves closes it.</summary>
    public IDisposable Subscribe(string session, Action<LiveEvent> subscriber)
    {
        lock (_lock)
        {
            if (!_bySession.TryGetValue(session, out var stream) || stream.IsOver)
                _bySession[session] = stream = new LiveStream(session, clients, time, logger);
            stream.Add(subscriber);
            return new Subscription(this, session, stream, subscriber);
        }
    }

    private void Leave(string session, LiveStream stream, Action<LiveEvent> subscriber)
    {
        lock (_lock)
        {
            if (!stream.Remove(subscriber))
                return;
            stream.Dispose();
            if (_bySession.GetValueOrDefault(session) == stream)
                _bySession.Remove(session);
        }
    }

    private sealed class Subscription(LiveStreams streams, string session, LiveStream stream, Action<LiveEvent> subscriber) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                streams.Leave(session, stream, subscriber);
        }
    }
}
