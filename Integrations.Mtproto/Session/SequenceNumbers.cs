namespace Integrations.Mtproto.Session;

/// <summary>seq_no of outgoing messages: twice the content-related messages before it, plus one if this one is (description#message-sequence-number-msg-seqno).</summary>
internal sealed class SequenceNumbers
{
    private int _contentRelated;

    public int Next(bool contentRelated)
    {
        var number = _contentRelated * 2;
        if (!contentRelated)
            return number;
        _contentRelated++;
        return number + 1;
    }

    public void Restart() => _contentRelated = 0;
}
