using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google;
using Integrations.Testing;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>What came back: the status, the JSON, and the headers.</summary>
internal sealed record Reply(HttpStatusCode Status, JsonNode? Body, HttpResponseHeaders Headers)
{
    /// <summary>Of Calendar's errors.</summary>
    public string? Reason => Body?["error"]?["errors"]?[0]?["reason"]?.ToString();

    /// <summary>Of the OAuth endpoints.</summary>
    public string? Error => Body?["error"]?.ToString();

    public JsonArray Items => Body!["items"]!.AsArray();

    public string Text(string name) => Body![name]!.ToString();

    public IEnumerable<string> Texts(string name) => Items.Select(item => item![name]!.ToString());
}

/// <summary>A simulated Google on loopback with anna, boris and one client, under a clock that the test moves.</summary>
internal sealed class AGoogle : IAsyncDisposable
{
    public const string Anna = "anna@example.com";
    public const string Boris = "boris@example.com";
    public const string ClientId = "client.apps.googleusercontent.com";
    public const string Secret = "made-up-secret";
    public const string Redirect = "http://localhost:5000/callback";
    public const string Calendar = "https://www.googleapis.com/auth/calendar";
    public const string ReadOnly = "https://www.googleapis.com/auth/calendar.readonly";
    public const string Events = "https://www.googleapis.com/auth/calendar.events";
    public const string ControlToken = "a-control-token-of-tests";

    private readonly SandboxGoogleServer _server;
    private readonly HttpClient _http;

    private AGoogle(SandboxGoogleServer server, TestClock clock)
    {
        (_server, Clock) = (server, clock);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };
    }

    public TestClock Clock { get; }

    public SandboxGoogle Sandbox => _server.Google;

    public Uri Address => _server.Address;

    public static async Task<AGoogle> StartAsync(GooglePublishing publishing = GooglePublishing.Production)
    {
        var clock = new TestClock();
        var google = new SandboxGoogle(clock);
        google.AddAccount(Anna, "Anna Abramova", "Europe/Berlin");
        google.AddAccount(Boris, "Boris Belov", "Europe/Moscow");
        google.AddClient(new GoogleClient(ClientId, Secret, [Redirect], publishing));
        return new AGoogle(await SandboxGoogleServer.StartAsync(google, controlToken: ControlToken, cancellationToken: TestContext.Current.CancellationToken), clock);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>Posts the consent page's form, and returns what the app's address got.</summary>
    public async Task<Dictionary<string, string>> ConsentAsync(string scope, string decision = "allow", string[]? ticked = null, params (string Name, string Value)[] more)
    {
        var fields = Request(scope, more).Append(new("account", Anna)).Append(new("decision", decision))
            .Concat((ticked ?? scope.Split(' ')).Select(one => new KeyValuePair<string, string>("granted", one)));
        using var answer = await _http.PostAsync("/o/oauth2/v2/auth", new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.StartsWith(Redirect + "?", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
        return QueryHelpers.ParseQuery(answer.Headers.Location!.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    /// <summary>The first page of consent, or wherever it leads at once.</summary>
    public async Task<(HttpStatusCode Status, string Page, string? Location)> AskAsync(string scope, params (string Name, string Value)[] more)
    {
        var query = QueryHelpers.AddQueryString("/o/oauth2/v2/auth", Request(scope, more).Select(pair => new KeyValuePair<string, string?>(pair.Key, pair.Value)));
        using var answer = await _http.GetAsync(query, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers.Location?.ToString());
    }

    public Task<Reply> TokenAsync(params (string Name, string Value)[] fields) => FormAsync("/token", [("client_id", ClientId), ("client_secret", Secret), .. fields]);

    public Task<Reply> ExchangeAsync(string code, params (string Name, string Value)[] more) =>
        TokenAsync([("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Redirect), .. more]);

    public Task<Reply> RefreshAsync(string token) => TokenAsync(("grant_type", "refresh_token"), ("refresh_token", token));

    /// <summary>A refresh token of a new consent.</summary>
    public async Task<string> RefreshTokenAsync(string scope = Calendar)
    {
        var answer = await ConsentAsync(scope, more: [("access_type", "offline"), ("prompt", "consent")]);
        return (await ExchangeAsync(answer["code"])).Text("refresh_token");
    }

    public async Task<Reply> FormAsync(string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value)));
        using var answer = await _http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return await ReadAsync(answer);
    }

    /// <summary>A calendar's caller with a token of its own.</summary>
    public GoogleApi As(string email, params string[] scopes) => new(this, Sandbox.IssueAccessToken(email, ClientId, scopes.Length == 0 ? [Calendar] : scopes));

    public async Task<Reply> SendAsync(string method, string path, string? token, object? body = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation(method == "GET" ? "If-None-Match" : "If-Match", ifMatch);
        if (body is not null)
            request.Content = body is string json ? new StringContent(json, Encoding.UTF8, "application/json") : JsonContent.Create(body);
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await ReadAsync(answer);
    }

    private static async Task<Reply> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Reply(answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), answer.Headers);
    }

    private static IEnumerable<KeyValuePair<string, string>> Request(string scope, (string Name, string Value)[] more) =>
        new Dictionary<string, string> { ["client_id"] = ClientId, ["redirect_uri"] = Redirect, ["response_type"] = "code", ["scope"] = scope }
            .Where(pair => more.All(other => other.Name != pair.Key))
            .Concat(more.Select(pair => new KeyValuePair<string, string>(pair.Name, pair.Value)));
}

/// <summary>Calls of the Calendar API with one access token.</summary>
internal sealed class GoogleApi(AGoogle google, string token)
{
    private const string Base = "/calendar/v3";

    public Task<Reply> SendAsync(string method, string path, object? body = null, string? ifMatch = null) => google.SendAsync(method, Base + path, token, body, ifMatch);

    public Task<Reply> GetAsync(string path) => SendAsync("GET", path);

    public Task<Reply> InsertAsync(object body) => SendAsync("POST", "/calendars/primary/events", body);

    public Task<Reply> EventsAsync(string query = "") => GetAsync($"/calendars/primary/events{query}");

    /// <summary>An hour on 12 May 2026 or another day of that month, in Berlin.</summary>
    public async Task<string> AnEventAsync(string summary = "Meeting", int day = 12, int hour = 10, params string[] recurrence)
    {
        var reply = await InsertAsync(Body(summary, day, hour, recurrence));
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        return reply.Text("id");
    }

    public static JsonObject Body(string summary, int day = 12, int hour = 10, params string[] recurrence)
    {
        var body = new JsonObject { ["summary"] = summary, ["start"] = At(day, hour), ["end"] = At(day, hour + 1) };
        if (recurrence.Length > 0)
            body["recurrence"] = new JsonArray([.. recurrence.Select(line => (JsonNode)line)]);
        return body;
    }

    public static JsonObject At(int day, int hour) =>
        new() { ["dateTime"] = string.Create(CultureInfo.InvariantCulture, $"2026-05-{day:00}T{hour:00}:00:00"), ["timeZone"] = "Europe/Berlin" };
}
