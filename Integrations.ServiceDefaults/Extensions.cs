using Integrations.ServiceDefaults.Discovery;
using Integrations.ServiceDefaults.Health;
using Integrations.ServiceDefaults.Logging;
using Integrations.ServiceDefaults.Prometheus;
using Integrations.ServiceDefaults.Resilience;
using Integrations.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every host of the system shares: logs, traces, metrics, health, service discovery and resilient HTTP clients.</summary>
public static class Extensions
{
    /// <summary>
    /// Adds the shared behaviour. Settings: <c>LOG_LEVEL</c>, <c>DEBUG</c>, <c>PROMETHEUS_ENABLED</c>, <c>APP_NAME</c>, <c>VERSION</c>,
    /// <c>HttpResilience:*</c>, <c>services:*</c> and OpenTelemetry's own <c>OTEL_*</c>.
    /// </summary>
    /// <remarks>Calling it a second time changes nothing.</remarks>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(Added)))
            return builder;

        builder.Services.AddSingleton<Added>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddStructuredLogs();
        builder.AddTelemetry();
        builder.AddDefaultHealthChecks();
        builder.Services.AddHttpResilience(builder.Configuration);
        builder.Services.TryAddSingleton<ServiceEndpoints>();
        builder.Services.AddHttpClient();
        builder.Services.ConfigureAll<HttpClientFactoryOptions>(options => options.HttpMessageHandlerBuilderActions.Add(AddHandlers));
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (ready: every check), <c>/alive</c> (checks tagged <c>live</c>) and, unless <c>PROMETHEUS_ENABLED=false</c>,
    /// <c>/metrics</c>. None of them asks for authentication: keep them inside the network.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthEndpoints();
        app.MapPrometheusEndpoint();
        return app;
    }

    /// <summary>The outer handler comes first: each of its tries asks the discovery anew, so a retry reaches the next copy of a service.</summary>
    private static void AddHandlers(HttpMessageHandlerBuilder client)
    {
        var pipelines = client.Services.GetRequiredService<HttpResiliencePipelines>();
        client.AdditionalHandlers.Add(new HttpResilienceHandler(pipelines, client.Name ?? ""));
        client.AdditionalHandlers.Add(new ServiceDiscoveryHandler(client.Services.GetRequiredService<ServiceEndpoints>()));
    }

    private sealed class Added;
}
