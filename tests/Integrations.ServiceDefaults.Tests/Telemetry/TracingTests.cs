using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Integrations.ServiceDefaults.Tests.Telemetry;

public sealed class TracingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_a_span_with_its_route_and_the_spans_inside_it_share_its_trace()
    {
        using var source = new ActivitySource("Integrations.Tests.Inside");
        var spans = new Recorder();
        await using var host = await TestHost.StartAsync(add: spans.AddTo, map: app => app.MapGet("/things/{id}", (string id) =>
        {
            using var inside = source.StartActivity("work");
            return id;
        }));

        await host.GetStringAsync("/things/7");

        var request = await spans.WaitForAsync(span => span.DisplayName == "GET /things/{id}");
        Assert.Equal("/things/{id}", request.GetTagItem("http.route"));
        Assert.Equal("/things/7", request.GetTagItem("url.path"));
        Assert.Equal(200, request.GetTagItem("http.response.status_code"));
        var work = await spans.WaitForAsync(span => span.DisplayName == "work");
        Assert.Equal(request.TraceId, work.TraceId);
        Assert.Equal(request.SpanId, work.ParentSpanId);
    }

    [Fact]
    public async Task A_call_to_another_service_carries_the_trace_along()
    {
        var spans = new Recorder();
        await using var callee = await TestHost.StartAsync(map: app => app.MapGet("/trace", () => Activity.Current?.TraceId.ToHexString()));
        await using var caller = await TestHost.StartAsync(
            new Dictionary<string, string?> { ["services:callee:http:0"] = "http://" + callee.Authority },
            spans.AddTo,
            app => app.MapGet("/", async (IHttpClientFactory clients) => await clients.CreateClient().GetStringAsync("http://callee/trace", Cancellation)));

        var seen = await caller.GetStringAsync("/");

        var request = await spans.WaitForAsync(span => span.DisplayName == "GET /");
        Assert.Equal(request.TraceId.ToHexString(), seen);
        var call = await spans.WaitForAsync(span => span.Source.Name == "System.Net.Http" && span.TraceId == request.TraceId);
        Assert.Equal(request.SpanId, call.ParentSpanId);
    }

    [Fact]
    public async Task A_token_in_an_address_is_masked_on_both_sides_of_the_call()
    {
        var token = "123456789:" + string.Concat(Enumerable.Repeat("aB3_", 9));
        var spans = new Recorder();
        await using var host = await TestHost.StartAsync(add: spans.AddTo, map: app => app.MapGet("/bot{token}/getMe", () => "me"));
        using var client = host.FactoryClient();

        await client.GetStringAsync($"http://{host.Authority}/bot{token}/getMe", Cancellation);

        var server = await spans.WaitForAsync(span => span.DisplayName == "GET /bot{token}/getMe");
        var call = await spans.WaitForAsync(span => span.Source.Name == "System.Net.Http" && span.Kind == ActivityKind.Client);
        Assert.EndsWith("/getMe", (string?)server.GetTagItem("url.path"), StringComparison.Ordinal);
        foreach (var (name, value) in server.TagObjects.Concat(call.TagObjects))
            Assert.DoesNotContain(token, $"{name}={value}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_and_scrapes_are_not_exported()
    {
        var spans = new Recorder();
        await using var host = await TestHost.StartAsync(add: spans.AddTo, map: app => app.MapGet("/last", () => "last"));

        foreach (var path in new[] { "/health", "/alive", "/metrics", "/last" })
            await host.GetStringAsync(path);

        var last = await spans.WaitForAsync(span => span.DisplayName == "GET /last");
        Assert.Same(last, Assert.Single(spans.Exported, span => span.Source.Name == "Microsoft.AspNetCore"));
    }

    [Fact]
    public async Task A_failed_request_is_a_failed_span()
    {
        var spans = new Recorder();
        await using var host = await TestHost.StartAsync(add: spans.AddTo, map: app =>
            app.MapGet("/broken", string () => throw new InvalidOperationException("Nobody handles it.")));

        await host.GetAsync("/broken");

        var request = await spans.WaitForAsync(span => span.DisplayName == "GET /broken");
        Assert.Equal(ActivityStatusCode.Error, request.Status);
        Assert.Equal(500, request.GetTagItem("http.response.status_code"));
    }

    /// <summary>Stands where an exporter stands: after the redactor, and it sees only what is recorded.</summary>
    private sealed class Recorder : BaseProcessor<Activity>
    {
        private readonly ConcurrentQueue<Activity> _exported = new();
        private readonly SemaphoreSlim _more = new(0);

        public IReadOnlyCollection<Activity> Exported => _exported;

        public void AddTo(WebApplicationBuilder builder) =>
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(this));

        public override void OnEnd(Activity data)
        {
            if (!data.Recorded)
                return;

            _exported.Enqueue(data);
            _more.Release();
        }

        /// <summary>A span ends after its answer was read, so the test may be here first.</summary>
        public async Task<Activity> WaitForAsync(Predicate<Activity> which)
        {
            while (true)
            {
                if (_exported.FirstOrDefault(span => which(span)) is { } found)
                    return found;

                Assert.True(
                    await _more.WaitAsync(TimeSpan.FromSeconds(10), Cancellation),
                    "No such span; seen: " + string.Join(", ", _exported.Select(span => span.DisplayName)));
            }
        }
    }
}
