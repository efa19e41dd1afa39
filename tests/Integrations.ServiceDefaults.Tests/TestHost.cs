using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Meters and activity listeners are heard by the whole process, so two hosts at a time would hear each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Integrations.ServiceDefaults.Tests;

/// <summary>A host with the defaults on a free loopback port, and a client for it.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private TestHost(WebApplication app)
    {
        App = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public string Authority => Client.BaseAddress!.Authority;

    public IServiceProvider Services => App.Services;

    /// <param name="settings">Configuration, over everything else.</param>
    /// <param name="add">Services of the test, added after the defaults as a host would.</param>
    /// <param name="map">Endpoints of the test.</param>
    /// <param name="environment">Production, unless the test is about another.</param>
    public static async Task<TestHost> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<WebApplicationBuilder>? add = null,
        Action<WebApplication>? map = null,
        string environment = "Production")
    {
        var app = Build(settings, add, map, environment);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            return new TestHost(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public static WebApplication Build(
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<WebApplicationBuilder>? add = null,
        Action<WebApplication>? map = null,
        string environment = "Production")
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        // Set afterwards: given to the builder, ASP.NET Core would look for the assembly.
        builder.Environment.ApplicationName = "Integrations.Api";
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Logging:Console:LogLevel:Default"] = "None" });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.AddServiceDefaults();
        add?.Invoke(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        return app;
    }

    public HttpClient FactoryClient(string name = "") => Services.GetRequiredService<IHttpClientFactory>().CreateClient(name);

    public Task<string> GetStringAsync(string path) => Client.GetStringAsync(path, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        // Lets the requests end, and their spans with them; disposing alone would cut them off.
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
