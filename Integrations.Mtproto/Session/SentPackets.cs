using System.Runtime.InteropServices;

namespace Integrations.Mtproto.Session;

/// <summary>The last packets sent, so that what the server says of one can be applied to the messages in it.</summary>
internal sealed class SentPackets
{
    /// <summary>Complaints come within a round trip or two; more than so many packets are not under way.</summary>
    private const int Kept = 64;

    private readonly Queue<Packet> _packets = new();

    public void Add(long packetId, OutgoingMessage[] messages)
    {
        _packets.Enqueue(new Packet(packetId, messages));
        if (_packets.Count > Kept)
            _packets.Dequeue();
    }

    /// <summary>The messages that an id names: all of a container's, or the one message; empty when it was never ours or long ago.</summary>
    public IReadOnlyList<OutgoingMessage> Find(long messageId)
    {
        foreach (var packet in _packets)
        {
            if (packet.Id == messageId)
                return packet.Messages;
            foreach (var message in packet.Messages)
            {
                if (message.MessageId == messageId)
                    return [message];
            }
        }

        return [];
    }

    public void Restart() => _packets.Clear();

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Packet(long Id, OutgoingMessage[] Messages);
}
