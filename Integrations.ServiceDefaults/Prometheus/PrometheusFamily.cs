namespace Integrations.ServiceDefaults.Prometheus;

internal enum PrometheusType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One metric of the exposition: everything that shares a name, and so one HELP, one TYPE and one contiguous group of lines.</summary>
internal sealed class PrometheusFamily(string name, PrometheusType type, string help)
{
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private readonly List<PrometheusPoint> _points = [];

    public string Name => name;

    public PrometheusType Type => type;

    public string Help => help;

    public IReadOnlyList<PrometheusPoint> Points => _points;

    /// <summary>False when a point with the same labels is there already: the format leaves two of them undefined.</summary>
    public bool TryAdd(PrometheusPoint point)
    {
        if (!_series.Add(point.Labels))
            return false;

        _points.Add(point);
        return true;
    }
}

/// <summary>One label set of a family.</summary>
/// <param name="Labels">Rendered and escaped, without braces: <c>method="GET",route="/"</c>; empty when there are none.</param>
/// <param name="Value">The value of a counter or gauge; the sum of a histogram.</param>
/// <param name="Buckets">Only for a histogram: upper bounds ascending with the count of each bucket alone, the last one <c>+Inf</c>.</param>
internal sealed record PrometheusPoint(string Labels, double Value, IReadOnlyList<(double UpperBound, long Count)>? Buckets = null);
