using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Http;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Logins;

namespace Integrations.Api.Telegram;

/// <summary>Connects by phone: first the number, then the number with the code, then, if asked, the number with the password.</summary>
internal sealed record ConnectRequest
{
    [Required]
    [Description("In E.164.")]
    public string? Phone { get; init; }

    [Description("The code that Telegram sent to the user's other devices.")]
    public string? Code { get; init; }

    [Description("The two-step password, where Telegram asks for it. It is used once and not stored.")]
    public string? Password { get; init; }

    [Description("The version of the text of GET /api/v1/privacy/consent, by which the caller agrees to it; needed once before the first login.")]
    public string? Consent { get; init; }
}

internal sealed record ReconnectRequest
{
    [Description("In E.164: log in by phone where a new login is needed. Without it a QR code is shown.")]
    public string? Phone { get; init; }
}

/// <summary>Where a connection stands.</summary>
/// <param name="Status">success, pending, code_required or 2fa_required.</param>
/// <param name="SessionId">Also the account's id.</param>
/// <param name="QrCode">The picture to scan, a PNG in base64; null where there is none.</param>
/// <param name="ExpiresAt">When the login ends unless it is finished; null after it.</param>
internal sealed record ConnectResponse(string Status, Guid SessionId, string Message, string? QrCode, string? QrUrl, DateTimeOffset? ExpiresAt)
{
    public static ConnectResponse From(LoginView login) => new(
        ConnectWords.StatusOf(login),
        login.Id,
        ConnectWords.MessageOf(login),
        QrPictures.Base64Of(login.QrUrl),
        login.QrUrl,
        login.IsOpen ? login.ExpiresAt : null);

    public static ConnectResponse From(ReconnectAccount.Result result) => result.Login is { } login
        ? From(login)
        : result.Account.Status switch
        {
            AccountStatus.Active => new("success", result.Account.Id, "The account is connected.", null, null, null),
            AccountStatus.Error => new("error", result.Account.Id, result.Account.LastError ?? "The account could not be started.", null, null, null),
            _ => new("pending", result.Account.Id, "The account is being started.", null, null, null),
        };
}

/// <summary>The QR code to scan now.</summary>
/// <param name="QrCode">A PNG in base64; null once nothing is left to scan.</param>
/// <param name="SessionId">Ask again with it for the current code; it is also the account's id.</param>
/// <param name="ExpiresAt">When the login ends unless it is confirmed.</param>
/// <param name="QrExpiresAt">When this picture is replaced by the next.</param>
/// <param name="QrUrl">What the picture says, to draw it yourself.</param>
/// <param name="Status">pending, success or 2fa_required.</param>
internal sealed record QrCodeResponse(
    string? QrCode, string Message, Guid SessionId, DateTimeOffset ExpiresAt, string? QrUrl, DateTimeOffset? QrExpiresAt, string Status)
{
    public static QrCodeResponse From(LoginView login) => new(
        QrPictures.Base64Of(login.QrUrl),
        ConnectWords.MessageOf(login),
        login.Id,
        login.ExpiresAt,
        login.QrUrl,
        login.QrExpiresAt,
        ConnectWords.StatusOf(login));
}

/// <summary>The words of the user-level API for the states of a login.</summary>
internal static class ConnectWords
{
    public static string StatusOf(LoginView login) => login.State switch
    {
        LoginState.Completed => "success",
        LoginState.CodeRequired => "code_required",
        LoginState.PasswordRequired => "2fa_required",
        LoginState.Ready or LoginState.Pending => "pending",
        LoginState.Error => "error",
        LoginState.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(login), login.State, "Not a state."),
    };

    public static string MessageOf(LoginView login) => login.State switch
    {
        LoginState.Completed => "The account is connected.",
        LoginState.CodeRequired => "Telegram has sent a login code to the user's devices. Send it with the same phone number.",
        LoginState.PasswordRequired => "The account has a two-step password. Send it to go on.",
        LoginState.Ready => "Scan the code in Telegram: Settings, Devices, Link Desktop Device.",
        LoginState.Pending => "Telegram has not answered yet. Ask again in a moment, or listen to the event stream.",
        LoginState.Error => login.ErrorDetail ?? "The login failed.",
        LoginState.Expired => "The login was not finished in time. Begin it again.",
        _ => throw new ArgumentOutOfRangeException(nameof(login), login.State, "Not a state."),
    };

    /// <summary>What is wrong with a login code as such.</summary>
    public static void CheckCode(string field, string? code, FieldErrors errors)
    {
        if (code is null || CleanCode(code) is not { Length: >= 3 and <= 10 } clean || !clean.All(char.IsAsciiDigit))
            errors.Add(field, "Must have 3 to 10 digits.");
    }

    public static void CheckPassword(string field, string? password, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(password) || password.Length > 256)
            errors.Add(field, "Must have 1 to 256 characters.");
    }

    /// <summary>People write codes with spaces and hyphens.</summary>
    public static string CleanCode(string code) => code.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
