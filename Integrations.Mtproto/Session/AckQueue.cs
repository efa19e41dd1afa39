namespace Integrations.Mtproto.Session;

/// <summary>Ids of content-related messages that the server still waits to see acknowledged.</summary>
internal sealed class AckQueue
{
    /// <summary>So many are sent even when there is nothing to send them with.</summary>
    private const int Batch = 16;

    /// <summary>The protocol's limit for one msgs_ack.</summary>
    private const int MaxIds = 8192;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly List<long> _ids = [];
    private TimeSpan _oldest;

    /// <param name="messageId">What was received.</param>
    /// <param name="now">Monotonic time.</param>
    public void Add(long messageId, TimeSpan now)
    {
        if (_ids.Count == 0)
            _oldest = now;
        _ids.Add(messageId);
    }

    /// <summary>When they have to go out by themselves; null while there are none.</summary>
    public TimeSpan? Due => _ids.Count == 0 ? null : _ids.Count >= Batch ? TimeSpan.Zero : _oldest + LongestWait;

    /// <summary>Takes what fits one message; empty when there is nothing.</summary>
    public long[] Take()
    {
        var taken = _ids[..Math.Min(_ids.Count, MaxIds)].ToArray();
        _ids.RemoveRange(0, taken.Length);
        return taken;
    }

    public void Restart() => _ids.Clear();
}
