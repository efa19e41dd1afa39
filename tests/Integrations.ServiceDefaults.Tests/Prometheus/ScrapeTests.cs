using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.ServiceDefaults.Tests.Prometheus;

public sealed class ScrapeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_host_measures_passes_promtool_and_the_rules_that_it_lacks()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/things/{id:int}", (int id) => id));
        await host.GetStringAsync("/things/1");
        await host.GetStringAsync("/things/2");
        await host.GetAsync("/nowhere");

        var response = await host.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync(Cancellation);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        await Promtool.AssertAcceptsAsync(text);
        var metrics = Exposition.Read(text);
        Assert.Empty(metrics.Findings());
        Assert.Equal(2, metrics.Value("http_requests_total", ("method", "GET"), ("route", "/things/{id:int}"), ("code", "200")));
        Assert.Equal(1, metrics.Value("http_requests_total", ("route", "unmatched"), ("code", "404")));
        Assert.Equal(2, metrics.Value("http_request_duration_seconds_count", ("method", "GET"), ("route", "/things/{id:int}")));
        Assert.Equal("counter", metrics.Types["http_requests_total"]);
        Assert.Equal("histogram", metrics.Types["http_request_duration_seconds"]);
        Assert.Equal("gauge", metrics.Types["http_requests_inprogress"]);
        // The scrape itself is the one request in progress.
        Assert.Equal(1, metrics.Value("http_requests_inprogress", ("method", "GET")));
        // The runtime's, the server's and the client's own meters are there too.
        Assert.Contains("http_server_request_duration_seconds", metrics.Types.Keys);
        Assert.Contains("kestrel_active_connections", metrics.Types.Keys);
        Assert.Contains(metrics.Types.Keys, name => name.StartsWith("dotnet_gc_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_in_progress_is_seen_and_leaves_again()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(map: app => app.MapPost("/slow", async () =>
        {
            entered.SetResult();
            await leave.Task;
        }));

        var request = host.Client.PostAsync("/slow", null, Cancellation);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        var during = Exposition.Read(await host.GetStringAsync("/metrics"));
        leave.SetResult();
        (await request).Dispose();
        var after = Exposition.Read(await host.GetStringAsync("/metrics"));

        Assert.Equal(1, during.Value("http_requests_inprogress", ("method", "POST")));
        Assert.Empty(during.Find("http_requests_total", ("route", "/slow")));
        Assert.Equal(0, after.Value("http_requests_inprogress", ("method", "POST")));
        Assert.Equal(1, after.Value("http_requests_total", ("route", "/slow")));
    }

    [Fact]
    public async Task A_failed_request_counts_under_its_own_route()
    {
        await using var host = await TestHost.StartAsync(
            add: builder => builder.Services.AddProblemDetails(),
            map: app =>
            {
                app.UseExceptionHandler();
                app.MapGet("/broken/{id}", string (string id) => throw new InvalidOperationException("Nobody handles " + id));
            });

        var response = await host.GetAsync("/broken/7");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var metrics = Exposition.Read(await host.GetStringAsync("/metrics"));
        Assert.Equal(1, metrics.Value("http_requests_total", ("route", "/broken/{id}"), ("code", "500")));
    }

    [Fact]
    public async Task An_exception_that_nobody_handles_counts_as_500_and_a_refused_body_as_what_the_server_answers()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            app.MapGet("/unhandled", string () => throw new InvalidOperationException("Nobody handles it."));
            app.MapGet("/refused", string () => throw new BadHttpRequestException("Too much.", StatusCodes.Status413PayloadTooLarge));
        });

        await host.GetAsync("/unhandled");
        var refused = await host.GetAsync("/refused");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        var metrics = Exposition.Read(await host.GetStringAsync("/metrics"));
        Assert.Equal(1, metrics.Value("http_requests_total", ("route", "/unhandled"), ("code", "500")));
        Assert.Equal(1, metrics.Value("http_requests_total", ("route", "/refused"), ("code", "413")));
    }

    [Fact]
    public async Task A_caller_cannot_invent_series()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var word in new[] { "BREW", "STIR" })
            await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(word), $"/{word}"), Cancellation);

        var metrics = Exposition.Read(await host.GetStringAsync("/metrics"));

        var sample = Assert.Single(metrics.Find("http_requests_total", ("route", "unmatched")));
        Assert.Equal("_OTHER", sample.Labels["method"]);
        Assert.Equal(2, sample.Value);
    }

    [Fact]
    public async Task The_length_of_an_event_stream_is_no_latency()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/stream", (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            return context.Response.WriteAsync("data: 1\n\n");
        }));

        await host.GetStringAsync("/stream");

        var metrics = Exposition.Read(await host.GetStringAsync("/metrics"));
        Assert.Equal(1, metrics.Value("http_requests_total", ("route", "/stream")));
        Assert.Empty(metrics.Find("http_request_duration_seconds_count", ("route", "/stream")));
    }

    [Fact]
    public async Task Switched_off_there_is_no_such_route()
    {
        await using var host = await TestHost.StartAsync(new Dictionary<string, string?> { ["PROMETHEUS_ENABLED"] = "false" });

        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task A_comma_culture_changes_nothing()
    {
        var before = CultureInfo.DefaultThreadCurrentCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            await using var host = await TestHost.StartAsync();
            using var meter = new Meter("Integrations.Tests.Culture");
            meter.CreateHistogram<double>("tests.culture.wait", "ms").Record(1.5);

            var text = await host.GetStringAsync("/metrics");

            await Promtool.AssertAcceptsAsync(text);
            Assert.Contains("tests_culture_wait_seconds_sum 0.0015\n", text, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.DefaultThreadCurrentCulture = before;
        }
    }

    [Fact]
    public async Task Instruments_that_become_one_name_share_one_group()
    {
        await using var host = await TestHost.StartAsync();
        using var first = new Meter("Integrations.Tests.First");
        using var second = new Meter("Integrations.Tests.Second");
        first.CreateCounter<long>("tests.shared").Add(1, new KeyValuePair<string, object?>("from", "first"));
        first.CreateCounter<long>("tests.between").Add(1);
        second.CreateCounter<long>("tests_shared").Add(2, new KeyValuePair<string, object?>("from", "second"));
        // Neither may corrupt the text: the same series again, and the same name as another type.
        second.CreateCounter<long>("testsShared").Add(4, new KeyValuePair<string, object?>("from", "first"));
        second.CreateHistogram<double>("tests.shared.total").Record(1);
        second.CreateGauge<long>("tests.between.total").Record(1);

        var text = await host.GetStringAsync("/metrics");

        await Promtool.AssertAcceptsAsync(text);
        var metrics = Exposition.Read(text);
        Assert.Empty(metrics.Findings());
        Assert.Equal(1, metrics.Value("tests_shared_total", ("from", "first")));
        Assert.Equal(2, metrics.Value("tests_shared_total", ("from", "second")));
    }

    public static TheoryData<int> Seeds => new(Enumerable.Range(20260101, LongRun.Rounds(1, 30)));

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_is_measured_the_text_stays_sound(int seed)
    {
        const int Instruments = 60;
        await using var host = await TestHost.StartAsync();
        using var meter = new Meter("Integrations.Tests.Hostile");
        var random = new Random(seed);
        string[] units = ["", "s", "ms", "By", "MiBy", "%", "1", "{thing}", "d", "By/s", "Ünit"];
        for (var i = 0; i < Instruments; i++)
        {
            // OpenTelemetry itself refuses other characters in an instrument's name.
            var name = $"h{i}." + new string(random.GetItems<char>("abzAZ09_.-/", random.Next(1, 20)));
            var tag = new KeyValuePair<string, object?>(
                new string(random.GetItems<char>("ableXY_.- é0\"{", random.Next(1, 6))),
                new string(random.GetItems<char>("ab\\\"\n\r\t{}=,# é漢", random.Next(0, 12))));
            var unit = units[random.Next(units.Length)];
            double[] values = [0, -1.5, 1e300, random.NextDouble(), double.NaN, double.PositiveInfinity];
            var value = values[random.Next(values.Length)];
            switch (random.Next(4))
            {
                case 0: meter.CreateCounter<double>(name, unit, "Counts \\ \n it").Add(Math.Abs(double.IsFinite(value) ? value : 1), tag); break;
                case 1: meter.CreateHistogram<double>(name, unit).Record(double.IsFinite(value) ? Math.Abs(value) : 1, tag); break;
                case 2: meter.CreateGauge<double>(name, unit).Record(value, tag); break;
                default: meter.CreateUpDownCounter<long>(name, unit).Add(random.Next(-9, 9), tag); break;
            }
        }

        var text = await host.GetStringAsync("/metrics");

        // Lint (3) may dislike an invented name; what may not happen is a text that cannot be parsed (1).
        var (exitCode, messages) = await Promtool.CheckMetricsAsync(text);
        Assert.True(exitCode is 0 or 3, messages);
        Assert.Empty(Exposition.Read(text).Findings());
        Assert.True(Exposition.Read(text).Types.Keys.Count(family => family.StartsWith('h')) >= Instruments, "Some instruments are missing.");
    }

    [Fact]
    public async Task Many_scrapes_at_once_are_all_whole()
    {
        await using var host = await TestHost.StartAsync();

        var texts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.GetStringAsync("/metrics")));

        Assert.All(texts, text =>
        {
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
            Assert.Empty(Exposition.Read(text).Findings());
        });
    }
}
