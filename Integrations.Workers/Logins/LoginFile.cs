using Integrations.Core.Telegram.Logins;

namespace Integrations.Workers.Logins;

/// <summary>A login as it is stored.</summary>
/// <param name="Generation">
/// When it lapses. A login that was begun again on the same row lapses at another moment, which is how its owner tells the two apart.
/// </param>
/// <param name="HasQr">A code was shown already.</param>
/// <param name="ResumeSealed">What a phone login needs to go on, sealed.</param>
internal sealed record LoginFile(
    LoginMethod Method, LoginState State, string? Phone, DateTimeOffset Generation, bool HasQr, byte[]? ResumeSealed)
{
    public bool IsOpen => State is LoginState.Ready or LoginState.Pending or LoginState.CodeRequired or LoginState.PasswordRequired;

    /// <summary>Nothing was asked of Telegram yet under this login.</summary>
    public bool IsFresh => State is LoginState.Pending && !HasQr && ResumeSealed is null;
}

/// <summary>Something the person typed, or asked for.</summary>
/// <param name="Sealed">Null for kinds that carry nothing.</param>
internal sealed record LoginInput(Guid Id, string Kind, byte[]? Sealed, DateTimeOffset ExpiresAt);

/// <summary>The kinds of <c>telegram_login_inputs</c>.</summary>
internal static class LoginInputKinds
{
    public const string Code = "code";
    public const string Password = "password";
    public const string RecoveryRequest = "recovery_request";
    public const string RecoveryCode = "recovery_code";
    public const string ResendCode = "resend_code";
    public const string Cancel = "cancel";
}
