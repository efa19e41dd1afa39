namespace Integrations.Mtproto.Transport;

/// <summary>How packets are cut out of the TCP stream (core.telegram.org/mtproto/mtproto-transports).</summary>
public enum TransportFormat
{
    /// <summary>One or four bytes of length, counted in words.</summary>
    Abridged,

    /// <summary>Four bytes of length.</summary>
    Intermediate,

    /// <summary>Four bytes of length, and up to 15 random bytes after the payload.</summary>
    PaddedIntermediate,

    /// <summary>Length, sequence number and CRC32.</summary>
    Full,
}
