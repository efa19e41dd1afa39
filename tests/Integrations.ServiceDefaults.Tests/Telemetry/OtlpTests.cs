using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;

namespace Integrations.ServiceDefaults.Tests.Telemetry;

public sealed partial class OtlpTests
{
    [Fact]
    public async Task With_an_endpoint_all_three_signals_arrive_there_without_secrets()
    {
        await using var collector = await Collector.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "orders-under-test",
            ["Logging:OpenTelemetry:LogLevel:Default"] = "Information",
        };

        await using (var host = await TestHost.StartAsync(settings, map: app => app.MapGet("/order", () =>
        {
            LogSent(app.Logger, new InvalidOperationException("Password=hunter-two"), "+99966212345");
            return "ok";
        })))
        {
            await host.GetStringAsync("/order");
        }

        // Disposing the host flushed what was pending.
        foreach (var signal in new[] { "/v1/traces", "/v1/metrics", "/v1/logs" })
            Assert.Contains("orders-under-test", collector.Text(signal), StringComparison.Ordinal);

        Assert.Contains("GET /order", collector.Text("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("http.request.duration", collector.Text("/v1/metrics"), StringComparison.Ordinal);
        var logs = collector.Text("/v1/logs");
        Assert.Contains("Order sent to +99***45", logs, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException", logs, StringComparison.Ordinal);
        Assert.DoesNotContain("99966212345", logs, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter-two", logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_is_exported()
    {
        await using var app = TestHost.Build();

        Assert.Null(app.Services.GetService<LoggerProvider>());
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Order sent to {Phone}")]
    private static partial void LogSent(ILogger logger, Exception exception, string phone);

    /// <summary>Takes OTLP over HTTP and keeps the bytes; protobuf leaves strings readable.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<string, string> _received = new(StringComparer.Ordinal);
        private TestHost? _host;

        public string Address => $"http://{_host!.Authority}";

        public static async Task<Collector> StartAsync()
        {
            var collector = new Collector();
            collector._host = await TestHost.StartAsync(map: app => app.MapPost("/v1/{signal}", async (HttpContext context) =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                var text = Encoding.UTF8.GetString(body.ToArray());
                collector._received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
            }));
            return collector;
        }

        public string Text(string path) => _received.GetValueOrDefault(path, "");

        public ValueTask DisposeAsync() => _host!.DisposeAsync();
    }
}
