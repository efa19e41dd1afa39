namespace Integrations.Mtproto.Crypto;

/// <summary>The server's password parameters do not pass the checks of core.telegram.org/api/srp; nothing was sent to it.</summary>
public sealed class SrpException(string message) : Exception(message);
