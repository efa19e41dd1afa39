using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Integrations.ServiceDefaults.Prometheus;

internal static class PrometheusEndpoint
{
    /// <summary>Maps <c>GET /metrics</c> where the exporter is registered; elsewhere the route does not exist.</summary>
    public static void MapPrometheusEndpoint(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetService<PrometheusExporter>() is not { } exporter)
            return;

        routes.MapGet("/metrics", (MeterProvider _) => exporter.Scrape() is { } text
                ? Results.Text(text, PrometheusWriter.ContentType, Encoding.UTF8)
                : Results.StatusCode(StatusCodes.Status503ServiceUnavailable))
            .AllowAnonymous()
            .ExcludeFromDescription();
    }
}
