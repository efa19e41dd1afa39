namespace Integrations.Sandbox.Telegram.Server;

/// <summary>What a session remembers of the messages that its client sent: ids, sequence numbers, and what became of them.</summary>
/// <remarks>https://core.telegram.org/mtproto/service_messages_about_messages for the numbers.</remarks>
internal sealed class ReceivedMessages
{
    public const int LowMessageId = 16;
    public const int HighMessageId = 17;
    public const int BadLowBits = 18;
    public const int ContainerIdReused = 19;
    public const int TooOld = 20;
    public const int LowSequence = 32;
    public const int HighSequence = 33;
    public const int EvenSequenceExpected = 34;
    public const int OddSequenceExpected = 35;
    public const int BadServerSalt = 48;
    public const int BadContainer = 64;

    /// <summary>How far a client's clock may be behind and ahead, in seconds.</summary>
    public const int SecondsBehind = 300;
    public const int SecondsAhead = 30;

    private const int Memory = 1000;

    // By id. Accepted messages keep their sequence numbers in the order of their ids, so two neighbours decide about a new one.
    private readonly List<(long Id, int Sequence)> _received = [];

    /// <summary>The lowest id that can still be told from one that was never received; 0 while nothing was forgotten.</summary>
    private long _floor;

    /// <summary>Checks an id by itself and against the clock.</summary>
    /// <returns>0, or the number of the mistake.</returns>
    public static int CheckId(long messageId, DateTimeOffset now)
    {
        if ((messageId & 3) != 0)
            return BadLowBits;
        var ahead = (messageId >> 32) - now.ToUnixTimeSeconds();
        return ahead < -SecondsBehind ? LowMessageId : ahead > SecondsAhead ? HighMessageId : 0;
    }

    public bool Has(long messageId) => Find(messageId) >= 0;

    /// <summary>Checks a new id and its sequence number against those that were received.</summary>
    /// <returns>0, or the number of the mistake.</returns>
    public int CheckOrder(long messageId, int sequence)
    {
        if (messageId < _floor)
            return TooOld;
        var index = ~Find(messageId);
        if (index > 0 && _received[index - 1].Sequence is var before && (before > sequence || (before == sequence && IsOdd(before))))
            return LowSequence;
        if (index < _received.Count && _received[index].Sequence is var after && (after < sequence || (after == sequence && IsOdd(after))))
            return HighSequence;
        return 0;
    }

    public void Add(long messageId, int sequence)
    {
        var index = Find(messageId);
        if (index < 0)
            _received.Insert(~index, (messageId, sequence));
        if (_received.Count <= Memory + (Memory / 4))
            return;
        _received.RemoveRange(0, _received.Count - Memory);
        _floor = _received[0].Id;
    }

    /// <summary>The state of a message for <c>msgs_state_info</c>: 1 nothing known, 2 not received, 3 not received and too high, 4 received.</summary>
    public byte StateOf(long messageId)
    {
        if (Has(messageId))
            return 4;
        if (messageId < _floor)
            return 1;
        return (byte)(_received.Count > 0 && messageId > _received[^1].Id ? 3 : 2);
    }

    private int Find(long messageId)
    {
        var (low, high) = (0, _received.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_received[middle].Id == messageId)
                return middle;
            if (_received[middle].Id < messageId)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    private static bool IsOdd(int sequence) => (sequence & 1) != 0;
}
