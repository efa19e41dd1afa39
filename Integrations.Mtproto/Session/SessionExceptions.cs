namespace Integrations.Mtproto.Session;

/// <summary>The session has ended and this call has no answer; whether the server executed it is not known.</summary>
public sealed class SessionClosedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The server does not know the authorisation key (-404), and said so on two connections in a row. Its owner decides whether the key is
/// lost: one such answer may be a passing fault of the server.
/// </summary>
public sealed class AuthKeyUnknownException() : Exception("The server does not know the authorisation key.");

/// <summary>The server rejected a message again and again; sending it once more would not help.</summary>
/// <param name="method">The call.</param>
/// <param name="code">The last error_code of bad_msg_notification.</param>
public sealed class MessageRejectedException(string method, int code)
    : Exception($"The server keeps rejecting {method} with bad_msg_notification {code}.")
{
    public int Code { get; } = code;
}
