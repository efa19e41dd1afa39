using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Handshake;

/// <summary>The server refused with a four-byte error (see <see cref="TransportError"/>).</summary>
public sealed class TransportErrorException(int code) : IOException($"The server answered with transport error {code}.")
{
    public int Code { get; } = code;
}

/// <summary>Runs <see cref="ClientHandshake"/> over a connection that has carried nothing yet.</summary>
public static class KeyExchange
{
    /// <summary>The server sends nothing else before a key exists, so anything beyond a few stray packets is not an exchange.</summary>
    private const int MaxPackets = 32;

    /// <exception cref="HandshakeException">A check failed; the connection is of no further use.</exception>
    /// <exception cref="TransportErrorException">The server refused.</exception>
    /// <exception cref="TransportException">The stream broke or ended.</exception>
    public static async ValueTask<HandshakeResult> RunAsync(
        FrameConnection connection, ClientHandshake handshake, MessageIdSource messageIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(handshake);
        ArgumentNullException.ThrowIfNull(messageIds);

        await connection.WriteAsync(PlainMessage.Write(messageIds.Next(), handshake.Start()), cancellationToken);
        for (var packets = 0; packets < MaxPackets; packets++)
        {
            var frame = await connection.ReadAsync(cancellationToken)
                ?? throw new TransportException("The server closed the stream during the key exchange.");
            switch (frame.Kind)
            {
                case FrameKind.Error:
                    throw new TransportErrorException(frame.Code);
                case FrameKind.QuickAck:
                    continue;
                case FrameKind.Payload:
                    break;
            }

            ReadOnlyMemory<byte> body;
            try
            {
                body = PlainMessage.Read(frame.Payload, out var messageId);
                if ((messageId & 1) == 0)
                    throw new EnvelopeException();
            }
            catch (EnvelopeException)
            {
                throw new HandshakeException("read the envelope of the answer");
            }

            if (handshake.Handle(body.Span, out var result) is not { } next)
                return result!;
            await connection.WriteAsync(PlainMessage.Write(messageIds.Next(), next), cancellationToken);
        }

        throw new HandshakeException($"finish within {MaxPackets} packets");
    }
}
