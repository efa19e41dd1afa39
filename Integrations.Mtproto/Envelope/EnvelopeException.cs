namespace Integrations.Mtproto.Envelope;

/// <summary>A message did not open.</summary>
/// <remarks>
/// It never says which check failed: the specification asks for one answer to all of them, so that nobody can probe the decryption
/// (core.telegram.org/mtproto/security_guidelines).
/// </remarks>
public sealed class EnvelopeException() : Exception("The message does not belong to this key and session.");
