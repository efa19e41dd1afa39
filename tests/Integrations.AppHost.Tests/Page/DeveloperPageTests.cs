using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.AppHost.Tests.Lifecycle;

namespace Integrations.AppHost.Tests.Page;

/// <summary>The page of one running application; its tests only read, or leave things as they were.</summary>
public sealed class DeveloperPageTests : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TemporaryData _data = new();
    private readonly AppHostProcess _host;
    private JsonObject _addresses = [];
    private string _token = "";

    public DeveloperPageTests() => _host = AppHostProcess.Start(_data.New());

    private string Page => ((string)_addresses["developer_page"]!).TrimEnd('/');

    public async ValueTask InitializeAsync()
    {
        _addresses = await _host.ReadyAsync();
        _token = _host.Parameters()["developer-page-token"];
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task The_page_answers_only_to_its_token_its_name_and_itself()
    {
        async Task<HttpStatusCode> Ask(HttpMethod method, string path, string? token, string? host = null, string? origin = null)
        {
            using var request = Request(method, path, token);
            request.Headers.Host = host;
            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using var response = await AppHostProcess.Http.SendAsync(request, _cancel);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await Ask(HttpMethod.Get, "/", null));
        Assert.Equal(HttpStatusCode.OK, await Ask(HttpMethod.Get, "/api/state", _token));
        Assert.Equal(HttpStatusCode.OK, await Ask(HttpMethod.Get, "/api/state", _token, host: "localhost:4711"));
        Assert.Equal(HttpStatusCode.OK, await Ask(HttpMethod.Get, "/api/state", _token, origin: Page));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(HttpMethod.Get, "/api/state", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(HttpMethod.Get, "/api/state", _token[..^1]));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask(HttpMethod.Post, "/api/resources/host/stop", "wrong"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Ask(HttpMethod.Get, "/", null, host: "pages.example"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Ask(HttpMethod.Get, "/api/state", _token, host: "127.0.0.1.pages.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await Ask(HttpMethod.Post, "/api/resources/host/stop", _token, origin: "http://pages.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await Ask(HttpMethod.Post, "/api/resources/host/stop", _token, origin: "null"));
        Assert.Equal("Running", _host.Read()!.Resources["host"].State);
    }

    [Fact]
    public async Task The_page_takes_nothing_from_elsewhere_and_is_framed_by_nobody()
    {
        using var response = await AppHostProcess.Http.GetAsync(Page, _cancel);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        var html = await response.Content.ReadAsStringAsync(_cancel);
        var script = await AppHostProcess.Http.GetStringAsync($"{Page}/page.js", _cancel);
        var style = await AppHostProcess.Http.GetStringAsync($"{Page}/page.css", _cancel);

        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html + script + style, StringComparison.Ordinal);
        Assert.DoesNotContain(_token, html + script + style, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_is_shown_with_its_secrets_masked()
    {
        var password = _host.Parameters()["redis-password"];
        var text = await TextAsync("/api/resources/host/environment");
        var shown = JsonSerializer.Deserialize<JsonArray>(text)!.ToDictionary(v => (string)v!["key"]!, v => (string)v!["value"]!);
        var redis = new Uri((string)_addresses["redis"]!).Authority;

        Assert.Equal("••••••", shown["SECRET_VALUE"]);
        Assert.Equal($"{redis},password=••••••", shown["ConnectionStrings__redis"]);
        Assert.Equal($"cache at {redis}, password=••••••", shown["CACHE"]);
        Assert.Equal("host", shown["OTEL_SERVICE_NAME"]);
        Assert.DoesNotContain(password, text, StringComparison.Ordinal);
        Assert.False(shown.ContainsKey("PATH"), "what is inherited is not the model's");
    }

    [Fact]
    public async Task Each_resource_is_shown_with_what_one_wants_to_know()
    {
        var host = (await StateAsync("host", _ => true))!;

        Assert.Equal("Running", (string?)host["state"]);
        Assert.Equal("Healthy", (string?)host["health"]);
        Assert.Equal((int)_addresses["pids"]!["host"]!, (int)host["pid"]!);
        Assert.Equal("The host", (string?)host["urls"]![0]!["text"]);
        Assert.Equal((string?)_addresses["host"], (string?)host["urls"]![0]!["url"]);
        Assert.True(host["started_at"]!.GetValue<DateTimeOffset>() > DateTimeOffset.UtcNow.AddMinutes(-5));
    }

    [Fact]
    public async Task Output_is_live_masked_and_kept_after_a_crash()
    {
        var password = _host.Parameters()["redis-password"];
        using var request = Request(HttpMethod.Get, "/api/logs/host", _token);
        using var response = await AppHostProcess.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancel);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(_cancel));
        await PostAsync($"{_addresses["host"]}/say", $"\e[32mgreen\e[0m and the password {password}");
        var said = await LineAsync(lines, "green");
        await PostAsync($"{_addresses["host"]}/exit/7", "");
        await _host.StateAsync("host", copy => copy is { Restarts: 1, Health: "Healthy" });
        var kept = await File.ReadAllTextAsync(Path.Combine(_host.Data, "logs", "host.log"), _cancel);
        var downloaded = await TextAsync("/api/logs/host/file");

        Assert.Equal("\e[32mgreen\e[0m and the password ••••••", (string?)said["text"]);
        Assert.Equal("host", (string?)said["source"]);
        Assert.Contains("green", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(password, kept, StringComparison.Ordinal);
        Assert.Equal(kept, downloaded);
    }

    [Fact]
    public async Task A_resource_is_stopped_started_and_restarted_from_the_page()
    {
        var before = await _host.StateAsync("copies-2", copy => copy.Health == "Healthy");
        Assert.Equal(HttpStatusCode.OK, await CommandAsync("copies-2", "stop"));
        var stopped = await StateAsync("copies-2", resource => (bool)resource["can_start"]!);
        Assert.Equal("Exited", (string?)stopped["state"]);
        Assert.Null(ProcessOf(stopped));
        Assert.Equal("Running", _host.Read()!.Resources["copies-1"].State);

        Assert.Equal(HttpStatusCode.OK, await CommandAsync("copies-2", "start"));
        var started = await _host.StateAsync("copies-2", copy => copy.Health == "Healthy");
        Assert.NotEqual(before.Pid, started.Pid);

        Assert.Equal(HttpStatusCode.OK, await CommandAsync("copies-2", "restart"));
        var restarted = await _host.StateAsync("copies-2", copy => copy.Health == "Healthy" && copy.Pid != started.Pid);
        Assert.Equal(0, restarted.Restarts);

        Assert.Equal(HttpStatusCode.NotFound, await CommandAsync("copies-3", "stop"));
        Assert.Equal(HttpStatusCode.NotFound, await CommandAsync("copies-2", "explode"));
    }

    [Fact]
    public async Task A_failing_health_check_is_shown_and_what_it_said()
    {
        await PostAsync($"{_addresses["copies-1"]}/sicken", "");
        var sick = await StateAsync("copies-1", resource => (string?)resource["health"] == "Unhealthy");

        Assert.Equal("Running", (string?)sick["state"]);
        Assert.Equal("GET /health was answered with 503.", (string?)sick["health_text"]);
    }

    private static int? ProcessOf(JsonObject resource) => (int?)resource["pid"];

    private HttpRequestMessage Request(HttpMethod method, string path, string? token)
    {
        var request = new HttpRequestMessage(method, Page + path);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private async Task<string> TextAsync(string path)
    {
        using var request = Request(HttpMethod.Get, path, _token);
        using var response = await AppHostProcess.Http.SendAsync(request, _cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(_cancel);
    }

    private async Task<HttpStatusCode> CommandAsync(string id, string command)
    {
        using var request = Request(HttpMethod.Post, $"/api/resources/{id}/{command}", _token);
        using var response = await AppHostProcess.Http.SendAsync(request, _cancel);
        return response.StatusCode;
    }

    /// <summary>Follows the page's stream until a resource satisfies the condition.</summary>
    private async Task<JsonObject> StateAsync(string id, Func<JsonObject, bool> condition)
    {
        using var request = Request(HttpMethod.Get, "/api/resources", _token);
        using var response = await AppHostProcess.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancel);
        using var documents = new StreamReader(await response.Content.ReadAsStreamAsync(_cancel));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var resources = JsonNode.Parse((await documents.ReadLineAsync(limit.Token))!)!["resources"]!.AsArray();
            if (resources.FirstOrDefault(resource => (string?)resource!["id"] == id) is JsonObject found && condition(found))
            {
                return found;
            }
        }
    }

    private async Task<JsonObject> LineAsync(StreamReader batches, string text)
    {
        while (true)
        {
            var batch = JsonNode.Parse((await batches.ReadLineAsync(_cancel))!)!.AsArray();
            if (batch.FirstOrDefault(line => ((string)line!["text"]!).Contains(text, StringComparison.Ordinal)) is JsonObject found)
            {
                return found;
            }
        }
    }

    private async Task PostAsync(string url, string body)
    {
        try
        {
            using var content = new StringContent(body);
            using var response = await AppHostProcess.Http.PostAsync(url, content, _cancel);
        }
        catch (HttpRequestException) when (url.Contains("/exit/", StringComparison.Ordinal))
        {
            // It ended before it could answer, as asked.
        }
    }
}
