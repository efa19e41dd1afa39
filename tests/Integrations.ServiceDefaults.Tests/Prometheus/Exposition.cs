using System.Globalization;
using System.Text;

namespace Integrations.ServiceDefaults.Tests.Prometheus;

/// <summary>A reader of text format 0.0.4 that shares no code with the writer, and the rules that promtool does not check.</summary>
internal sealed class Exposition
{
    private static readonly string[] HistogramParts = ["_bucket", "_sum", "_count"];

    private readonly List<Sample> _samples = [];
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);

    private Exposition()
    {
    }

    public IReadOnlyList<Sample> Samples => _samples;

    public IReadOnlyDictionary<string, string> Types => _types;

    public static Exposition Read(string text)
    {
        var read = new Exposition();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                read._types.Add(words[2], words[3]);
            }
            else if (!line.StartsWith('#'))
            {
                read._samples.Add(ReadSample(line));
            }
        }

        return read;
    }

    /// <summary>The value of the one sample that has this name and at least these labels.</summary>
    public double Value(string name, params (string Name, string Value)[] labels) => Assert.Single(Find(name, labels)).Value;

    public IEnumerable<Sample> Find(string name, params (string Name, string Value)[] labels) =>
        _samples.Where(sample => sample.Name == name
            && labels.All(label => sample.Labels.TryGetValue(label.Name, out var value) && value == label.Value));

    /// <summary>Findings in words; empty when the text is sound.</summary>
    public IReadOnlyList<string> Findings()
    {
        var findings = new List<string>();
        foreach (var twice in _samples.GroupBy(sample => sample.Identity).Where(same => same.Count() > 1))
            findings.Add($"duplicate series {twice.Key}");

        var closed = new HashSet<string>(StringComparer.Ordinal);
        string? current = null;
        foreach (var family in _samples.Select(Family))
        {
            if (family == current)
                continue;

            if (!closed.Add(family))
                findings.Add($"interleaved family {family}");

            current = family;
        }

        foreach (var name in _types.Where(type => type.Value == "histogram").Select(type => type.Key))
            findings.AddRange(HistogramFindings(name));

        return findings;
    }

    private IEnumerable<string> HistogramFindings(string name)
    {
        foreach (var series in _samples.Where(sample => Family(sample) == name).GroupBy(sample => sample.IdentityWithout("le", name)))
        {
            var buckets = series.Where(sample => sample.Name == name + "_bucket")
                .Select(sample => (Bound: Number(sample.Labels["le"]), sample.Value)).ToList();
            if (buckets.Count == 0 || !double.IsPositiveInfinity(buckets[^1].Bound))
                yield return $"histogram {series.Key} without +Inf at the end";

            for (var i = 1; i < buckets.Count; i++)
            {
                if (buckets[i].Bound <= buckets[i - 1].Bound)
                    yield return $"histogram {series.Key}: le {buckets[i].Bound} does not ascend";

                if (buckets[i].Value < buckets[i - 1].Value)
                    yield return $"histogram {series.Key} is not cumulative at le {buckets[i].Bound}";
            }

            var count = series.Where(sample => sample.Name == name + "_count").Select(sample => sample.Value).ToList();
            if (count.Count != 1 || (buckets.Count > 0 && count[0] != buckets[^1].Value))
                yield return $"histogram {series.Key}: _count is not the +Inf bucket";
        }
    }

    private string Family(Sample sample)
    {
        var part = Array.Find(HistogramParts, part => sample.Name.EndsWith(part, StringComparison.Ordinal));
        return part is not null && _types.GetValueOrDefault(sample.Name[..^part.Length]) == "histogram" ? sample.Name[..^part.Length] : sample.Name;
    }

    private static Sample ReadSample(string line)
    {
        var at = line.AsSpan().IndexOfAny('{', ' ');
        var name = line[..at];
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (line[at] == '{')
        {
            at++;
            while (line[at] != '}')
            {
                var equals = line.IndexOf('=', at);
                var label = line[at..equals];
                Assert.Equal('"', line[equals + 1]);
                at = equals + 2;
                var value = new StringBuilder();
                for (; line[at] != '"'; at++)
                {
                    if (line[at] != '\\')
                        value.Append(line[at]);
                    else
                        value.Append(line[++at] switch { 'n' => '\n', '\\' => '\\', '"' => '"', var c => throw new FormatException($"\\{c} in {line}") });
                }

                labels.Add(label, value.ToString());
                at++;
                if (line[at] == ',')
                    at++;
            }

            at++;
        }

        Assert.Equal(' ', line[at]);
        return new Sample(name, labels, Number(line[(at + 1)..]));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public string Identity => $"{Name}{{{string.Join(',', Labels.Select(label => $"{label.Key}={label.Value}"))}}}";

        public string IdentityWithout(string left, string name) =>
            $"{name}{{{string.Join(',', Labels.Where(label => label.Key != left).Select(label => $"{label.Key}={label.Value}"))}}}";
    }
}
