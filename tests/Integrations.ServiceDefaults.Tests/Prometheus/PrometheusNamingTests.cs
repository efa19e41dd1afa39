using Integrations.ServiceDefaults.Prometheus;

namespace Integrations.ServiceDefaults.Tests.Prometheus;

public sealed class PrometheusNamingTests
{
    [Theory]
    [InlineData("telegram.messages.sent", "{message}", "telegram_messages_sent_total")]
    [InlineData("telegram_messages_sent_total", "", "telegram_messages_sent_total")]
    [InlineData("http.requests", "{request}", "http_requests_total")]
    [InlineData("network.io", "By", "network_io_bytes_total")]
    [InlineData("cpu.time", "s", "cpu_time_seconds_total")]
    [InlineData("worked", "1", "worked_total")]
    public void A_counter_ends_with_total(string instrument, string unit, string expected) =>
        Assert.Equal(expected, PrometheusNaming.Metric(instrument, unit, PrometheusType.Counter).Name);

    [Theory]
    [InlineData("telegram.sessions.active", "{session}", "telegram_sessions_active")]
    [InlineData("http.requests.inprogress", "{request}", "http_requests_inprogress")]
    [InlineData("memory.used", "MiBy", "memory_used_bytes")]
    [InlineData("memory_bytes", "By", "memory_bytes")]
    [InlineData("cache.hit", "1", "cache_hit_ratio")]
    [InlineData("cpu.utilization", "%", "cpu_utilization_ratio")]
    [InlineData("dotnet.thread_pool.thread.count", "{thread}", "dotnet_thread_pool_thread_current")]
    [InlineData("jobs_total", null, "jobs")]
    [InlineData("speed", "By/s", "speed_by_per_s")]
    [InlineData("some camelCase-Name!", null, "some_camel_case_name")]
    [InlineData("9lives", null, "_9lives")]
    [InlineData("…", null, "_")]
    public void A_gauge_is_named_in_base_units(string instrument, string? unit, string expected) =>
        Assert.Equal(expected, PrometheusNaming.Metric(instrument, unit, PrometheusType.Gauge).Name);

    [Theory]
    [InlineData("ms", 5, 0.005)]
    [InlineData("us", 3, 0.000003)]
    [InlineData("ns", 7, 0.000000007)]
    [InlineData("s", 1.5, 1.5)]
    [InlineData("min", 2, 120)]
    [InlineData("h", 2, 7200)]
    [InlineData("d", 1, 86400)]
    [InlineData("%", 12.5, 0.125)]
    [InlineData("KiBy", 2, 2048)]
    [InlineData("MBy", 2, 2_000_000)]
    public void Values_follow_their_unit(string unit, double value, double expected) =>
        Assert.Equal(expected, PrometheusNaming.Metric("x", unit, PrometheusType.Histogram).Scale.Apply(value));

    [Theory]
    [InlineData("http.request.method", "http_request_method")]
    [InlineData("__reserved", "reserved")]
    [InlineData("le", "tag_le")]
    [InlineData("quantile", "tag_quantile")]
    [InlineData("poolName", "pool_name")]
    [InlineData("1st", "_1st")]
    [InlineData("", "label")]
    public void A_label_is_never_one_that_the_format_keeps_for_itself(string tag, string expected) =>
        Assert.Equal(expected, PrometheusNaming.Label(tag));
}
