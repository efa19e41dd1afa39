using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Webhooks;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Webhooks;

/// <summary>The API by which receivers are made and looked at.</summary>
public sealed class WebhookControlTests : IAsyncLifetime
{
    private const string Token = "a-token-for-tests-only";

    private readonly TestClock _clock = new();
    private readonly HttpClient _http = new();
    private SandboxWebhookServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await SandboxWebhookServer.StartAsync(new SandboxWebhooks(_clock), Token, cancellationToken: TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri(_server.Address, "sandbox/webhooks/");
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_receiver_is_made_told_what_to_do_looked_at_and_removed()
    {
        using var made = await PutAsync("endpoints/orders", new { keys = new[] { Sender.Secret }, max_body = 1000, tolerance = "00:01:00" });
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.Equal("/endpoints/orders", (await JsonAsync(made)).GetProperty("path").GetString());
        using var told = await PutAsync("endpoints/orders/behaviours", new[] { new { times = 1, cut = "after_recording" } });
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);

        var sender = new Sender(_http, _server.AddressOf("orders"), _clock);
        await Assert.ThrowsAsync<HttpRequestException>(() => sender.DeliverAsync("msg_1"));
        Assert.Equal(200, await sender.StatusAsync("msg_1"));
        Assert.Equal(401, await sender.StatusAsync("msg_2", age: TimeSpan.FromMinutes(2)));

        var deliveries = await GetAsync("endpoints/orders/deliveries?after=1&limit=1");
        var only = Assert.Single(deliveries.EnumerateArray());
        Assert.Equal((2, "duplicate", "{}"), (only.GetProperty("number").GetInt32(), only.GetProperty("verdict").GetString(), only.GetProperty("body").GetString()));
        var card = Assert.Single((await GetAsync("endpoints")).EnumerateArray());
        Assert.Equal(3, card.GetProperty("total").GetInt32());
        Assert.Equal(1, card.GetProperty("counts").GetProperty("stale").GetInt32());
        // The keys are the sender's secret as well.
        Assert.DoesNotContain("whsec_", card.ToString(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync("endpoints/orders/deliveries"));
        Assert.Equal(0, (await GetAsync("endpoints/orders")).GetProperty("total").GetInt32());
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync("endpoints/orders"));
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync("endpoints/orders"));
    }

    [Theory]
    [InlineData("endpoints/Orders", """{"keys":[]}""", "name")]
    [InlineData("endpoints/orders", """{"keys":["whsec_short"]}""", "24 to 64 bytes")]
    [InlineData("endpoints/orders", """{"keys":["whpk_AAAA"]}""", "whpk_")]
    [InlineData("endpoints/orders", """{"keys":[],"max_body":-1}""", "max_body")]
    [InlineData("endpoints/there/behaviours", """[{"status":100}]""", "status")]
    [InlineData("endpoints/there/behaviours", """[{"latency":"-00:00:01"}]""", "latency")]
    [InlineData("endpoints/there/behaviours", """[{"retry_after":"1\r\nx: y"}]""", "retry_after")]
    [InlineData("endpoints/there/behaviours", "[null]", "missing")]
    public async Task What_cannot_be_is_refused_with_a_reason(string path, string body, string reason)
    {
        _server.Webhooks.Put("there", Sender.Secret);
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var response = await _http.PutAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await JsonAsync(response);
        Assert.Equal("VALIDATION", problem.GetProperty("code").GetString());
        Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("short", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_control_needs_the_token_and_refuses_other_pages_and_names_while_deliveries_need_neither()
    {
        _server.Webhooks.Put("orders", Sender.Secret);
        using var http = new HttpClient();
        using var without = await http.GetAsync(new Uri(_server.Address, "sandbox/webhooks/endpoints"), TestContext.Current.CancellationToken);
        using var fromPage = new HttpRequestMessage(HttpMethod.Get, "endpoints") { Headers = { { "Origin", "https://example.com" } } };
        using var otherPage = await _http.SendAsync(fromPage, TestContext.Current.CancellationToken);
        using var byName = new HttpRequestMessage(HttpMethod.Get, "endpoints") { Headers = { Host = "example.com" } };
        using var otherName = await _http.SendAsync(byName, TestContext.Current.CancellationToken);
        using var delivery = new Sender(http, _server.AddressOf("orders"), _clock).Request("msg_1");
        delivery.Headers.Host = "receiver.example.com";
        using var delivered = await http.SendAsync(delivery, TestContext.Current.CancellationToken);

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            [without.StatusCode, otherPage.StatusCode, otherName.StatusCode, delivered.StatusCode]);
    }

    [Fact]
    public void A_receiver_that_is_put_again_begins_anew()
    {
        var first = _server.Webhooks.Put("orders", Sender.Secret);

        Assert.NotSame(first, _server.Webhooks.Put("orders", Sender.Secret));
        Assert.Single(_server.Webhooks.Receivers);
    }

    [Fact]
    public void Receivers_are_bounded()
    {
        var webhooks = new SandboxWebhooks(_clock);
        for (var i = 0; i < SandboxWebhooks.MaxReceivers; i++)
            webhooks.Put($"r-{i}");

        Assert.Throws<ArgumentException>(() => webhooks.Put("one-more"));
        Assert.NotNull(webhooks.Put("r-0", Sender.Secret));
    }

    private Task<HttpResponseMessage> PutAsync(string path, object body) => _http.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);

    private Task<JsonElement> GetAsync(string path) => _http.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<HttpStatusCode> DeleteAsync(string path)
    {
        using var response = await _http.DeleteAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static Task<JsonElement> JsonAsync(HttpResponseMessage response) => response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
}
