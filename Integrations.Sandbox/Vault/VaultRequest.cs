using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>What a caller wants of a path, in Vault's own five words.</summary>
internal enum VaultVerb
{
    Read,
    Write,
    Delete,
    List,
    Patch,
}

/// <summary>One request to the simulated Vault.</summary>
/// <param name="Path">Without <c>/v1/</c>.</param>
/// <param name="Body">Empty where the request has none.</param>
/// <param name="WrapFor">From <c>X-Vault-Wrap-TTL</c>: the answer is kept back for whoever has the wrapping token.</param>
internal sealed record VaultRequest(
    VaultVerb Verb, string Path, JsonObject Body, IReadOnlyDictionary<string, string> Query, string? Token, TimeSpan? WrapFor)
{
    /// <summary>Null when it is absent, null, or no string.</summary>
    public string? Text(string name) => Body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public int? Number(string name) => Body[name] switch
    {
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        JsonValue value when value.TryGetValue<string>(out var text) && int.TryParse(text, out var number) => number,
        _ => null,
    };

    public bool? Flag(string name) => Body[name] switch
    {
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<string>(out var text) && bool.TryParse(text, out var flag) => flag,
        _ => null,
    };

    /// <summary>Seconds as a number, or Go's notation of one unit: <c>90</c>, <c>"90s"</c>, <c>"15m"</c>, <c>"720h"</c>.</summary>
    public TimeSpan? Duration(string name) => Body[name] is JsonValue value ? Durations.Parse(value.ToString()) : null;

    /// <summary>A list, or one string with commas.</summary>
    public IReadOnlyList<string> Words(string name) => Body[name] switch
    {
        JsonArray array => [.. array.Select(item => item!.GetValue<string>())],
        JsonValue value => value.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        _ => [],
    };
}

internal static class Durations
{
    public static TimeSpan? Parse(string text)
    {
        if (int.TryParse(text, out var seconds))
            return TimeSpan.FromSeconds(seconds);

        if (text.Length < 2 || !double.TryParse(text[..^1], System.Globalization.CultureInfo.InvariantCulture, out var amount))
            return null;

        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(amount),
            'm' => TimeSpan.FromMinutes(amount),
            'h' => TimeSpan.FromHours(amount),
            'd' => TimeSpan.FromDays(amount),
            _ => null,
        };
    }
}

/// <summary>What the simulated Vault answers: a status and, but for 204, a body.</summary>
internal sealed record VaultAnswer(int Status, JsonObject? Body)
{
    public static VaultAnswer NoContent { get; } = new(204, null);

    public static VaultAnswer NotFound => Refuse(404);

    public static VaultAnswer Denied => Refuse(403, "permission denied");

    public static VaultAnswer Unsupported => Refuse(405, "unsupported operation");

    /// <summary>An answer in the usual envelope.</summary>
    public static VaultAnswer Data(JsonObject data, int status = 200, string? warning = null) => new(status, Envelope(data: data, warning: warning));

    public static VaultAnswer Login(JsonObject auth) => new(200, Envelope(auth: auth));

    public static VaultAnswer Keys(IEnumerable<string> keys)
    {
        JsonArray list = [.. keys.Order(StringComparer.Ordinal).Select(key => (JsonNode)key)];
        return list.Count == 0 ? NotFound : Data(new JsonObject { ["keys"] = list });
    }

    public static VaultAnswer Refuse(int status, params string[] errors) =>
        new(status, new JsonObject { ["errors"] = new JsonArray([.. errors.Select(error => (JsonNode)error)]) });

    public static JsonObject Envelope(JsonObject? data = null, JsonObject? auth = null, JsonObject? wrap = null, string? warning = null) => new()
    {
        ["request_id"] = Guid.NewGuid().ToString(),
        ["lease_id"] = "",
        ["renewable"] = false,
        ["lease_duration"] = 0,
        ["data"] = data,
        ["wrap_info"] = wrap,
        ["warnings"] = warning is null ? null : new JsonArray(warning),
        ["auth"] = auth,
    };
}

/// <summary>Ends the handling of a request with this answer.</summary>
internal sealed class VaultRefusal(VaultAnswer answer) : Exception
{
    public VaultRefusal(int status, string error)
        : this(VaultAnswer.Refuse(status, error))
    {
    }

    public VaultAnswer Answer { get; } = answer;
}
