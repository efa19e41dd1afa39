namespace Integrations.Mtproto.Session;

/// <summary>Ids of the last messages received in this session, against replays (core.telegram.org/mtproto/security_guidelines#checking-msg-id).</summary>
internal sealed class ReplayWindow
{
    /// <summary>Twice the part that is always remembered: the older half goes when it is full.</summary>
    private const int Capacity = 1024;

    /// <summary>Sorted. Ids mostly arrive in order, so that an addition is at the end.</summary>
    private readonly List<long> _ids = [];

    /// <summary>Nothing at or below it is accepted any more.</summary>
    private long _floor = long.MinValue;

    /// <summary>Remembers an id; false when it was received before, or is too old to tell.</summary>
    public bool TryAdd(long messageId)
    {
        if (messageId <= _floor)
            return false;
        var index = _ids.BinarySearch(messageId);
        if (index >= 0)
            return false;

        _ids.Insert(~index, messageId);
        if (_ids.Count >= Capacity)
        {
            _floor = _ids[(Capacity / 2) - 1];
            _ids.RemoveRange(0, Capacity / 2);
        }

        return true;
    }

    /// <summary>The status byte of msgs_state_info: 1 nothing known (too old), 2 not received, 3 not received (too new), 4 received.</summary>
    public byte StatusOf(long messageId)
    {
        if (messageId <= _floor)
            return 1;
        if (_ids.BinarySearch(messageId) >= 0)
            return 4;
        return _ids.Count > 0 && messageId > _ids[^1] ? (byte)3 : (byte)2;
    }

    public bool Contains(long messageId) => messageId <= _floor || _ids.BinarySearch(messageId) >= 0;

    public void Restart()
    {
        _ids.Clear();
        _floor = long.MinValue;
    }
}
