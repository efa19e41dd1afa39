using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Api.Audit;
using Integrations.Api.Authentication;
using Integrations.Api.Errors;
using Integrations.Api.Json;
using Integrations.Api.RateLimits;
using Integrations.Api.Refusals;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Http;

/// <summary>How requests are taken and answers are given, for all routes alike.</summary>
internal static class HttpHosting
{
    private const string CorsPolicy = "configured";

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<HttpLimitOptions>().BindConfiguration(HttpLimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpLimitOptions>>((kestrel, limits) => Bound(kestrel, limits.Value));
        services.AddSingleton<RequestPlaces>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);

        var origins = Origins(builder.Configuration);
        services.AddCors(cors => cors.AddPolicy(CorsPolicy, policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "POST", "PUT", "PATCH", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
            .WithExposedHeaders(
                "Location", "Retry-After", "Idempotency-Replayed",
                RateLimitMiddleware.LimitHeader, RateLimitMiddleware.RemainingHeader, RateLimitMiddleware.ResetHeader)
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        return builder;
    }

    private static void Bound(KestrelServerOptions kestrel, HttpLimitOptions limits)
    {
        kestrel.AddServerHeader = false;
        // Larger than what a body may have: the server reads a refused one to its end, up to here, so that the caller gets the answer
        // instead of a broken connection.
        kestrel.Limits.MaxRequestBodySize = 16 * BodyMetadata.MaxBytes;
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.RequestHeadersTimeout = limits.HeaderTime;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.Limits.MinRequestBodyDataRate = new(limits.BodyRate, limits.BodyGrace);
    }

    /// <summary>Cors:AllowedOrigins: the origins whose pages may call the API with a token. None by default; never any origin at all.</summary>
    private static string[] Origins(ConfigurationManager configuration)
    {
        var origins = configuration.GetSection("Cors:AllowedOrigins").Get<string[]>() ?? [];
        foreach (var origin in origins)
        {
            // The star would be taken for every origin, and anything that is not exactly an origin for none, without a word.
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.GetLeftPart(UriPartial.Authority) != origin || uri.UserInfo.Length > 0)
                throw new InvalidOperationException($"Cors:AllowedOrigins: '{origin}' is not an origin such as https://pages.example.org.");
        }

        return origins;
    }

    /// <summary>What every request passes before it reaches its route, from outside to inside.</summary>
    public static WebApplication UseHttp(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseMiddleware<RefusalMiddleware>();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseRouting();
        app.UseCors(CorsPolicy);
        app.UseMiddleware<RequestPlacesMiddleware>();
        app.UseWebSockets(new() { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        app.UseAuthentication();
        app.UseMiddleware<RateLimitMiddleware>();
        app.UseMiddleware<SecondFactorGate>();
        app.UseAuthorization();
        app.UseMiddleware<RequestShapeMiddleware>();
        app.UseMiddleware<AuditMiddleware>();
        return app;
    }
}
