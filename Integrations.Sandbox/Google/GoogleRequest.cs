using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google;

/// <summary>One request to the simulated Google, read whole.</summary>
/// <param name="Operation">Google's own id of the method (<c>calendar.events.insert</c>), or <c>oauth.token</c> and the like.</param>
internal sealed record GoogleRequest(string Operation, string Method, string Path)
{
    public required RouteValueDictionary Route { get; init; }

    public required IQueryCollection Query { get; init; }

    /// <summary>Empty where the request carries no form.</summary>
    public required IFormCollection Form { get; init; }

    /// <summary>Empty where the request carries no JSON.</summary>
    public required JsonObject Body { get; init; }

    public required IHeaderDictionary Headers { get; init; }

    /// <summary>The access token of the header, or of <c>access_token</c> in the query.</summary>
    public string? Bearer =>
        Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..] : Value("access_token");

    /// <summary>Part of the path, decoded.</summary>
    public string Part(string name) => (string)Route[name]!;

    /// <summary>Of the query; null when it is absent or empty.</summary>
    public string? Value(string name) => Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    /// <summary>Of the form, else of the query.</summary>
    public string? Field(string name) => Form[name] is [{ Length: > 0 } value, ..] ? value : Value(name);

    public bool Flag(string name) => Value(name) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw GoogleRefusal.Invalid($"Invalid boolean value: '{other}'.", name),
    };

    /// <summary>A page's size: no more than <paramref name="most"/>, whatever was asked.</summary>
    public int PageSize(int otherwise, int most) =>
        Value("maxResults") is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 ? Math.Min(size, most)
        : throw GoogleRefusal.Invalid($"Invalid value '{text}'. Values must be within the range: [1, {most}]", "maxResults");
}

/// <summary>An answer: JSON, a page, or a redirect.</summary>
internal sealed record GoogleAnswer(int Status, JsonNode? Body = null)
{
    public string? Html { get; init; }

    public string? Location { get; init; }

    public string? ETag { get; init; }

    public string? WwwAuthenticate { get; init; }

    public static GoogleAnswer NoContent { get; } = new(204);
}
