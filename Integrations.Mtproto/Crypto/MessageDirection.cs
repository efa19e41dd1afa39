namespace Integrations.Mtproto.Crypto;

/// <summary>Who sent an encrypted message; the key material differs between the two (x = 0 and x = 8 of the specification).</summary>
public enum MessageDirection
{
    /// <summary>From the client to the server (x = 0).</summary>
    ClientToServer,

    /// <summary>From the server to the client (x = 8).</summary>
    ServerToClient,
}
