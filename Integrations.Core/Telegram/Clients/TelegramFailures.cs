namespace Integrations.Core.Telegram.Clients;

/// <summary>Telegram answered a call with an error.</summary>
/// <param name="code">The numeric code, as 400, 401, 420.</param>
/// <param name="type">The name without its number: <c>FLOOD_WAIT</c> for <c>FLOOD_WAIT_31</c>.</param>
/// <param name="argument">The number in the name, null where there is none.</param>
public sealed class TelegramRefusedException(int code, string type, int? argument, Exception? inner = null)
    : Exception($"Telegram refused the call: {code} {type}", inner)
{
    public int Code => code;

    public string Type => type;

    public int? Argument => argument;

    /// <summary>The session is said to be gone. One such answer is not believed: a second, fresh connection must confirm it.</summary>
    public bool SaysSessionIsGone => code is 401 && type is not "SESSION_PASSWORD_NEEDED" || type is "AUTH_KEY_DUPLICATED";

    /// <summary>How long to wait where Telegram asks for patience; null for every other error.</summary>
    public TimeSpan? Wait => type is "FLOOD_WAIT" or "FLOOD_PREMIUM_WAIT" or "SLOWMODE_WAIT" or "FLOOD_TEST_PHONE_WAIT"
        // TDLib's clamp: a nonsensical number must neither spin nor park an account for good.
        ? TimeSpan.FromSeconds(Math.Clamp(argument ?? 1, 1, 14 * 86_400))
        : null;
}

/// <summary>Telegram could not be reached, or gave no answer in time. What was asked may or may not have happened.</summary>
public sealed class TelegramUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
