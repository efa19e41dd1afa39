using System.Runtime.InteropServices;

namespace Integrations.Mtproto.Envelope;

/// <summary>What stands encrypted before the body of every message.</summary>
/// <param name="Salt">The server salt in force.</param>
/// <param name="SessionId">Random, chosen by the client for each of its sessions.</param>
/// <param name="MessageId">Roughly the unix time multiplied by 2^32, with the kind of sender in the two lowest bits.</param>
/// <param name="SequenceNumber">Twice the number of content-related messages before it, plus one if this is one of them.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MessageHeader(long Salt, long SessionId, long MessageId, int SequenceNumber);

/// <summary>A message that opened.</summary>
/// <param name="Header">The sender's header, of which only the direction's bits of the message id have been checked.</param>
/// <param name="Body">One TL object, or a container of several.</param>
public readonly record struct DecryptedMessage(MessageHeader Header, ReadOnlyMemory<byte> Body);
