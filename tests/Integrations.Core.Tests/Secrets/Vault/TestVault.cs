using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Integrations.Core.Secrets.Vault;
using Integrations.Sandbox.Vault;
using Integrations.Testing;

namespace Integrations.Core.Tests.Secrets.Vault;

/// <summary>A simulated Vault that an operator has set up as docs/vault.md says, with the policies of deploy/vault.</summary>
public sealed class TestVault : IAsyncDisposable
{
    public const string RootToken = "the-root-token";
    public const string ServiceAccount = "a.service.account";

    private readonly SandboxVaultServer _server;
    private readonly HttpClient _root = new();
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("integrations-vault-");
    private readonly List<IDisposable> _made = [];

    private TestVault(SandboxVaultServer server)
    {
        _server = server;
        _root.BaseAddress = new Uri(server.Address, "v1/");
        _root.DefaultRequestHeaders.Add("X-Vault-Token", RootToken);
    }

    public SandboxVault State => _server.Vault;

    public Uri Address => _server.Address;

    /// <summary>Requests to a path that begins so, since the last <see cref="SandboxVault.ForgetCalls"/>.</summary>
    public int Calls(string path) => State.Calls.Count(call => call.Path.StartsWith(path, StringComparison.Ordinal));

    public static async Task<TestVault> StartAsync(TimeProvider? clock = null, string role = "workers")
    {
        var cancel = TestContext.Current.CancellationToken;
        var vault = new TestVault(await SandboxVaultServer.StartAsync(new SandboxVault(RootToken, clock), cancellationToken: cancel));
        vault.State.AddServiceAccount(ServiceAccount, new VaultServiceAccount("backend", "workers"));
        foreach (var policy in (string[])["api", "workers", "eraser", "operator"])
            await vault.WriteAsync($"sys/policies/acl/{policy}", new { policy = await File.ReadAllTextAsync(ExportedFile.PathOf($"deploy/vault/{policy}.hcl"), cancel) });

        await vault.WriteAsync("sys/auth/approle", new { type = "approle" });
        await vault.WriteAsync("sys/auth/kubernetes", new { type = "kubernetes" });
        await vault.WriteAsync("auth/approle/role/host", new { token_policies = $"{role},eraser", token_ttl = "15m", token_max_ttl = "24h" });
        await vault.WriteAsync("auth/kubernetes/role/host", new { bound_service_account_names = "workers", bound_service_account_namespaces = "backend", token_policies = role });
        vault.State.ForgetCalls();
        return vault;
    }

    public async Task<JsonNode?> WriteAsync(string path, object body, string? wrapFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (wrapFor is not null)
            request.Headers.Add("X-Vault-Wrap-TTL", wrapFor);
        using var response = await _root.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Settings of a host that comes by AppRole with a secret id in a file.</summary>
    public async Task<VaultOptions> OptionsAsync()
    {
        var role = await _root.GetFromJsonAsync<JsonNode>("auth/approle/role/host/role-id", TestContext.Current.CancellationToken);
        var secret = await WriteAsync("auth/approle/role/host/secret-id", new { });
        return new VaultOptions
        {
            Address = Address,
            Auth = new VaultAuthOptions { RoleId = (string?)role!["data"]!["role_id"], SecretIdFile = WriteFile("secret-id", (string)secret!["data"]!["secret_id"]!) },
        };
    }

    public string WriteFile(string name, string content)
    {
        var path = Path.Combine(_files.FullName, name);
        File.WriteAllText(path, content + "\n");
        return path;
    }

    internal VaultLogin LoginOf(VaultOptions options, TimeProvider? clock = null, bool isProduction = false)
    {
        var transport = Own(new VaultTransport(options, TimeProvider.System));
        return Own(new VaultLogin(transport, options, isProduction, clock ?? TimeProvider.System));
    }

    internal VaultClient ClientOf(VaultOptions options, VaultLogin? login = null)
    {
        var transport = Own(new VaultTransport(options, TimeProvider.System));
        return new VaultClient(transport, login ?? LoginOf(options), options);
    }

    internal async Task<TransitKeys> KeysAsync()
    {
        var options = await OptionsAsync();
        return new TransitKeys(ClientOf(options), options);
    }

    /// <summary>Nobody listens at its address any more.</summary>
    public ValueTask StopAsync() => _server.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        _made.ForEach(made => made.Dispose());
        _root.Dispose();
        await _server.DisposeAsync();
        _files.Delete(recursive: true);
    }

    private T Own<T>(T made) where T : IDisposable
    {
        _made.Add(made);
        return made;
    }
}
