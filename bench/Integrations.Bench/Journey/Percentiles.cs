namespace Integrations.Bench.Journey;

/// <summary>Exact percentiles by nearest rank; every sample is kept.</summary>
internal sealed class Percentiles
{
    private readonly List<double> _milliseconds = [];

    public int Count => _milliseconds.Count;

    public void Add(TimeSpan sample) => _milliseconds.Add(sample.TotalMilliseconds);

    /// <summary>The smallest sample that at least <paramref name="percent"/> per cent of the samples do not exceed, in milliseconds.</summary>
    public double At(double percent)
    {
        if (_milliseconds.Count == 0)
            throw new InvalidOperationException("There are no samples.");
        var sorted = _milliseconds.Order().ToArray();
        return Math.Round(sorted[(int)Math.Ceiling(percent / 100 * sorted.Length) - 1], 2);
    }
}
