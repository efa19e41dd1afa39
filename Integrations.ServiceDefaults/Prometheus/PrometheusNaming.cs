using System.Runtime.InteropServices;
using System.Text;

namespace Integrations.ServiceDefaults.Prometheus;

/// <summary>From an instrument's name and unit to a metric name in base units.</summary>
/// <remarks>
/// Sources: OpenTelemetry's compatibility page for Prometheus (units, <c>_total</c>, <c>_ratio</c>) and Prometheus' naming practice (base units).
/// </remarks>
internal static class PrometheusNaming
{
    private static readonly string[] HistogramSuffixes = ["_bucket", "_count", "_sum"];

    /// <summary>The name of the family and how its values and bounds get into the base unit.</summary>
    public static (string Name, UnitScale Scale) Metric(string instrument, string? unit, PrometheusType type)
    {
        var (suffix, scale) = Unit(unit, type);
        var name = Identifier(instrument);
        if (name.EndsWith("_total", StringComparison.Ordinal))
            name = name[..^"_total".Length];

        if (suffix.Length > 0 && !name.EndsWith("_" + suffix, StringComparison.Ordinal) && name != suffix)
            name = $"{name}_{suffix}";

        if (type is PrometheusType.Counter)
            return (name + "_total", scale);

        // `x_count` beside a histogram `x` would be read as a part of it, so a gauge may not end like one.
        if (type is PrometheusType.Gauge && Array.Find(HistogramSuffixes, ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } taken)
            name = name[..^taken.Length] + "_current";

        return (name, scale);
    }

    /// <summary>A label's name: never one that the format keeps for itself (<c>__x</c>, <c>le</c>, <c>quantile</c>).</summary>
    public static string Label(string tag)
    {
        var name = Identifier(tag).TrimStart('_');
        return name switch
        {
            "" => "label",
            "le" or "quantile" => "tag_" + name,
            _ => char.IsAsciiDigit(name[0]) ? "_" + name : name,
        };
    }

    /// <summary>Lower case with single underscores: <c>http.server.activeRequests</c> becomes <c>http_server_active_requests</c>.</summary>
    private static string Identifier(string text)
    {
        var name = new StringBuilder(text.Length + 4);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsAsciiLetterUpper(c) && i > 0 && (char.IsAsciiLetterLower(text[i - 1]) || char.IsAsciiDigit(text[i - 1])))
                name.Append('_');

            if (char.IsAsciiLetterOrDigit(c))
                name.Append(char.ToLowerInvariant(c));
            else if (name.Length == 0 || name[^1] != '_')
                name.Append('_');
        }

        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
            name.Insert(0, '_');

        return name.ToString().TrimEnd('_') is { Length: > 0 } trimmed ? trimmed : "_";
    }

    /// <summary>UCUM codes as instruments give them. What stands in braces is a remark about what is counted, not a unit.</summary>
    private static (string Suffix, UnitScale Scale) Unit(string? unit, PrometheusType type) => unit switch
    {
        null or "" => ("", UnitScale.None),
        "1" => (type is PrometheusType.Gauge ? "ratio" : "", UnitScale.None),
        "%" => ("ratio", UnitScale.DividedBy(100)),
        "d" => ("seconds", UnitScale.Times(86_400)),
        "h" => ("seconds", UnitScale.Times(3_600)),
        "min" => ("seconds", UnitScale.Times(60)),
        "s" => ("seconds", UnitScale.None),
        "ms" => ("seconds", UnitScale.DividedBy(1e3)),
        "us" => ("seconds", UnitScale.DividedBy(1e6)),
        "ns" => ("seconds", UnitScale.DividedBy(1e9)),
        "By" => ("bytes", UnitScale.None),
        "kBy" or "KBy" => ("bytes", UnitScale.Times(1e3)),
        "MBy" => ("bytes", UnitScale.Times(1e6)),
        "GBy" => ("bytes", UnitScale.Times(1e9)),
        "KiBy" => ("bytes", UnitScale.Times(1024)),
        "MiBy" => ("bytes", UnitScale.Times(1024 * 1024)),
        "GiBy" => ("bytes", UnitScale.Times(1024 * 1024 * 1024)),
        "Cel" => ("celsius", UnitScale.None),
        _ when unit.Contains('{') => ("", UnitScale.None),
        _ => (Identifier(unit.Replace("/", "_per_")).Trim('_'), UnitScale.None),
    };
}

/// <summary>Division is kept as division: 5 ms / 1000 is exactly 0.005 where 5 × 0.001 may not be.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct UnitScale(double Factor, double Divisor)
{
    public static UnitScale None => new(1, 1);

    public static UnitScale Times(double factor) => new(factor, 1);

    public static UnitScale DividedBy(double divisor) => new(1, divisor);

    public double Apply(double value) => value * Factor / Divisor;
}
