namespace Integrations.Mtproto.Session;

/// <summary>
/// When to ask the server for a sign of life, and when its silence means that the connection is dead. All times are monotonic.
/// </summary>
internal sealed class PingMonitor(SessionTimings timings)
{
    /// <summary>Pings without a pong, by msg_id: several may be under way.</summary>
    private readonly Dictionary<long, TimeSpan> _inFlight = [];
    private TimeSpan _nextRegular;
    private TimeSpan _lastHeard;
    private bool _unsent;

    /// <summary>A new connection: the first ping goes at once, because the server pushes nothing to a connection that said nothing.</summary>
    public void Restart(TimeSpan now)
    {
        _inFlight.Clear();
        _lastHeard = now;
        _nextRegular = now;
        _unsent = false;
    }

    /// <summary>Anything arrived that decrypts.</summary>
    public void Heard(TimeSpan now) => _lastHeard = now;

    /// <summary>A ping was put into the queue.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="jitter">0 to 1; spreads the pings of many accounts.</param>
    public void Queued(TimeSpan now, double jitter)
    {
        _unsent = true;
        _nextRegular = now + (timings.PingInterval * (0.9 + (0.1 * jitter)));
    }

    public void Sent(long messageId, TimeSpan now)
    {
        _unsent = false;
        _inFlight[messageId] = now;
    }

    /// <summary>The stream took what was sent only now; the time to answer begins here.</summary>
    public void Written(TimeSpan now)
    {
        foreach (var messageId in _inFlight.Keys)
            _inFlight[messageId] = now;
    }

    /// <summary>The pong came, or the server rejected the ping and it goes out again under another id.</summary>
    public bool Forget(long messageId) => _inFlight.Remove(messageId);

    /// <summary>When the next ping is due.</summary>
    /// <param name="oldestUnanswered">When the oldest call without any reaction was sent; null when there is none.</param>
    public TimeSpan Due(TimeSpan? oldestUnanswered)
    {
        if (_unsent || _inFlight.Count > 0 || oldestUnanswered is not { } sent)
            return _nextRegular;

        // A call that nobody reacts to is asked after soon: the regular ping would leave its caller waiting for a minute.
        var asked = (sent > _lastHeard ? sent : _lastHeard) + timings.SilenceBeforePing;
        return asked < _nextRegular ? asked : _nextRegular;
    }

    /// <summary>When the connection counts as dead, unless something is heard before; null while no ping is under way.</summary>
    public TimeSpan? DeadAt
    {
        get
        {
            if (_inFlight.Count == 0)
                return null;
            var oldest = _inFlight.Values.Min();
            return (oldest > _lastHeard ? oldest : _lastHeard) + timings.PongTimeout;
        }
    }
}
