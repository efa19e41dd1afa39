using Integrations.Mtproto.Envelope;

namespace Integrations.Mtproto.Session;

/// <summary>What the server's clock shows, learnt from the ids of its messages.</summary>
/// <remarks>
/// The rule is TDLib's. An id tells when its message was made, not when it arrived, so it is a lower bound of the server's time: the
/// difference only ever grows, until the server itself says that we are ahead (<see cref="Reset"/>).
/// </remarks>
internal sealed class ServerClock(TimeProvider time, MessageIdSource ids)
{
    private static readonly TimeSpan OldestAccepted = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan NewestAccepted = TimeSpan.FromSeconds(30);

    /// <summary>An answer made this much before its question proves that our clock is ahead.</summary>
    private static readonly TimeSpan ImpossiblyEarly = TimeSpan.FromSeconds(15);

    public bool IsSynchronised { get; private set; }

    public DateTimeOffset Now => time.GetUtcNow() + ids.Offset;

    /// <summary>Takes what the key exchange or an earlier run learnt.</summary>
    public void Start(TimeSpan offset)
    {
        ids.Offset = offset;
        IsSynchronised = true;
    }

    /// <summary>Takes the time of a message that has passed every other check.</summary>
    public void Observe(long messageId)
    {
        var difference = Difference(messageId);
        if (IsSynchronised && difference <= ids.Offset)
            return;
        ids.Offset = difference;
        IsSynchronised = true;
    }

    /// <summary>Takes the time of a message as the server's time now, forward or back.</summary>
    public void Reset(long messageId)
    {
        ids.Offset = Difference(messageId);
        IsSynchronised = true;
    }

    /// <summary>Whether an answer cannot have been made after its question by our present idea of the time.</summary>
    public static bool IsImpossiblyEarly(long answerId, long questionId) =>
        MessageIdSource.ToTime(answerId) + ImpossiblyEarly < MessageIdSource.ToTime(questionId);

    /// <summary>Whether a message is recent enough not to be a replay. Everything is, until the time is known.</summary>
    public bool Accepts(long messageId)
    {
        if (!IsSynchronised)
            return true;
        var age = Now - MessageIdSource.ToTime(messageId);
        return age <= OldestAccepted && -age <= NewestAccepted;
    }

    private TimeSpan Difference(long messageId) => MessageIdSource.ToTime(messageId) - time.GetUtcNow();
}
