using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Telegram.Logins;

/// <summary>How long logins may take, as those who begin them see it.</summary>
public sealed class LoginOptions
{
    /// <summary><c>PERSONAL_TELEGRAM_QR_TIMEOUT</c>, seconds: how long a QR login waits to be scanned and confirmed. Its picture rotates meanwhile.</summary>
    [Range(10, 3600)]
    public int QrTimeoutSeconds { get; set; } = 180;

    /// <summary>How long a login by phone may take, from the number to the last password.</summary>
    public TimeSpan PhoneTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a request waits for the account's owner before it answers with what is so far.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Logins that one user may have open at a time; each is a connection to Telegram.</summary>
    [Range(1, 1000)]
    public int MaxOpenPerUser { get; set; } = 10;

    /// <summary>How long a code or a password may lie sealed in the database before its owner takes it.</summary>
    public TimeSpan InputLifetime { get; set; } = TimeSpan.FromSeconds(60);
}
