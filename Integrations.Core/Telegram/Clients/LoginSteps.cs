namespace Integrations.Core.Telegram.Clients;

/// <summary>Whom a session belongs to once the login is through.</summary>
/// <param name="Id">The Telegram user id.</param>
/// <param name="Username">Without the at sign.</param>
/// <param name="Phone">Digits only.</param>
/// <param name="DisplayName">First and last name.</param>
public sealed record TelegramSelf(long Id, string? Username, string? Phone, string? DisplayName);

/// <summary>Where a login stands after a call.</summary>
public abstract record LoginStep
{
    private LoginStep()
    {
    }

    /// <summary>A QR code to be shown; Telegram replaces it at <paramref name="ExpiresAt"/>.</summary>
    public sealed record Scan(string Url, DateTimeOffset ExpiresAt) : LoginStep;

    /// <summary>The account has a second factor.</summary>
    public sealed record PasswordWanted : LoginStep;

    /// <summary>The number belongs to nobody on Telegram.</summary>
    public sealed record NobodyThere : LoginStep;

    public sealed record Done(TelegramSelf Self) : LoginStep;
}

/// <summary>A login code that Telegram sent out.</summary>
/// <param name="Hash">Names the code in the calls that follow.</param>
/// <param name="Kind">How it was sent: <c>app</c>, <c>sms</c>, <c>call</c>, <c>email</c> or <c>other</c>.</param>
public sealed record PhoneCode(string Hash, string Kind);

/// <summary>What may be told about the second factor.</summary>
public sealed record PasswordQuestion(string? Hint, bool HasRecovery);
