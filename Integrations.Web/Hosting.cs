using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Integrations.Web;

/// <summary>What makes one copy of the console as good as another behind a proxy, and its circuits deliberate.</summary>
internal static class Hosting
{
    public static void AddCircuits(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ConsoleOptions>().BindConfiguration(ConsoleOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<CircuitOptions>().Configure<IOptions<ConsoleOptions>>((circuits, console) =>
        {
            circuits.DisconnectedCircuitRetentionPeriod = console.Value.CircuitRetention;
            circuits.DisconnectedCircuitMaxRetained = console.Value.CircuitsRetained;
            circuits.JSInteropDefaultCallTimeout = console.Value.BrowserCallTimeout;
        });
        services.AddOptions<HubOptions>().Configure<IOptions<ConsoleOptions>>((hub, console) => hub.MaximumReceiveMessageSize = console.Value.LargestMessage);
        services.AddOptions<AntiforgeryOptions>().Configure<IHostEnvironment>((options, environment) =>
        {
            // The framework's name depends on where the program lies, which may differ between copies. Guarded as the session is, but this one
            // has a single name for a host, which a Production console over plain HTTP could not keep.
            options.Cookie.Name = (environment.IsProduction() ? "__Host-" : "") + "integrations_antiforgery";
            options.Cookie.Path = "/";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ConsoleOptions>>((forwarded, console) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            // The framework believes this machine by default; here it is named like any other.
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in console.Value.ProxyNetworks())
                forwarded.KnownIPNetworks.Add(network);
        });
    }

    /// <summary>Believes X-Forwarded-* of the proxies that are named; without one, of nobody (an empty list would mean everybody to the framework).</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ConsoleOptions>>().Value.ProxyNetworks().Count > 0)
            app.UseForwardedHeaders();
    }
}
