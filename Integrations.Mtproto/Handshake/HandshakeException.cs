namespace Integrations.Mtproto.Handshake;

/// <summary>The key exchange cannot go on; no key was made and the whole exchange begins again on a new connection.</summary>
/// <param name="step">What was being done when a check failed, for example "check the nonce of server_DH_params_ok".</param>
public sealed class HandshakeException(string step) : Exception($"The key exchange failed: {step}.")
{
    public string Step { get; } = step;
}
