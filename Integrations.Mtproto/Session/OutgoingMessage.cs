using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

/// <summary>Something to be sent: a call or a service message.</summary>
internal abstract class OutgoingMessage
{
    /// <summary>The serialised object.</summary>
    public ReadOnlyMemory<byte> Body { get; protected set; }

    /// <summary>The object as it goes out under a given id, alone in its packet: what is sealed inside it may depend on the id.</summary>
    public virtual ReadOnlyMemory<byte> BodyUnder(long messageId) => Body;

    /// <summary>Whether the server is to acknowledge it; decides the parity of its sequence number.</summary>
    public abstract bool IsContentRelated { get; }

    /// <summary>The id under which it was last sent; zero before that.</summary>
    public long MessageId { get; set; }

    /// <summary>The id of the packet that it was last sent in: its own, or the container's.</summary>
    public long PacketId { get; set; }

    /// <summary>How often the server has made us send it again.</summary>
    public int Rejections { get; set; }
}

/// <summary>What a session says for its own purposes.</summary>
internal enum ServiceKind
{
    /// <summary>msgs_ack.</summary>
    Acks,

    /// <summary>ping_delay_disconnect.</summary>
    Ping,

    /// <summary>msgs_state_req.</summary>
    StateRequest,

    /// <summary>Anything that is worth one try and no more.</summary>
    Other,
}

/// <summary>A message of the protocol itself.</summary>
internal sealed class ServiceMessage : OutgoingMessage
{
    public ServiceMessage(TlObject body, ServiceKind kind, IReadOnlyList<long>? ids = null, bool contentRelated = false)
    {
        Body = body.ToBytes();
        Kind = kind;
        Ids = ids ?? [];
        IsContentRelated = contentRelated;
    }

    public ServiceKind Kind { get; }

    public IReadOnlyList<long> Ids { get; }

    public override bool IsContentRelated { get; }
}
