using System.Globalization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>A request that Telegram refuses, with its number and name (401 <c>SESSION_PASSWORD_NEEDED</c>).</summary>
/// <remarks>
/// An exception and not a result: every one of some forty methods can be refused at many points, always ends its command, and always
/// becomes the same thing at the edge (<c>rpc_error</c> on the wire, problem+json on the phone). The world is unchanged when it is thrown,
/// except for counters of wrong tries.
/// </remarks>
public sealed class TelegramRefusal(int code, string name) : Exception(name)
{
    /// <summary>The number: 303 elsewhere, 400 bad request, 401 unauthorised, 403 forbidden, 406 not acceptable, 420 flood, 500 internal.</summary>
    public int Code { get; } = code;

    /// <summary>The name, as in the protocol's error list.</summary>
    public string Name { get; } = name;

    internal static TelegramRefusal BadRequest(string name) => new(400, name);

    internal static TelegramRefusal Unauthorized(string name) => new(401, name);

    internal static TelegramRefusal Forbidden(string name) => new(403, name);

    internal static TelegramRefusal Elsewhere(string what, int dcId) =>
        new(303, string.Create(CultureInfo.InvariantCulture, $"{what}_MIGRATE_{dcId}"));

    internal static TelegramRefusal Flood(int seconds) => new(420, string.Create(CultureInfo.InvariantCulture, $"FLOOD_WAIT_{seconds}"));

    internal static TelegramRefusal SlowMode(int seconds) => new(420, string.Create(CultureInfo.InvariantCulture, $"SLOWMODE_WAIT_{seconds}"));
}
