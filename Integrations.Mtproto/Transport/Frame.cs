namespace Integrations.Mtproto.Transport;

/// <summary>What a <see cref="Frame"/> carries.</summary>
public enum FrameKind
{
    /// <summary>A packet with a message, plain or encrypted.</summary>
    Payload,

    /// <summary>A four-byte error from the server.</summary>
    Error,

    /// <summary>A server's quick acknowledgement of a packet that asked for one.</summary>
    QuickAck,
}

/// <summary>One packet off the stream.</summary>
/// <param name="Kind">What it is; the other members apply accordingly.</param>
/// <param name="Payload">
/// The message, with whatever padding the format left after it. Valid until the connection's next read: it is the receive buffer itself.
/// </param>
/// <param name="Code">The error (see <see cref="TransportError"/>) or the quick-ack token.</param>
/// <param name="WantsQuickAck">The sender set the quick-ack bit of a packet to the server.</param>
public readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Payload, int Code = 0, bool WantsQuickAck = false);
