using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Integrations.Sandbox.Webhooks;

/// <summary>The simulated receivers on HTTP, on a loopback port of their own, and the API by which they are made and looked at.</summary>
public sealed class SandboxWebhookServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ending;
    private bool _disposed;

    private SandboxWebhookServer(SandboxWebhooks webhooks, WebApplication app, CancellationTokenSource ending) => (Webhooks, _app, _ending) = (webhooks, app, ending);

    public SandboxWebhooks Webhooks { get; }

    /// <summary><c>http://127.0.0.1:port/</c>.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Where deliveries to a receiver go.</summary>
    public Uri AddressOf(string name) => new(Address, $"endpoints/{name}");

    /// <param name="token">What opens <c>/sandbox/webhooks</c>, of at least 16 characters; null leaves that part out.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="certificate">For HTTPS; null for plain HTTP.</param>
    public static async Task<SandboxWebhookServer> StartAsync(
        SandboxWebhooks webhooks, string? token = null, int port = 0, X509Certificate2? certificate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(webhooks);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Each receiver has a limit of its own.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = 10_000;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                if (certificate is not null)
                    listen.UseHttps(certificate);
            });
        });
        builder.Services.AddSingleton(webhooks);
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        if (token is not null)
            builder.Services.AddSingleton(new SandboxToken(token));
        var app = builder.Build();
        var ending = new CancellationTokenSource();
        var reception = new Reception(webhooks.Time, ending.Token);
        app.MapPost("/endpoints/{name}", (HttpContext context) =>
            webhooks.Find((string)context.Request.RouteValues["name"]!) is { } receiver ? reception.TakeAsync(context, receiver) : NotFound(context));
        if (token is not null)
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments("/sandbox", StringComparison.OrdinalIgnoreCase), control => control.UseMiddleware<PhoneGuard>());
            app.MapWebhookControl();
        }

        var server = new SandboxWebhookServer(webhooks, app, ending);
        await app.StartAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;

        // Answers that are held back would hold the server back.
        await _ending.CancelAsync();
        await _app.DisposeAsync();
        _ending.Dispose();
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
