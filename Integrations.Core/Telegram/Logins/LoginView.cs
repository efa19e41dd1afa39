using Integrations.Core.Errors;

namespace Integrations.Core.Telegram.Logins;

/// <summary>A login as its user sees it, with the QR link opened.</summary>
/// <param name="Id">Also the id of the account.</param>
/// <param name="QrUrl">The <c>tg://login</c> link to show now; null when there is none to scan.</param>
/// <param name="QrExpiresAt">When this link is replaced by the next.</param>
/// <param name="ExpiresAt">When the login as a whole ends.</param>
/// <param name="RetryAt">Until when Telegram asks to wait.</param>
public sealed record LoginView(
    Guid Id,
    LoginMethod Method,
    LoginState State,
    string? QrUrl,
    DateTimeOffset? QrExpiresAt,
    DateTimeOffset ExpiresAt,
    string? PasswordHint,
    string? RecoveryPattern,
    DateTimeOffset? RetryAt,
    string? ErrorCode,
    string? ErrorDetail,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt)
{
    private static readonly TimeSpan OpenWait = TimeSpan.FromDays(1);
    private static readonly TimeSpan PastWait = TimeSpan.FromSeconds(1);

    public bool IsOpen => State is LoginState.Ready or LoginState.Pending or LoginState.CodeRequired or LoginState.PasswordRequired;

    /// <summary>The refusal for callers who asked for a login that came to nothing; null while it is open or completed.</summary>
    public IntegrationException? Refusal(DateTimeOffset now) => State switch
    {
        LoginState.Expired => new(Method is LoginMethod.Qr ? ErrorCodes.TelegramQrExpired : ErrorCodes.TelegramLoginExpired),
        LoginState.Error => Of(ErrorCode, ErrorDetail, RetryAt, now),
        _ => null,
    };

    /// <summary>A refusal from what the account's owner wrote; a code that this release does not know is an internal error.</summary>
    internal static IntegrationException Of(string? code, string? detail, DateTimeOffset? retryAt, DateTimeOffset now)
    {
        var wait = retryAt > now ? retryAt - now : null;
        // Whoever is told to wait is told how long. Telegram leaves it open only where it has seen too many logins of a number in a day.
        if (code == ErrorCodes.TelegramFlood)
            wait ??= retryAt is null ? OpenWait : PastWait;
        return new(ErrorCatalogue.TryFind(code, out var entry) ? entry.Code : ErrorCodes.Internal, entry is null ? null : detail, wait);
    }
}
