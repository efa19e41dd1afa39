namespace Integrations.Mtproto.Session;

/// <summary>The session has ended and this call has no answer; whether the server executed it is not known.</summary>
public sealed class SessionClosedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The server does not know the authorisation key (-404), and said so on two connections in a row; or it refused for a minute to have any
/// temporary key bound to it. Its owner decides whether the key is
/// lost: one such answer may be a passing fault of the server.
/// </summary>
public sealed class AuthKeyUnknownException() : Exception("The server does not know the authorisation key.");

/// <summary>The server did not take a temporary key in place of the permanent one. Another is made on another connection.</summary>
internal sealed class KeyBindingRefusedException(Exception? reason)
    : Exception($"The temporary key was not bound: {reason?.Message ?? "the server said no"}", reason)
{
    /// <summary>The server could not read the proof, which is also what it says of a permanent key that it does not know.</summary>
    public bool IsKeyDoubtful => InnerException is RpcException refusal && refusal.Is("ENCRYPTED_MESSAGE_INVALID");
}

/// <summary>The server rejected a message again and again; sending it once more would not help.</summary>
/// <param name="method">The call.</param>
/// <param name="code">The last error_code of bad_msg_notification.</param>
public sealed class MessageRejectedException(string method, int code)
    : Exception($"The server keeps rejecting {method} with bad_msg_notification {code}.")
{
    public int Code { get; } = code;
}
