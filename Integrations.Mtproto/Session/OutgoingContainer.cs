using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

/// <summary>Gathers what goes out together: one message as it stands, several in a msg_container.</summary>
/// <remarks>A container is accepted or rejected whole, and its id is higher than all ids in it.</remarks>
internal sealed class OutgoingContainer
{
    /// <summary>Under the protocol's 1024, as TDLib has it.</summary>
    private const int MaxMessages = 1000;

    /// <summary>Beyond it nothing is added; one larger message still goes, alone.</summary>
    private const int MaxBytes = 1 << 15;

    /// <summary>msg_id, seqno and length before each message.</summary>
    private const int HeaderSize = 16;

    private readonly List<OutgoingMessage> _messages = [];
    private int _bytes;

    public List<OutgoingMessage> Messages => _messages;

    public bool IsEmpty => _messages.Count == 0;

    public void Clear()
    {
        _messages.Clear();
        _bytes = 0;
    }

    public bool TryAdd(OutgoingMessage message)
    {
        var size = HeaderSize + message.Body.Length;
        if (_messages.Count > 0 && (_messages.Count == MaxMessages || _bytes + size > MaxBytes))
            return false;
        _messages.Add(message);
        _bytes += size;
        return true;
    }

    /// <summary>Numbers the messages and writes the body of the packet.</summary>
    public (long MessageId, int SequenceNumber) Build(MessageIdSource ids, SequenceNumbers numbers, TlWriter writer)
    {
        if (_messages is [var only])
        {
            only.MessageId = only.PacketId = ids.Next();
            writer.WriteRaw(only.BodyUnder(only.MessageId).Span);
            return (only.MessageId, numbers.Next(only.IsContentRelated));
        }

        writer.WriteUInt32(MsgContainer.Id);
        writer.WriteInt32(_messages.Count);
        foreach (var message in _messages)
        {
            message.MessageId = ids.Next();
            writer.WriteInt64(message.MessageId);
            writer.WriteInt32(numbers.Next(message.IsContentRelated));
            writer.WriteInt32(message.Body.Length);
            writer.WriteRaw(message.Body.Span);
        }

        var containerId = ids.Next();
        foreach (var message in _messages)
            message.PacketId = containerId;
        return (containerId, numbers.Next(contentRelated: false));
    }
}
