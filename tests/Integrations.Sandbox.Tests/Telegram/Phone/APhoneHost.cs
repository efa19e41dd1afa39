using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>The sandbox host on free ports, with a client that holds its token.</summary>
public sealed class APhoneHost : IAsyncLifetime
{
    public const string Token = "a-token-for-tests-only";

    private WebApplication? _app;
    private HttpClient? _http;

    public HttpClient Http => _http!;

    public SandboxTelegram Telegram => _app!.Services.GetRequiredService<SandboxTelegram>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["SANDBOX_TOKEN"] = Token;
        builder.Configuration["Sandbox:Dc1Port"] = "0";
        builder.Configuration["Sandbox:Dc2Port"] = "0";
        // A browser on a busy machine may take longer to its scan than the 30 s of the real thing.
        builder.Configuration["Sandbox:QrTokenLifetime"] = "00:10:00";
        builder.AddSandboxTelegram();
        _app = builder.Build();
        _app.MapSandboxTelegram();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _http = new HttpClient { BaseAddress = new Uri(address) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(Path(path), TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, object body) =>
        Http.PostAsJsonAsync(Path(path), body, TestContext.Current.CancellationToken);

    public static Uri Path(string path) => new(path, UriKind.Relative);

    public static Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
}
