namespace Integrations.ServiceDefaults.Tests.Prometheus;

/// <summary>The five faults that promtool passes; our reader must not.</summary>
public sealed class ExpositionTests
{
    private const string Head = "# HELP x Something.\n# TYPE x histogram\n";

    [Theory]
    [InlineData("without +Inf", Head + "x_bucket{le=\"1\"} 1\nx_sum 1\nx_count 1\n")]
    [InlineData("_count is not the +Inf bucket", Head + "x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 3\n")]
    [InlineData("not cumulative", Head + "x_bucket{le=\"1\"} 3\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n")]
    [InlineData("duplicate series", "# HELP a A.\n# TYPE a gauge\na{b=\"1\"} 1\na{b=\"1\"} 2\n")]
    [InlineData("interleaved family", "# HELP a A.\n# TYPE a gauge\n# HELP c C.\n# TYPE c gauge\na{b=\"1\"} 1\nc 1\na{b=\"2\"} 2\n")]
    public async Task A_fault_that_promtool_passes_is_found(string finding, string text)
    {
        Assert.Contains(Exposition.Read(text).Findings(), found => found.Contains(finding, StringComparison.Ordinal));
        var (exitCode, _) = await Promtool.CheckMetricsAsync(text);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void Bounds_that_do_not_ascend_are_found()
    {
        var text = Head + "x_bucket{le=\"2\"} 1\nx_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";

        Assert.Contains(Exposition.Read(text).Findings(), found => found.Contains("does not ascend", StringComparison.Ordinal));
    }
}
