using System.Diagnostics.Metrics;
using System.Reflection;
using Integrations.ServiceDefaults.Logging;
using Integrations.ServiceDefaults.Prometheus;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Integrations.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    /// <summary>Bounds in seconds for every histogram in seconds whose instrument advises none: from a cache hit to a slow login.</summary>
    private static readonly double[] SecondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var telemetry = new HostTelemetry(builder.Services);
        telemetry.ConfigureResource(resource => Describe(resource, builder.Environment));

        telemetry.WithTracing(tracing => tracing
            .AddSource("Integrations.*", "Microsoft.AspNetCore", "System.Net.Http", "RabbitMQ.Client.*")
            .AddProcessor(new TraceRedactor()));

        telemetry.WithMetrics(metrics => metrics
            .AddMeter("Integrations.*", "Microsoft.AspNetCore.*", "System.Net.Http", "System.Runtime")
            .AddView(BoundsInSeconds));

        if (builder.Configuration.GetValue("PROMETHEUS_ENABLED", true))
        {
            builder.Services.AddSingleton<PrometheusExporter>();
            builder.Services.ConfigureOpenTelemetryMeterProvider((services, metrics) =>
                metrics.AddReader(new BaseExportingMetricReader(services.GetRequiredService<PrometheusExporter>())));
        }

        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.WithLogging(logs => logs.AddProcessor(new LogRedactor()), options => options.IncludeFormattedMessage = true);
            telemetry.UseOtlpExporter();
        }

        builder.Services.AddMetrics();
        builder.Services.TryAddSingleton<HttpRequestTelemetry>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, HttpRequestTelemetryFilter>());
        // First of all hosted services: what another one does while it starts must already be seen.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryStarter>());
    }

    /// <summary>The environment (<c>OTEL_SERVICE_NAME</c>, <c>OTEL_RESOURCE_ATTRIBUTES</c>) comes last because the later value wins.</summary>
    private static void Describe(ResourceBuilder resource, IHostEnvironment environment) => resource
        .AddService(
            environment.ApplicationName,
            serviceVersion: Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3),
            serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}")
        .AddAttributes([new("deployment.environment.name", environment.EnvironmentName)])
        .AddEnvironmentVariableDetector();

    private static MetricStreamConfiguration? BoundsInSeconds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Unit: "s", Advice: null } => new ExplicitBucketHistogramConfiguration { Boundaries = SecondsBounds },
        _ => null,
    };

    private sealed class HostTelemetry(IServiceCollection services) : IOpenTelemetryBuilder
    {
        public IServiceCollection Services => services;
    }

    /// <summary>Builds the providers when the host starts; the container, which owns them, flushes and disposes them when it ends.</summary>
    private sealed class TelemetryStarter(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetService<MeterProvider>();
            services.GetService<TracerProvider>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
