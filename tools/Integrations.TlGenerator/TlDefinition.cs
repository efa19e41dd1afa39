using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Integrations.TlGenerator;

/// <summary>One field of a constructor or call.</summary>
/// <param name="Type">Without the condition, for example <c>Vector&lt;int&gt;</c>; <c>#</c> for the flags themselves.</param>
/// <param name="FlagsField">The name of the flags field whose bit says that this field is present; null when it always is.</param>
public sealed record TlField(string Name, string Type, string? FlagsField, int FlagBit)
{
    public bool IsFlags => Type == "#";

    /// <summary>A field that is its flag: it takes no bytes.</summary>
    public bool IsTrue => Type == "true";

    public bool IsOptional => FlagsField is not null;

    public uint Mask => 1u << FlagBit;

    /// <summary>The item type of a vector, or null.</summary>
    public string? ItemType => Type.StartsWith("Vector<", StringComparison.Ordinal) ? Type[7..^1] : null;

    /// <summary>The boxed types that this field names: its own or its items'.</summary>
    public string NamedType => ItemType ?? Type;

    public override string ToString() => FlagsField is null
        ? $"{Name}:{Type}"
        : string.Create(CultureInfo.InvariantCulture, $"{Name}:{FlagsField}.{FlagBit}?{Type}");
}

/// <summary>One line of a TL schema: a constructor of a type, or a call.</summary>
public sealed partial record TlDefinition(string Name, uint Id, IReadOnlyList<TlField> Fields, string ResultType, bool IsCall)
{
    public string? ResultItemType => ResultType.StartsWith("Vector<", StringComparison.Ordinal) ? ResultType[7..^1] : null;

    /// <summary>True for <c>invokeWithLayer</c> and the other calls that carry a call.</summary>
    public bool IsWrapper => Fields.Any(f => f.Type == "!X");

    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Name}#{Id:x}");
        if (IsWrapper)
            text.Append(" {X:Type}");
        foreach (var field in Fields)
            text.Append(' ').Append(field);
        return text.Append(CultureInfo.InvariantCulture, $" = {ResultType};").ToString();
    }

    // messageMediaPhoto#695150d7 flags:# photo:flags.0?Photo ttl_seconds:flags.2?int = MessageMedia;
    public static TlDefinition Parse(string line, bool isCall)
    {
        var match = Line().Match(line);
        if (!match.Success)
            throw new FormatException($"Not a TL definition: {line}");
        var fields = match.Groups["fields"].Value
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(f => f != "{X:Type}")
            .Select(ParseField)
            .ToList();
        return new(
            match.Groups["name"].Value,
            uint.Parse(match.Groups["id"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            fields,
            match.Groups["type"].Value.Trim(),
            isCall);
    }

    private static TlField ParseField(string text)
    {
        var match = Field().Match(text);
        if (!match.Success)
            throw new FormatException($"Not a TL field: {text}");
        return match.Groups["flags"].Success
            ? new(match.Groups["name"].Value, match.Groups["type"].Value, match.Groups["flags"].Value, int.Parse(match.Groups["bit"].ValueSpan, CultureInfo.InvariantCulture))
            : new(match.Groups["name"].Value, match.Groups["type"].Value, null, 0);
    }

    [GeneratedRegex(@"^(?<name>[\w.]+)#(?<id>[0-9a-f]+)(?<fields>[^=]*)=(?<type>[^;]+);$", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex(@"^(?<name>\w+):((?<flags>\w+)\.(?<bit>\d+)\?)?(?<type>\S+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();
}
