namespace Integrations.Mtproto.Transport;

/// <summary>The four-byte errors that a server sends in place of a packet, as the negative numbers of the wire.</summary>
public static class TransportError
{
    /// <summary>The server may not be used by this client.</summary>
    public const int Forbidden = -403;

    /// <summary>The authorisation key is unknown, or a handshake message did not fit.</summary>
    public const int KeyUnknown = -404;

    /// <summary>Too many connections from this address or with this key.</summary>
    public const int Flood = -429;

    /// <summary>The data centre id in the handshake is not this server's.</summary>
    public const int WrongDc = -444;
}
