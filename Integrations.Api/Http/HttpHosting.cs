using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Api.Errors;
using Integrations.Api.Json;

namespace Integrations.Api.Http;

/// <summary>How requests are taken and answers are given, for all routes alike.</summary>
internal static class HttpHosting
{
    private const string CorsPolicy = "configured";

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Larger than what a body may have: the server reads a refused one to its end, up to here, so that the caller gets the answer
            // instead of a broken connection.
            kestrel.Limits.MaxRequestBodySize = 16 * BodyMetadata.MaxBytes;
        });
        var services = builder.Services;
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);

        // Cors:AllowedOrigins: the origins whose pages may call the API with a token. None by default; never any origin at all.
        var origins = builder.Configuration.GetSection("Cors:AllowedOrigins").Get<string[]>() ?? [];
        services.AddCors(cors => cors.AddPolicy(CorsPolicy, policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "POST", "PATCH", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
            .WithExposedHeaders("Location", "Retry-After", "Idempotency-Replayed")
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        return builder;
    }

    /// <summary>What every request passes before it reaches its route, from outside to inside.</summary>
    public static WebApplication UseHttp(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseRouting();
        app.UseCors(CorsPolicy);
        app.UseWebSockets(new() { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<RequestShapeMiddleware>();
        return app;
    }
}
