using Integrations.Core.Secrets.Rotation;
using Integrations.Sandbox.Vault;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.Workers.Tests.Accounts;

public sealed class VaultTests(Servers servers)
{
    private const string RootToken = "the-root-token";

    [Fact]
    public async Task An_account_whose_key_is_in_a_sealed_Vault_waits_and_goes_on_when_it_is_unsealed()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var vault = await SandboxVaultServer.StartAsync(new SandboxVault(RootToken), cancellationToken: cancel);
        (string, string?)[] settings = [("Vault:Address", vault.Address.ToString()), ("Vault:Auth:Token", RootToken)];
        await using var installation = await TestInstallation.StartAsync(servers);
        Guid account;
        await using (await TestWorker.StartAsync(installation))
            account = await installation.Customer.ConnectAsync("anna");
        await MoveAsync(installation, settings);
        vault.Vault.SealNow();

        await using var worker = await TestWorker.StartAsync(installation, [.. settings, ("Secrets:Directory", ""), ("Accounts:MaxRestartDelay", "00:00:01")]);
        var message = await installation.Customer.SendAsync(account, "boris", "After the sealed hour");
        var waiting = await Eventually.BecomesAsync("it waits", _ => installation.Customer.AccountAsync(account), row => row.LastErrorCode is not null);
        Assert.Equal(("active", "SECRETS_UNAVAILABLE", true), (waiting.Status, waiting.LastErrorCode, waiting.HasSession));
        Assert.Equal("pending", (await installation.Customer.MessageAsync(message)).Status);

        vault.Vault.UnsealNow();

        await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.Equal(("active", null), ((await installation.Customer.AccountAsync(account)).Status, (await installation.Customer.AccountAsync(account)).LastErrorCode));
        Assert.Equal(1, vault.Vault.Calls.Count(call => call is { Path: var path, Status: 200 } && path.StartsWith("transit/decrypt/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_worker_that_starts_while_Vault_is_sealed_waits_says_why_and_goes_on_when_it_is_unsealed()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var vault = await SandboxVaultServer.StartAsync(new SandboxVault(RootToken), cancellationToken: cancel);
        vault.Vault.SealNow();
        await using var installation = await TestInstallation.StartAsync(servers);
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        await using var worker = await WorkerProcess.StartAsync(
            installation, ("ASPNETCORE_URLS", address), ("Vault:Address", vault.Address.ToString()), ("Vault:Auth:Method", "Token"), ("VAULT_TOKEN", RootToken));
        using var http = new HttpClient { BaseAddress = new Uri(address) };

        using (var waiting = await http.GetAsync(new Uri("health", UriKind.Relative), cancel))
        {
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, waiting.StatusCode);
            Assert.Contains("\"checks\":{\"vault_sealed\":\"unhealthy\"}", await waiting.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
        }

        using (var alive = await http.GetAsync(new Uri("alive", UriKind.Relative), cancel))
            Assert.Equal(System.Net.HttpStatusCode.OK, alive.StatusCode);
        Assert.False(worker.HasExited);

        vault.Vault.UnsealNow();

        await Eventually.BecomesAsync("it is ready", _ => HealthAsync(), text => text.Contains("\"status\":\"healthy\"", StringComparison.Ordinal));
        Assert.False(worker.HasExited);

        async Task<string> HealthAsync()
        {
            try
            {
                return await http.GetStringAsync(new Uri("health", UriKind.Relative), cancel);
            }
            catch (HttpRequestException e)
            {
                // Not ready, or between the one that waited and the worker itself.
                return e.Message;
            }
        }
    }

    /// <summary>As an operator does it, with the hosts' own settings.</summary>
    private static async Task MoveAsync(TestInstallation installation, (string Key, string? Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(installation.WorkerSettings());
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
        builder.Services.AddMetrics();
        await using var output = new StringWriter();
        var code = await SecretsCommand.RunAsync(builder, builder.Build, ["move", "--to", "vault"], output, TestContext.Current.CancellationToken);
        Assert.True(code == 0, output.ToString());
    }
}
