namespace Integrations.Mtproto.Envelope;

/// <summary>Who makes a message id and why: its two lowest bits (core.telegram.org/mtproto/description#message-identifier-msg-id).</summary>
public enum MessageIdKind
{
    /// <summary>A client's message.</summary>
    Client = 0,

    /// <summary>A server's answer to a message of the client.</summary>
    ServerAnswer = 1,

    /// <summary>Any other message of a server.</summary>
    ServerNotice = 3,
}

/// <summary>Makes message ids: unix time times 2^32, strictly rising. Safe for several threads.</summary>
public sealed class MessageIdSource(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _last;
    private TimeSpan _offset;

    /// <summary>What to add to the local clock to get the other side's.</summary>
    public TimeSpan Offset
    {
        get
        {
            lock (_gate)
                return _offset;
        }

        set
        {
            lock (_gate)
                _offset = value;
        }
    }

    /// <summary>Seconds and fraction as a message id has them, without the kind.</summary>
    public static long FromTime(DateTimeOffset moment)
    {
        var ticks = moment.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var fraction);
        return (seconds << 32) | ((fraction << 32) / TimeSpan.TicksPerSecond & ~3L);
    }

    /// <summary>The moment that a message id names, to the second.</summary>
    public static DateTimeOffset ToTime(long messageId) => DateTimeOffset.FromUnixTimeSeconds((long)((ulong)messageId >> 32));

    public long Next(MessageIdKind kind = MessageIdKind.Client)
    {
        lock (_gate)
        {
            var now = FromTime(time.GetUtcNow() + _offset);
            _last = Math.Max(now, _last + 4);
            return _last | (long)kind;
        }
    }

    /// <summary>Forgets that ids rise, for a new session after the clock was ahead: ids of another session are not compared with ours.</summary>
    public void Restart()
    {
        lock (_gate)
            _last = 0;
    }
}
