using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Vault;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Vault;

/// <summary>What depends on time, on policies and on the seal; the rest is seen through node-vault.</summary>
public sealed class SandboxVaultTests : IAsyncLifetime
{
    private const string Root = "the-root-token";

    private readonly TestClock _clock = new();
    private readonly HttpClient _http = new();
    private SandboxVaultServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await SandboxVaultServer.StartAsync(new SandboxVault(Root, _clock), cancellationToken: TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri(_server.Address, "v1/");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_token_ends_with_its_lease_and_a_renewal_never_passes_the_maximum()
    {
        var token = (string)(await OkAsync("POST", "auth/token/create", Root, new { policies = new[] { "default" }, ttl = "1h", explicit_max_ttl = "90m" }))!["auth"]!["client_token"]!;
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(60, (int)(await OkAsync("GET", "auth/token/lookup-self", token))!["data"]!["ttl"]!);
        Assert.Equal(31 * 60, (int)(await OkAsync("POST", "auth/token/renew-self", token, new { increment = "2h" }))!["auth"]!["lease_duration"]!);

        _clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal((403, "permission denied"), await RefusedAsync("GET", "auth/token/lookup-self", token));
    }

    [Fact]
    public async Task A_secret_id_ends_with_its_time_and_its_uses()
    {
        await OkAsync("POST", "sys/auth/approle", Root, new { type = "approle" });
        await OkAsync("POST", "auth/approle/role/host", Root, new { token_policies = "default", secret_id_ttl = "10m", secret_id_num_uses = 1 });
        var role = (string)(await OkAsync("GET", "auth/approle/role/host/role-id", Root))!["data"]!["role_id"]!;

        var used = await SecretIdAsync();
        await OkAsync("POST", "auth/approle/login", null, new { role_id = role, secret_id = used });
        Assert.Equal((400, "invalid role or secret ID"), await RefusedAsync("POST", "auth/approle/login", null, new { role_id = role, secret_id = used }));

        var late = await SecretIdAsync();
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((400, "invalid role or secret ID"), await RefusedAsync("POST", "auth/approle/login", null, new { role_id = role, secret_id = late }));

        async Task<string> SecretIdAsync() => (string)(await OkAsync("POST", "auth/approle/role/host/secret-id", Root, new { }))!["data"]!["secret_id"]!;
    }

    [Fact]
    public async Task The_most_specific_path_decides_and_a_denial_beats_everything()
    {
        await OkAsync("POST", "sys/policies/acl/a", Root, new { policy = """
            path "secret/data/*" { capabilities = ["read"] }
            path "secret/data/team/+" { capabilities = ["create", "update"] }
            path "secret/data/team/shut" { capabilities = ["create", "deny"] }
            """ });
        await OkAsync("POST", "sys/policies/acl/b", Root, new { policy = """path "secret/data/team/shut" { capabilities = ["read"] }""" });
        var token = (string)(await OkAsync("POST", "auth/token/create", Root, new { policies = new[] { "a", "b" } }))!["auth"]!["client_token"]!;

        var answer = await OkAsync("POST", "sys/capabilities-self", token, new { paths = new[] { "secret/data/x", "secret/data/team/open", "secret/data/team/shut", "secret/metadata/x" } });

        Assert.Equal("""["read"]|["create","update"]|["deny"]|["deny"]""", string.Join('|', new[] { "secret/data/x", "secret/data/team/open", "secret/data/team/shut", "secret/metadata/x" }.Select(path => answer![path]!.ToJsonString())));
        await OkAsync("POST", "secret/data/team/open", token, new { data = new { a = "1" } });
        Assert.Equal(403, (await RefusedAsync("GET", "secret/data/team/open", token)).Status);
    }

    [Theory]
    [InlineData("", 200, 503)]
    [InlineData("?sealedcode=299", 200, 299)]
    [InlineData("?activecode=204&standbyok=true", 204, 503)]
    [InlineData("?sealedcode=many", 200, 400)]
    public async Task Health_says_by_its_status_how_it_stands(string query, int open, int shut)
    {
        Assert.Equal(open, await StatusAsync());
        _server.Vault.SealNow();
        Assert.Equal(shut, await StatusAsync());

        async Task<int> StatusAsync()
        {
            using var response = await _http.GetAsync(new Uri("sys/health" + query, UriKind.Relative), TestContext.Current.CancellationToken);
            return (int)response.StatusCode;
        }
    }

    [Fact]
    public async Task Sealed_it_opens_nothing_until_the_share_is_given()
    {
        await OkAsync("PUT", "sys/seal", Root);

        Assert.Equal((503, "Vault is sealed"), await RefusedAsync("GET", "secret/data/x", Root));
        Assert.Equal(400, (await RefusedAsync("PUT", "sys/unseal", null, new { key = "wrong" })).Status);
        Assert.False((bool)(await OkAsync("PUT", "sys/unseal", null, new { key = Root }))!["sealed"]!);
        Assert.Equal((404, ""), await RefusedAsync("GET", "secret/data/x", Root));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    public async Task What_is_no_object_is_refused(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "transit/keys/a") { Content = new StringContent(body) };
        request.Headers.Add("X-Vault-Token", Root);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private async Task<JsonNode?> OkAsync(string method, string path, string? token, object? body = null)
    {
        var (status, answer) = await SendAsync(method, path, token, body);
        Assert.True(status is 200 or 204, $"{status} {answer}");
        return answer;
    }

    private async Task<(int Status, string Error)> RefusedAsync(string method, string path, string? token, object? body = null)
    {
        var (status, answer) = await SendAsync(method, path, token, body);
        return (status, string.Join("; ", answer!["errors"]!.AsArray()));
    }

    private async Task<(int Status, JsonNode? Answer)> SendAsync(string method, string path, string? token, object? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : JsonContent.Create(body) };
        if (token is not null)
            request.Headers.Add("X-Vault-Token", token);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }
}
