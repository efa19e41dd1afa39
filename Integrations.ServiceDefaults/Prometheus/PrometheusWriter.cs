using System.Globalization;
using System.Text;

namespace Integrations.ServiceDefaults.Prometheus;

/// <summary>
/// Writes families in Prometheus' text format 0.0.4.
/// Source: prometheus/docs, <c>docs/instrumenting/exposition_formats.md</c>.
/// </summary>
internal static class PrometheusWriter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Sorted by name, so that two scrapes differ only where a value does. A family without points is left out.</summary>
    public static string Write(IEnumerable<PrometheusFamily> families)
    {
        var text = new StringBuilder();
        foreach (var family in families.Where(family => family.Points.Count > 0).OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            text.Append("# HELP ").Append(family.Name).Append(' ').Append(EscapeHelp(family.Help)).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(Word(family.Type)).Append('\n');
            foreach (var point in family.Points)
            {
                if (point.Buckets is { } buckets)
                    AppendHistogram(text, family.Name, point, buckets);
                else
                    AppendSample(text, family.Name, point.Labels, Number(point.Value));
            }
        }

        return text.ToString();
    }

    /// <summary>Renders one label set; the names are already valid.</summary>
    public static string Labels(IEnumerable<KeyValuePair<string, string>> labels) =>
        string.Join(',', labels.Select(label => $"{label.Key}=\"{EscapeLabelValue(label.Value)}\""));

    /// <summary>A Go float: a point whatever the culture, and words where .NET would write a symbol.</summary>
    public static string Number(double value) => value switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>The count is the last cumulative bucket, not a number of its own, so the two can never disagree.</summary>
    private static void AppendHistogram(
        StringBuilder text, string name, PrometheusPoint point, IReadOnlyList<(double UpperBound, long Count)> buckets)
    {
        long total = 0;
        foreach (var (upperBound, count) in buckets)
        {
            total += count;
            var bound = $"le=\"{Number(upperBound)}\"";
            AppendSample(text, name + "_bucket", point.Labels.Length == 0 ? bound : $"{point.Labels},{bound}", Whole(total));
        }

        if (buckets.Count == 0 || !double.IsPositiveInfinity(buckets[^1].UpperBound))
            throw new InvalidOperationException($"Histogram {name} has no +Inf bucket.");

        AppendSample(text, name + "_sum", point.Labels, Number(point.Value));
        AppendSample(text, name + "_count", point.Labels, Whole(total));
    }

    private static void AppendSample(StringBuilder text, string name, string labels, string value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');

        text.Append(' ').Append(value).Append('\n');
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Quotes are not escaped here, unlike in label values.</summary>
    private static string EscapeHelp(string help) => help.Replace("\\", "\\\\").Replace("\r", "").Replace("\n", "\\n");

    private static string EscapeLabelValue(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    private static string Word(PrometheusType type) => type switch
    {
        PrometheusType.Counter => "counter",
        PrometheusType.Gauge => "gauge",
        PrometheusType.Histogram => "histogram",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such type."),
    };
}
