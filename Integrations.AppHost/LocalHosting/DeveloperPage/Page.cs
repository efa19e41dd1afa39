using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Integrations.AppHost.LocalHosting.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.LocalHosting.DeveloperPage;

/// <summary>
/// The page that shows what runs: resources, their environment and their output. It listens on the loopback address alone.
/// </summary>
internal sealed class Page : IAsyncDisposable
{
    /// <summary>The token's name among the kept parameters.</summary>
    public const string TokenParameter = "developer-page-token";

    private readonly WebApplication _web;

    private Page(WebApplication web, string link)
    {
        _web = web;
        Link = link;
    }

    /// <summary>Opens the page signed in. The token is in the fragment, which the browser keeps to itself.</summary>
    public string Link { get; }

    public static async Task<Page> StartAsync(LocalApplication application, int port, CancellationToken cancellationToken)
    {
        var token = application.Parameters.GetOrAdd(
            TokenParameter, () => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", 32));
        // Nothing is read from the environment: ASPNETCORE_URLS there is not meant for this page.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(LogLevel.None);
        var web = builder.Build();
        web.UseMiddleware<PageGuard>(token);
        web.UseRouting();
        web.MapPage(application);
        await web.StartAsync(cancellationToken);
        return new Page(web, string.Create(CultureInfo.InvariantCulture, $"http://{LocalEndpoint.Loopback}:{port}/#token={token}"));
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
