using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Npgsql;

namespace Integrations.AppHost.Tests.Lifecycle;

/// <summary>What <c>AppHost.cs</c> itself says, asked of the real program with the hosts alone: they need not come up for that.</summary>
public sealed class WholeApplicationTests : IAsyncLifetime
{
    private const string Hosts = "sandbox,migrator,api,workers,web";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TemporaryData _data = new();
    private readonly AppHostProcess _host;

    public WholeApplicationTests()
    {
        var data = _data.New();
        _host = AppHostProcess.StartProgram(
            BuiltAppHost(), data, ["--data", data, "--ports", "auto", "--only", Hosts, "--Workers:Replicas=2"]);
    }

    public async ValueTask InitializeAsync() =>
        await _host.EventuallyAsync(() => _host.Read()?.DeveloperPage, "the developer page");

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task Each_host_is_given_what_is_its_own_and_no_more()
    {
        var api = await EnvironmentAsync("api");
        var workers = await EnvironmentAsync("workers-2");
        var web = await EnvironmentAsync("web");
        var sandbox = await EnvironmentAsync("sandbox");
        var migrator = await EnvironmentAsync("migrator");
        string UserOf(Dictionary<string, string> environment) =>
            new NpgsqlConnectionStringBuilder(environment["ConnectionStrings__integrations"]).Username!;

        Assert.Equal("integrations_api", UserOf(api));
        Assert.Equal("integrations_worker", UserOf(workers));
        Assert.Equal("postgres", UserOf(migrator));
        Assert.Equal("integration_db", new NpgsqlConnectionStringBuilder(api["ConnectionStrings__integrations"]).Database);
        Assert.All(
            [("api", api), ("workers", workers), ("web", web), ("sandbox", sandbox)],
            host => Assert.DoesNotContain(host.Item2, variable => variable.Value.Contains("Username=postgres", StringComparison.Ordinal)));

        string[] secrets = ["JWT_SECRET_KEY", "INTERNAL_SERVICE_KEY", "SANDBOX_TOKEN", "Database__ApiPassword", "Database__WorkerPassword"];
        string[] Of(Dictionary<string, string> environment) => [.. secrets.Where(environment.ContainsKey)];
        Assert.Equal(["JWT_SECRET_KEY", "INTERNAL_SERVICE_KEY"], Of(api));
        Assert.Equal(["SANDBOX_TOKEN"], Of(workers));
        Assert.Equal(["INTERNAL_SERVICE_KEY", "SANDBOX_TOKEN"], Of(web));
        Assert.Equal(["SANDBOX_TOKEN"], Of(sandbox));
        Assert.Equal(["Database__ApiPassword", "Database__WorkerPassword"], Of(migrator));

        Assert.Equal(["ConnectionStrings__integrations", "ConnectionStrings__rabbitmq", "ConnectionStrings__redis"], Connections(api));
        Assert.Equal(["ConnectionStrings__integrations", "ConnectionStrings__rabbitmq"], Connections(workers));
        Assert.Empty(Connections(web));
        Assert.Empty(Connections(sandbox));
        Assert.Equal(sandbox["ASPNETCORE_URLS"], workers["services__sandbox__http__0"]);
        Assert.Equal(api["ASPNETCORE_URLS"], web["services__api__http__0"]);
        Assert.Equal(sandbox["ASPNETCORE_URLS"], web["services__sandbox__http__0"]);
        Assert.Equal(sandbox["ASPNETCORE_URLS"], api["services__sandbox__http__0"]);
        Assert.Equal((api["ASPNETCORE_URLS"], api["ASPNETCORE_URLS"]), (api["BACKEND_URL"], workers["BACKEND_URL"]));
        Assert.Equal(Path.Combine(_host.Data, "keys"), api["Secrets__Directory"]);
        Assert.Equal(api["Secrets__Directory"], workers["Secrets__Directory"]);
        Assert.Equal(Path.Combine(_host.Data, "sandbox"), sandbox["Sandbox__Directory"]);
        Assert.NotEqual(sandbox["Sandbox__Dc1Port"], sandbox["Sandbox__Dc2Port"]);
        Assert.All([api, workers, web, sandbox, migrator], environment => Assert.Equal("Development", environment["ASPNETCORE_ENVIRONMENT"]));
    }

    [Fact]
    public void Every_generated_secret_is_long_and_another_each_time()
    {
        var parameters = _host.Parameters();
        string[] names = ["api-db-password", "internal-service-key", "jwt-secret", "sandbox-token", "worker-db-password"];

        Assert.Superset(names.ToHashSet(), parameters.Keys.ToHashSet());
        Assert.All(parameters.Values, value => Assert.True(value.Length >= 32));
        Assert.Distinct(parameters.Values);
    }

    private static string[] Connections(Dictionary<string, string> environment) =>
        [.. environment.Keys.Where(name => name.StartsWith("ConnectionStrings__", StringComparison.Ordinal)).Order()];

    private static string BuiltAppHost()
    {
        // tests/Integrations.AppHost.Tests/bin/Debug/net10.0/ → Integrations.AppHost/bin/Debug/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = output.Parent!;
        var root = configuration.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, "Integrations.AppHost", "bin", configuration.Name, output.Name, "Integrations.AppHost.dll");
    }

    private async Task<Dictionary<string, string>> EnvironmentAsync(string id)
    {
        var page = _host.Read()!.DeveloperPage!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{page.TrimEnd('/')}/api/resources/{id}/environment");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _host.Parameters()["developer-page-token"]);
        using var response = await AppHostProcess.Http.SendAsync(request, _cancel);
        var variables = JsonNode.Parse(await response.Content.ReadAsStringAsync(_cancel))!.AsArray();
        return variables.ToDictionary(variable => (string)variable!["key"]!, variable => (string)variable!["value"]!);
    }
}
