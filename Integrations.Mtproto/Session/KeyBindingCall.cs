using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

/// <summary>The call that puts a temporary key in the place of the permanent one. Until it is answered no other call goes out.</summary>
/// <remarks>
/// Its proof names the message and session that it goes out in, so it is made anew whenever it is sent. Everything but a yes ends the
/// connection: a session that could neither speak nor end would leave its callers waiting.
/// </remarks>
/// <param name="create">Makes the proof for a message id.</param>
/// <param name="bound">Told of the yes.</param>
internal sealed class KeyBindingCall(Func<long, AuthBindTempAuthKey> create, Action bound) : PendingCall(create(0), default)
{
    public override ReadOnlyMemory<byte> BodyUnder(long messageId) => create(messageId).ToBytes();

    public override bool Answer(ReadOnlyMemory<byte> result)
    {
        bool isYes;
        try
        {
            var reader = new TlReader(result.Span);
            isYes = reader.ReadBool();
        }
        catch (TlException e)
        {
            throw new KeyBindingRefusedException(e);
        }

        if (!isYes)
            throw new KeyBindingRefusedException(null);
        bound();
        return false;
    }

    /// <exception cref="KeyBindingRefusedException">Always, but at the end of the session, which concerns nobody here.</exception>
    public override bool Fail(Exception exception)
    {
        if (exception is not SessionClosedException)
            throw new KeyBindingRefusedException(exception);
        return false;
    }

    public override bool Cancel(CancellationToken cancellationToken) => throw new NotSupportedException("Nobody waits for a binding but the session.");

    public override void Publish()
    {
        // The session has it already.
    }
}
