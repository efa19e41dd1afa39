using System.Globalization;

namespace Integrations.Api.Http;

/// <summary>One parameter of a query string: declared once, from which it is checked, read and documented.</summary>
internal abstract class QueryParameter(string name, string description)
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>JSON Schema's type and format, bounds and default, for the OpenAPI document.</summary>
    public abstract QuerySchema Schema { get; }

    /// <summary>What is wrong with a text that was sent, or null.</summary>
    public abstract string? Problem(string text);

    protected string? Text(HttpContext context) =>
        context.Request.Query.TryGetValue(Name, out var values) && values.Count == 1 ? values[0] : null;
}

/// <summary>The part of JSON Schema that query parameters here need.</summary>
internal sealed record QuerySchema(string Type, string? Format = null, long? Minimum = null, long? Maximum = null, string? Default = null, IReadOnlyList<string>? Words = null);

internal sealed class UuidParameter(string name, string description) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", "uuid");

    public override string? Problem(string text) => Guid.TryParseExact(text, "D", out _) ? null : "Must be a uuid.";

    public Guid? Read(HttpContext context) => Text(context) is { } text ? Guid.ParseExact(text, "D") : null;
}

internal sealed class NumberParameter(string name, string description, long? byDefault, long minimum, long maximum) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new(
        "integer", maximum > int.MaxValue ? "int64" : "int32", minimum, maximum, byDefault?.ToString(CultureInfo.InvariantCulture));

    public override string? Problem(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? null
            : $"Must be a whole number from {minimum} to {maximum}.";

    /// <summary>Null only where it was not sent and has no default.</summary>
    public long? Read(HttpContext context) =>
        Text(context) is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : byDefault;

    /// <summary>For parameters with a default and 32 bits.</summary>
    public int Int(HttpContext context) => checked((int)Read(context)!.Value);
}

internal sealed class FlagParameter(string name, string description, bool byDefault) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("boolean", Default: byDefault ? "true" : "false");

    public override string? Problem(string text) => text is "true" or "false" ? null : "Must be true or false.";

    public bool Read(HttpContext context) => Text(context) is { } text ? text == "true" : byDefault;
}

internal sealed class WordParameter(string name, string description, string? byDefault, params string[] words) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", Default: byDefault, Words: words);

    public override string? Problem(string text) => words.Contains(text, StringComparer.Ordinal) ? null : $"Must be one of: {string.Join(", ", words)}.";

    public string? Read(HttpContext context) => Text(context) ?? byDefault;
}

/// <summary>Free text of a bounded length.</summary>
internal sealed class TextParameter(string name, string description, string? byDefault, int maxLength) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", Default: byDefault, Maximum: maxLength);

    public override string? Problem(string text) =>
        text.Length > 0 && text.Length <= maxLength && !text.Any(char.IsControl) ? null : $"Must have 1 to {maxLength} characters, none of them a control character.";

    public string? Read(HttpContext context) => Text(context) ?? byDefault;
}

/// <summary>A time zone by its IANA name.</summary>
internal sealed class ZoneParameter(string name, string description) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", Default: "UTC", Maximum: 64);

    public override string? Problem(string text) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone) && zone.HasIanaId && zone.Id == text ? null : "Must be an IANA time zone such as Europe/Kyiv.";

    public string Read(HttpContext context) => Text(context) ?? "UTC";
}

/// <summary>The parameters that a route knows; it refuses all others.</summary>
internal sealed record QueryMetadata(IReadOnlyList<QueryParameter> Parameters);

internal static class QueryConventions
{
    /// <summary>Declares what a route takes in its query string. Without it a route takes nothing there.</summary>
    public static TBuilder WithQuery<TBuilder>(this TBuilder builder, params QueryParameter[] parameters) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new QueryMetadata(parameters));
}
