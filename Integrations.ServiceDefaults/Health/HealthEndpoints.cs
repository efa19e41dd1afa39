using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Integrations.ServiceDefaults.Health;

internal static class HealthEndpoints
{
    private const string LiveTag = "live";

    public static void AddDefaultHealthChecks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<HealthIdentity>().Configure(identity =>
        {
            identity.Service = Setting(builder.Configuration, "APP_NAME") ?? HealthIdentity.NameOf(builder.Environment.ApplicationName);
            identity.Version = Setting(builder.Configuration, "VERSION") ?? identity.Version;
        });
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
    }

    public static void MapHealthEndpoints(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/health", _ => true);
        Map(routes, "/alive", check => check.Tags.Contains(LiveTag));
    }

    private static void Map(IEndpointRouteBuilder routes, string path, Func<HealthCheckRegistration, bool> which) => routes
        .MapHealthChecks(path, new HealthCheckOptions { Predicate = which, ResponseWriter = WriteAsync })
        .AllowAnonymous();

    /// <summary>Names and states only: a failing check's message may hold an address or a name that is nobody's business outside.</summary>
    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var identity = context.RequestServices.GetRequiredService<IOptions<HealthIdentity>>().Value;
        var failing = report.Entries.Where(entry => entry.Value.Status is not HealthStatus.Healthy)
            .ToDictionary(entry => entry.Key, entry => Word(entry.Value.Status), StringComparer.Ordinal);
        var body = new HealthBody(Word(report.Status), identity.Service, identity.Version, failing.Count == 0 ? null : failing);
        return context.Response.WriteAsJsonAsync(body, HealthJson.Default.HealthBody, contentType: "application/json", context.RequestAborted);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        HealthStatus.Unhealthy => "unhealthy",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "No such status."),
    };

    private static string? Setting(IConfiguration configuration, string name) =>
        configuration[name] is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;
}

/// <summary>The body of the health routes; <see cref="Checks"/> is there only when something is wrong.</summary>
internal sealed record HealthBody(
    string Status,
    string Service,
    string Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Checks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
