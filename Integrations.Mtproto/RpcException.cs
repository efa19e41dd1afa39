using System.Globalization;

namespace Integrations.Mtproto;

/// <summary>The server refused a call. The name is parsed once: <c>FLOOD_WAIT_42</c> is type <c>FLOOD_WAIT</c> with argument 42.</summary>
/// <remarks>A number inside a name becomes X: <c>FILE_PART_3_MISSING</c> is <c>FILE_PART_X_MISSING</c> with argument 3.</remarks>
public sealed class RpcException : Exception
{
    /// <summary>A wait that the server asks for is believed within these bounds, as TDLib does.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(14);

    private static readonly string[] WaitTypes =
    [
        "FLOOD_WAIT", "FLOOD_PREMIUM_WAIT", "SLOWMODE_WAIT", "FLOOD_TEST_PHONE_WAIT", "TAKEOUT_INIT_DELAY", "2FA_CONFIRM_WAIT",
    ];

    private static readonly string[] LostSessionTypes =
    [
        "AUTH_KEY_UNREGISTERED", "AUTH_KEY_INVALID", "SESSION_REVOKED", "SESSION_EXPIRED", "USER_DEACTIVATED", "USER_DEACTIVATED_BAN",
    ];

    /// <param name="code">The number of the error: 303, 400, 401, 403, 406, 420, 500, -503, …</param>
    /// <param name="name">As the server sent it.</param>
    /// <param name="method">The call that was refused.</param>
    public RpcException(int code, string name, string method)
        : base($"{method} was refused: {code} {name}.")
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        Method = method;
        (Type, Argument) = Parse(name);

        // An unknown kind of flood error gives no time to wait for, so it is no reason to wait (TDLib treats it as 400).
        Code = code == 420 && !Is(WaitTypes) ? 400 : code;
    }

    public int Code { get; }

    /// <summary>The error as the server sent it, for logs.</summary>
    public string Name { get; }

    /// <summary>The error without its number.</summary>
    public string Type { get; }

    /// <summary>The number in the name; null when there is none.</summary>
    public int? Argument { get; }

    /// <summary>The schema's name of the refused call.</summary>
    public string Method { get; }

    /// <summary>How long the server wants this not to be repeated; null when it asks for no wait. Never slept on by this library.</summary>
    public TimeSpan? RetryAfter => Is(WaitTypes)
        ? TimeSpan.FromSeconds(Math.Clamp(Argument ?? 1, 1, (int)LongestWait.TotalSeconds))
        : null;

    /// <summary>
    /// The authorisation is gone, by the account's own doing or by the server's. Terminal on the account's data centre, but only once a
    /// second, fresh connection says the same.
    /// </summary>
    public bool IsSessionLost => (Code == 401 && Is(LostSessionTypes)) || IsKeyDuplicated;

    /// <summary>The key was seen sending on two connections at once; the server has destroyed the session for good.</summary>
    public bool IsKeyDuplicated => Code == 406 && Is("AUTH_KEY_DUPLICATED");

    /// <summary>The message with this random_id was accepted before: success, whose outcome stands in the history.</summary>
    public bool IsRandomIdDuplicate => Is("RANDOM_ID_DUPLICATE");

    /// <summary>The second factor is wanted.</summary>
    public bool IsPasswordNeeded => Is("SESSION_PASSWORD_NEEDED");

    /// <summary>The data centre to go to, when the server says that this one is the wrong one for the account; else null.</summary>
    public int? MigrateTo => Code == 303 && Is("PHONE_MIGRATE", "NETWORK_MIGRATE", "USER_MIGRATE") ? Argument : null;

    /// <summary>The server's own trouble: worth a few repetitions.</summary>
    public bool IsServerTrouble => Code is 500 or -503 or 503 or -500;

    /// <summary>Whether the type is one of these.</summary>
    public bool Is(params ReadOnlySpan<string> types) => types.Contains(Type);

    private static (string Type, int? Argument) Parse(string name)
    {
        var parts = name.Split('_');
        for (var i = parts.Length - 1; i > 0; i--)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out var argument))
                continue;
            if (i == parts.Length - 1)
                return (string.Join('_', parts[..i]), argument);
            parts[i] = "X";
            return (string.Join('_', parts), argument);
        }

        return (name, null);
    }
}
