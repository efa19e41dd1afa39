using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Twilio;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>The simulated Twilio in the sandbox's host, and its control.</summary>
public sealed class TwilioControlTests : IAsyncLifetime
{
    private const string Token = "the-sandbox-token-of-a-test";

    private readonly HttpClient _http = new();
    private WebApplication _app = null!;
    private AHook _hook = null!;

    public async ValueTask InitializeAsync()
    {
        _hook = await AHook.StartAsync();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["SANDBOX_TOKEN"] = Token;
        builder.Configuration["Sandbox:Dc1Port"] = "0";
        builder.Configuration["Sandbox:Dc2Port"] = "0";
        builder.Configuration["Sandbox:TwilioPort"] = "0";
        builder.AddSandboxTelegram();
        builder.AddSandboxTwilio();
        _app = builder.Build();
        _app.MapSandboxTelegram();
        _app.MapSandboxTwilio();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _hook.DisposeAsync();
    }

    [Fact]
    public async Task Without_the_token_nothing_is_told()
    {
        using var stranger = new HttpClient { BaseAddress = _http.BaseAddress };
        using var response = await stranger.GetAsync(new Uri("/sandbox/twilio", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_person_writes_is_answered_and_reads()
    {
        var world = await GetAsync("/sandbox/twilio");
        var account = world!["accounts"]![0]!;
        await PostAsync(201, "senders", new { account_sid = (string)account["sid"]!, number = "+14155550144", callback_url = _hook.Address + "/in", status_callback_url = _hook.Address + "/st" });
        await PostAsync(201, "people", new { number = ATwilio.Boris, profile_name = "Boris" });
        await PostAsync(201, $"people/{ATwilio.Boris}/messages", new { sender = "+14155550144", text = "Look", content_type = "image/png", content = "AQID" });
        var heard = await _hook.NextAsync();
        Assert.Equal(("Look", "image/png", "Boris"), (heard["Body"], heard["MediaContentType0"], heard["ProfileName"]));

        using var api = new HttpClient { BaseAddress = new Uri((string)world["address"]!) };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{account["sid"]}:{Token}")));
        using var form = new FormUrlEncodedContent([new("From", "whatsapp:+14155550144"), new("To", "whatsapp:" + ATwilio.Boris), new("Body", "Nice")]);
        using var sent = await api.PostAsync(new Uri($"/2010-04-01/Accounts/{account["sid"]}/Messages.json", UriKind.Relative), form, TestContext.Current.CancellationToken);
        var sid = (string)(await sent.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!["sid"]!;
        await _app.Services.GetRequiredService<SandboxTwilio>().IdleAsync(TestContext.Current.CancellationToken);
        await PostAsync(202, $"messages/{sid}/read", new { });
        await _app.Services.GetRequiredService<SandboxTwilio>().IdleAsync(TestContext.Current.CancellationToken);

        Assert.Equal("received read", string.Join(' ', (await GetAsync("/sandbox/twilio/messages"))!.AsArray().Select(message => (string)message!["status"]!)));
        Assert.Equal(5, (await GetAsync("/sandbox/twilio/webhooks"))!.AsArray().Count);
    }

    [Fact]
    public async Task Faults_are_made_listed_and_cleared_and_mistakes_are_explained()
    {
        await PostAsync(201, "faults", new { kind = "too_many_requests", times = 3, retry_after = 1 });
        Assert.Equal("too_many_requests", (string)(await GetAsync("/sandbox/twilio/faults"))![0]!["kind"]!);
        using var cleared = await _http.DeleteAsync(new Uri("/sandbox/twilio/faults", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Empty((await GetAsync("/sandbox/twilio/faults"))!.AsArray());

        await PostAsync(400, "faults", new { kind = "fail_message" });
        await PostAsync(400, "people", new { number = "12", profile_name = "x" });
        await PostAsync(400, $"people/{ATwilio.Anna}/messages", new { sender = "+14155550177", text = "x" });
        await PostAsync(400, $"people/{ATwilio.Boris}/blocks", new { sender = "+14155550100" });
        await PostAsync(400, "contents/HX0/review", new { status = "approved" });
    }

    private async Task<JsonNode?> GetAsync(string path) => await _http.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task PostAsync(int status, string path, object body)
    {
        using var response = await _http.PostAsJsonAsync(new Uri($"/sandbox/twilio/{path}", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }
}
