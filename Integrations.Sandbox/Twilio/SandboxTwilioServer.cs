using System.Net;
using System.Security.Cryptography.X509Certificates;
using Integrations.Sandbox.Twilio.Rest;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Integrations.Sandbox.Twilio;

/// <summary>
/// The REST API of the simulated Twilio on a loopback port of its own. What is at api., content. and messaging.twilio.com is all here, for
/// their paths differ; the storage of media is at another port, as the real one is at another host.
/// </summary>
public sealed class SandboxTwilioServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SandboxTwilioServer(SandboxTwilio twilio, WebApplication app) => (Twilio, _app) = (twilio, app);

    public SandboxTwilio Twilio { get; }

    /// <summary>What a client is configured with: <c>http://127.0.0.1:port/</c>.</summary>
    public Uri Address => Twilio.Address!;

    /// <param name="port">0 takes a free one.</param>
    /// <param name="certificate">For HTTPS; null for plain HTTP.</param>
    public static async Task<SandboxTwilioServer> StartAsync(
        SandboxTwilio twilio, int port = 0, X509Certificate2? certificate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(twilio);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            foreach (var each in (int[])[port, 0])
            {
                kestrel.Listen(IPAddress.Loopback, each, listen =>
                {
                    if (certificate is not null)
                        listen.UseHttps(certificate);
                });
            }
        });
        var app = builder.Build();
        var routes = new TwilioRoutes(app, twilio);
        AccountApi.Map(routes);
        MessageApi.Map(routes);
        MediaApi.Map(routes);
        ContentApi.Map(routes);
        SenderApi.Map(routes);
        app.MapGet("/storage/{key}", (HttpContext context) => MediaApi.ServeAsync(context, twilio));
        routes.MapRest();
        var server = new SandboxTwilioServer(twilio, app);
        await app.StartAsync(cancellationToken);
        // In the order in which they were asked for.
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address)).ToList();
        (twilio.Address, twilio.StorageAddress) = (addresses[0], addresses[1]);
        return server;
    }

    /// <summary>Ends the API; the platform behind it lives on until it is disposed of itself.</summary>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
