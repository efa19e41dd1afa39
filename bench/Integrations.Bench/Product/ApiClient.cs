using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Integrations.Bench.Product;

/// <summary>One answer of the API: the status and the body, if it was JSON.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode? Body)
{
    public string? Code => Body.OptionalText("code");

    /// <summary>This answer when it has the expected status; otherwise the scenario fails with what came instead.</summary>
    public Answer Expect(HttpStatusCode status, string? code = null) =>
        Status == status && (code is null || Code == code)
            ? this
            : throw new ScenarioException($"expected {(int)status} {code}, got {(int)Status} {Body?.ToJsonString()}");
}

/// <summary>The public HTTP API, used as any outside caller would.</summary>
internal sealed class ApiClient(Uri address, string? bearer = null) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(45) };

    public Uri Address => address;

    public string? Bearer => bearer;

    public Task<Answer> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    public Task<Answer> DeleteAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, path, null, null, cancellationToken);

    public Task<Answer> PatchAsync(string path, object body, CancellationToken cancellationToken) => SendAsync(HttpMethod.Patch, path, body, null, cancellationToken);

    public Task<Answer> PutAsync(string path, object body, CancellationToken cancellationToken) => SendAsync(HttpMethod.Put, path, body, null, cancellationToken);

    public Task<Answer> PostAsync(string path, object? body, CancellationToken cancellationToken, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers, cancellationToken);

    private async Task<Answer> SendAsync(
        HttpMethod method, string path, object? body, (string Name, string Value)[]? headers, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        foreach (var (name, value) in headers ?? [])
            request.Headers.Add(name, value);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        JsonNode? json = null;
        try
        {
            json = text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            json = JsonValue.Create(text);
        }

        return new Answer(response.StatusCode, json);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A token as the customer's own user service would sign it (HS256), valid for an hour.</summary>
    public static string Jwt(string secret, Guid tenant, int userId, string role, TimeProvider time, string? name = null)
    {
        static string Part(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var header = Part("""{"alg":"HS256","typ":"JWT"}"""u8.ToArray());
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var claims = Part(JsonSerializer.SerializeToUtf8Bytes(new { sub = userId.ToString(System.Globalization.CultureInfo.InvariantCulture), user_id = userId, tenant_id = tenant, role, name, iat = now, exp = now + 3600 }));
        var signature = Part(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes($"{header}.{claims}")));
        return $"{header}.{claims}.{signature}";
    }
}
