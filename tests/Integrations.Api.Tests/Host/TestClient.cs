using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Integrations.Api.Tests.Host;

/// <summary>One answer, whole.</summary>
internal sealed record Answer(int Status, JsonNode? Body, string Raw, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string? Code => Body is JsonObject ? Body["code"]?.ToString() : null;

    /// <summary>This answer, if it has the status and the code; a failure prints what came instead.</summary>
    public Answer Expect(int status, string? code = null)
    {
        if (Status != status || (code is not null && Code != code))
            Assert.Fail($"Expected {status} {code}, got {Status}: {Raw}");
        if (status >= 400)
            Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
        return this;
    }

    /// <summary>A field by its path: <c>user.tenant_id</c>.</summary>
    public JsonNode? this[string path] => path.Split('.').Aggregate(Body, (node, part) => node?[part]);

    public string Text(string path) => this[path]?.ToString() ?? throw new InvalidOperationException($"No '{path}' in {Raw}");

    public Guid Id(string path = "id") => Guid.Parse(Text(path));

    public string[] Fields => Body is JsonObject body ? [.. body.Select(pair => pair.Key)] : [];

    public string[] ErrorFields => Body?["errors"] is JsonObject errors ? [.. errors.Select(pair => pair.Key)] : [];
}

/// <summary>A caller of the Api.</summary>
/// <param name="from">The address that the caller's connections come from; any loopback address will do.</param>
/// <param name="agrees">Agrees to the processing of connected accounts when he is asked, as most callers do once.</param>
internal sealed class TestClient(Uri address, string? token, IPAddress? from = null, bool agrees = true) : IDisposable
{
    public HttpClient Http { get; } = new(From(from)) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };

    public string? Token => token;

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, Json(body));

    public Task<Answer> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, Json(body));

    public Task<Answer> PostAsync(string path, object? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body is null ? null : Json(body), headers);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        var repeated = agrees && content is StringContent text ? await text.ReadAsStringAsync(TestContext.Current.CancellationToken) : null;
        var answer = await SendOnceAsync(method, path, content, headers);
        if (!agrees || answer.Code != "CONSENT_REQUIRED")
            return answer;
        await AgreeAsync();
        return await SendOnceAsync(method, path, repeated is null ? null : Json(repeated), headers);
    }

    /// <summary>Agrees to the text that is in force.</summary>
    public async Task AgreeAsync()
    {
        var version = (await GetAsync("/api/v1/privacy/consent")).Expect(200).Text("version");
        (await PostAsync("/api/v1/privacy/consent", new { version })).Expect(200);
    }

    private async Task<Answer> SendOnceAsync(HttpMethod method, string path, HttpContent? content, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var raw = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, Parse(raw), raw, response.Headers, response.Content.Headers);
    }

    public static StringContent Json(object body) =>
        new(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    public void Dispose() => Http.Dispose();

    private static SocketsHttpHandler From(IPAddress? address) => address is null
        ? new()
        : new()
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(address, 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };

    private static JsonNode? Parse(string raw)
    {
        try
        {
            return raw.Length == 0 ? null : JsonNode.Parse(raw);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
