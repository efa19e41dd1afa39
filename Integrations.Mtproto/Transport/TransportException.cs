namespace Integrations.Mtproto.Transport;

/// <summary>The byte stream cannot be read any further: not a known format, a packet over the limit, a broken checksum, a cut packet.</summary>
public sealed class TransportException(string message) : IOException(message);
