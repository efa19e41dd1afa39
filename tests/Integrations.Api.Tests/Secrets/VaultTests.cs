extern alias sandbox;

using System.Buffers.Text;
using Integrations.Api.Tests.Host;
using sandbox::Integrations.Sandbox.Vault;

namespace Integrations.Api.Tests.Secrets;

/// <summary>The Api over a Vault that is closed, opened and gone, as callers see it.</summary>
[Collection(ApiCollection.Name)]
public sealed class VaultTests(ApiHost host)
{
    private const string RootToken = "the-root-token";

    [Fact]
    public async Task While_Vault_is_sealed_new_secrets_are_refused_and_the_service_stays_in_its_balancer()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var server = await SandboxVaultServer.StartAsync(new SandboxVault(RootToken), cancellationToken: cancel);
        server.Vault.SealNow();
        await using var copy = host.StartCopy(("Secrets:Directory", ""), ("Vault:Address", server.Address.ToString()), ("Vault:Auth:Token", RootToken));
        using var client = new TestClient(copy.Address, host.OwnerToken);

        Assert.Equal(("healthy", "sealed"), await HealthAsync(client));
        (await client.GetAsync("/api/v1/health/readiness")).Expect(200);
        (await client.GetAsync("/health")).Expect(200);
        Assert.Equal("sealed", (await client.GetAsync("/api/v1/system")).Expect(200).Text("components.vault.status"));

        var refused = (await ImportAsync(client)).Expect(503, "SECRETS_UNAVAILABLE");
        Assert.Contains("Vault is sealed", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("30", refused.Text("retry_after"));
        Assert.Equal(TimeSpan.FromSeconds(30), refused.Headers.RetryAfter?.Delta);
        var ring = await client.PostAsync("/internal/data-protection-keys", new { name = $"key-{Guid.CreateVersion7()}", xml = "<key/>" }, ("X-Internal-Key", ApiHost.InternalKey));
        ring.Expect(503, "SECRETS_UNAVAILABLE");
        Assert.DoesNotContain(RootToken, refused.Raw, StringComparison.Ordinal);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_accounts where display_name = 'Of the sealed hour'"));

        await server.DisposeAsync();
        Assert.Equal(("healthy", "unreachable"), await Integrations.Testing.Eventually.BecomesAsync("it is seen", _ => HealthAsync(client), seen => seen.Vault != "sealed"));
        Assert.Contains("cannot be reached", (await ImportAsync(client)).Expect(503, "SECRETS_UNAVAILABLE").Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_Vault_is_told_as_healthy()
    {
        await using var server = await SandboxVaultServer.StartAsync(new SandboxVault(RootToken), cancellationToken: TestContext.Current.CancellationToken);
        await using var copy = host.StartCopy(("Secrets:Directory", ""), ("VAULT_URL", server.Address.ToString()), ("VAULT_TOKEN", RootToken));
        using var client = new TestClient(copy.Address, null);

        Assert.Equal(("healthy", "healthy"), await HealthAsync(client));
    }

    private static async Task<(string Service, string Vault)> HealthAsync(TestClient client)
    {
        var answer = (await client.GetAsync("/api/v1/health/detailed")).Expect(200);
        return (answer.Text("status"), answer.Text("components.vault.status"));
    }

    private static Task<Answer> ImportAsync(TestClient client)
    {
        // A Telethon string of data centre 2 at 127.0.0.1, with a key of its own.
        byte[] session = [2, 127, 0, 0, 1, 0x01, 0xBB, .. System.Security.Cryptography.RandomNumberGenerator.GetBytes(256)];
        var text = "1" + Base64Url.EncodeToString(session) + "=";
        return client.PostAsync("/api/personal-telegram-accounts/import", new { sessions = new[] { new { session = text, display_name = "Of the sealed hour" } } });
    }
}
