using Integrations.ServiceDefaults.Prometheus;

namespace Integrations.ServiceDefaults.Tests.Prometheus;

public sealed class PrometheusWriterTests
{
    [Fact]
    public async Task Families_are_sorted_and_each_has_one_help_and_one_type()
    {
        var gauge = new PrometheusFamily("b_current", PrometheusType.Gauge, "Second.");
        gauge.TryAdd(new PrometheusPoint("", 1.5));
        var counter = new PrometheusFamily("a_total", PrometheusType.Counter, "First.");
        counter.TryAdd(new PrometheusPoint("x=\"1\"", 3));
        counter.TryAdd(new PrometheusPoint("x=\"2\"", 4));
        var empty = new PrometheusFamily("c", PrometheusType.Gauge, "Nobody measured it.");

        var text = PrometheusWriter.Write([gauge, counter, empty]);

        Assert.Equal(
            """
            # HELP a_total First.
            # TYPE a_total counter
            a_total{x="1"} 3
            a_total{x="2"} 4
            # HELP b_current Second.
            # TYPE b_current gauge
            b_current 1.5

            """, text);
        await Promtool.AssertAcceptsAsync(text);
    }

    [Fact]
    public async Task A_histogram_is_cumulative_and_its_count_is_the_last_bucket()
    {
        var histogram = new PrometheusFamily("wait_seconds", PrometheusType.Histogram, "Waiting.");
        histogram.TryAdd(new PrometheusPoint("route=\"/\"", 7.25, [(0.005, 2), (1, 0), (double.PositiveInfinity, 3)]));

        var text = PrometheusWriter.Write([histogram]);

        Assert.Equal(
            """
            # HELP wait_seconds Waiting.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{route="/",le="0.005"} 2
            wait_seconds_bucket{route="/",le="1"} 2
            wait_seconds_bucket{route="/",le="+Inf"} 5
            wait_seconds_sum{route="/"} 7.25
            wait_seconds_count{route="/"} 5

            """, text);
        await Promtool.AssertAcceptsAsync(text);
        Assert.Empty(Exposition.Read(text).Findings());
    }

    [Fact]
    public void A_histogram_without_its_last_bucket_is_a_bug_and_said_so()
    {
        var histogram = new PrometheusFamily("wait_seconds", PrometheusType.Histogram, "Waiting.");
        histogram.TryAdd(new PrometheusPoint("", 1, [(1, 1)]));

        Assert.Throws<InvalidOperationException>(() => PrometheusWriter.Write([histogram]));
    }

    [Fact]
    public async Task Hostile_text_survives_the_round_trip()
    {
        const string Hostile = "back\\slash \"quote\" line\nfeed } = , { # é 漢 \\n";
        var family = new PrometheusFamily("hostile", PrometheusType.Gauge, "A \\ and \"quotes\"\r\nin two lines.");
        family.TryAdd(new PrometheusPoint(PrometheusWriter.Labels([new("text", Hostile), new("empty", "")]), 1));

        var text = PrometheusWriter.Write([family]);

        Assert.Contains("# HELP hostile A \\\\ and \"quotes\"\\nin two lines.\n", text, StringComparison.Ordinal);
        await Promtool.AssertAcceptsAsync(text);
        var sample = Assert.Single(Exposition.Read(text).Samples);
        Assert.Equal(Hostile, sample.Labels["text"]);
        Assert.Equal("", sample.Labels["empty"]);
    }

    [Fact]
    public void A_second_point_with_the_same_labels_is_refused()
    {
        var family = new PrometheusFamily("x", PrometheusType.Gauge, "X.");

        Assert.True(family.TryAdd(new PrometheusPoint("a=\"1\"", 1)));
        Assert.False(family.TryAdd(new PrometheusPoint("a=\"1\"", 2)));
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(-0.0, "-0")]
    [InlineData(1e21, "1E+21")]
    [InlineData(5e-324, "5E-324")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public async Task A_number_is_written_as_Go_reads_it(double value, string expected)
    {
        Assert.Equal(expected, PrometheusWriter.Number(value));
        await Promtool.AssertAcceptsAsync($"# HELP x X.\n# TYPE x gauge\nx {expected}\n");
    }
}
