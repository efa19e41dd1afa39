using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Integrations.ServiceDefaults.Prometheus;

/// <summary>Turns what OpenTelemetry collected into the text of one scrape.</summary>
/// <remarks>
/// A pull exporter: the reader around it collects only when <see cref="Scrape"/> asks, cumulatively since the process began, as
/// Prometheus expects. Two scrapes at once share one collection.
/// </remarks>
[ExportModes(ExportModes.Pull)]
internal sealed partial class PrometheusExporter(ILogger<PrometheusExporter> logger) : BaseExporter<Metric>, IPullMetricExporter
{
    private const int CollectTimeoutMilliseconds = 5_000;

    private readonly ConcurrentDictionary<string, bool> _reported = new(StringComparer.Ordinal);
    private volatile string _text = "";

    /// <summary>Set by the reader that carries this exporter.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>The text of now; null when collecting failed, because yesterday's values under today's time would be a lie.</summary>
    public string? Scrape() => Collect is { } collect && collect(CollectTimeoutMilliseconds) ? _text : null;

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new Dictionary<string, PrometheusFamily>(StringComparer.Ordinal);
        foreach (var metric in batch)
            Add(families, metric);

        _text = PrometheusWriter.Write(families.Values);
        return ExportResult.Success;
    }

    private void Add(Dictionary<string, PrometheusFamily> families, Metric metric)
    {
        if (TypeOf(metric.MetricType) is not { } type)
        {
            Report(metric, "its kind has no place in this text format");
            return;
        }

        var (name, scale) = PrometheusNaming.Metric(metric.Name, metric.Unit, type);
        if (!families.TryGetValue(name, out var family))
        {
            // HELP is obligatory for the linters, and an instrument may come without a description.
            var help = string.IsNullOrWhiteSpace(metric.Description) ? $"{metric.Name} of {metric.MeterName}." : metric.Description;
            families.Add(name, family = new PrometheusFamily(name, type, help));
        }
        else if (family.Type != type)
        {
            Report(metric, "another instrument of the same name has another type");
            return;
        }

        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (!family.TryAdd(Point(metric.MetricType, in point, scale)))
                Report(metric, "another instrument of the same name has the same labels");
        }
    }

    private static PrometheusPoint Point(MetricType type, ref readonly MetricPoint point, UnitScale scale)
    {
        var labels = Labels(point.Tags);
        if (type is MetricType.Histogram)
        {
            var buckets = new List<(double, long)>();
            foreach (var bucket in point.GetHistogramBuckets())
                buckets.Add((scale.Apply(bucket.ExplicitBound), bucket.BucketCount));

            // A histogram recorded without bounds has one bucket: all of it.
            if (buckets.Count == 0)
                buckets.Add((double.PositiveInfinity, point.GetHistogramCount()));

            return new PrometheusPoint(labels, scale.Apply(point.GetHistogramSum()), buckets);
        }

        double value = type switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        };
        return new PrometheusPoint(labels, scale.Apply(value));
    }

    /// <summary>Two tags may become one label (<c>a.b</c> and <c>a_b</c>); their values are then joined, as OpenTelemetry asks.</summary>
    private static string Labels(ReadOnlyTagCollection tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (tag, value) in tags)
        {
            var name = PrometheusNaming.Label(tag);
            var text = value is bool flag ? flag ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels[name] = labels.TryGetValue(name, out var first) ? $"{first};{text}" : text;
        }

        return PrometheusWriter.Labels(labels);
    }

    private static PrometheusType? TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => PrometheusType.Counter,
        MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => PrometheusType.Gauge,
        MetricType.LongGauge or MetricType.DoubleGauge => PrometheusType.Gauge,
        MetricType.Histogram => PrometheusType.Histogram,
        _ => null,
    };

    /// <summary>Once per instrument: a scrape comes every few seconds.</summary>
    private void Report(Metric metric, string reason)
    {
        if (_reported.TryAdd($"{metric.MeterName}/{metric.Name}", true))
            LogLeftOut(metric.MeterName, metric.Name, reason);
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Meter {Meter}: {Instrument} is left out of /metrics, at least in part: {Reason}")]
    private partial void LogLeftOut(string meter, string instrument, string reason);
}
