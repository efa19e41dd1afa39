using Integrations.Core.Errors;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Logins;

namespace Integrations.Workers.Logins;

/// <summary>What Telegram's refusals mean for a login.</summary>
internal static class LoginFailures
{
    public static LoginEnding AlreadyConnected { get; } = new(
        LoginState.Error, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramAlreadyConnected, "This Telegram user is already connected under another account.");

    public static LoginEnding PhoneUnknown { get; } = new(
        LoginState.Error, ErrorCodes.TelegramPhoneUnknown, ErrorCodes.TelegramPhoneUnknown, "Nobody on Telegram has this phone number.");

    public static LoginEnding Cancelled { get; } = new(
        LoginState.Expired, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramLoginExpired, "The login was cancelled.", Cancelled: true);

    public static LoginEnding NotConfigured { get; } = new(
        LoginState.Error, ErrorCodes.TelegramNotConfigured, ErrorCodes.TelegramNotConfigured,
        "Neither an application id and hash for Telegram nor a sandbox is configured.");

    public static LoginEnding Expired(LoginFile login) => new(
        LoginState.Expired,
        login is { Method: LoginMethod.Qr } ? ErrorCodes.TelegramQrExpired : ErrorCodes.TelegramLoginExpired,
        ErrorCodes.TelegramLoginExpired,
        "The login was not finished in time.");

    public static LoginEnding Unreachable(DateTimeOffset now) => new(
        LoginState.Error, ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramUnavailable, "Telegram could not be reached.", now + TimeSpan.FromSeconds(15));

    /// <summary>The code of a refusal that concerns only what was typed; null when it ends the login.</summary>
    public static string? Retryable(TelegramRefusedException refusal) => refusal.Type switch
    {
        "PASSWORD_HASH_INVALID" or "PASSWORD_EMPTY" => ErrorCodes.TelegramPasswordInvalid,
        "PHONE_CODE_INVALID" or "PHONE_CODE_EMPTY" => ErrorCodes.TelegramCodeInvalid,
        "PHONE_CODE_EXPIRED" => ErrorCodes.TelegramCodeExpired,
        "PASSWORD_RECOVERY_NA" => ErrorCodes.TelegramRecoveryUnavailable,
        "CODE_INVALID" or "CODE_EMPTY" or "PASSWORD_RECOVERY_EXPIRED" => ErrorCodes.TelegramRecoveryCodeInvalid,
        _ when refusal.Wait is not null => ErrorCodes.TelegramFlood,
        _ => null,
    };

    /// <summary>How a login ends that Telegram refuses as a whole.</summary>
    public static LoginEnding Of(LoginFile login, TelegramRefusedException refusal, DateTimeOffset now)
    {
        var (code, detail) = refusal switch
        {
            { Type: "AUTH_KEY_DUPLICATED" } when login.Method is LoginMethod.Import =>
                (ErrorCodes.TelegramSessionExpired, "Another program used the same session at the same time, and Telegram has ended it; log in anew."),
            { SaysSessionIsGone: true } when login.Method is LoginMethod.Import =>
                (ErrorCodes.TelegramSessionExpired, $"Telegram does not accept this session any more ({refusal.Type}); log in anew."),
            { Wait: { } wait } => (ErrorCodes.TelegramFlood, $"Telegram asks to wait {Math.Ceiling(wait.TotalSeconds)} s before the next login."),
            { Code: 420 } or { Type: "PHONE_NUMBER_FLOOD" or "PHONE_PASSWORD_FLOOD" or "FLOOD" } =>
                (ErrorCodes.TelegramFlood, "Telegram has seen too many logins with this number; try again tomorrow."),
            { Type: "PHONE_NUMBER_INVALID" or "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN" } => (ErrorCodes.TelegramPhoneInvalid, "Telegram does not accept this phone number."),
            { Type: "PHONE_NUMBER_UNOCCUPIED" } => (ErrorCodes.TelegramPhoneUnknown, PhoneUnknown.Detail),
            { Type: "PHONE_NUMBER_BANNED" or "USER_DEACTIVATED" or "USER_DEACTIVATED_BAN" } =>
                (ErrorCodes.TelegramPhoneBanned, "Telegram has banned this number or its account is deleted."),
            { Type: "API_ID_INVALID" or "API_ID_PUBLISHED_FLOOD" } =>
                (ErrorCodes.TelegramNotConfigured, $"Telegram refuses the configured application id ({refusal.Type})."),
            { Code: >= 500 or < 0 } => (ErrorCodes.TelegramUnavailable, $"Telegram failed inside ({refusal.Code} {refusal.Type}); begin the login again."),
            _ => (ErrorCodes.TelegramLoginExpired, $"Telegram ended the login ({refusal.Type}); begin it again."),
        };
        var retryAt = refusal.Wait is { } pause ? now + pause : (DateTimeOffset?)null;
        return new LoginEnding(LoginState.Error, code, code, detail, retryAt);
    }
}
