using Integrations.Sandbox.Vault;

namespace Integrations.Sandbox.Tests.NodeVault;

/// <summary>The simulated Vault as the client node-vault 0.12.0 sees it.</summary>
public sealed class NodeVaultTests
{
    [Fact]
    public async Task It_sets_up_works_and_meets_every_refusal_as_with_Vault_itself()
    {
        var vault = new SandboxVault("the-root-token");
        vault.AddServiceAccount("a.service.account", new VaultServiceAccount("backend", "api"));
        await using var server = await SandboxVaultServer.StartAsync(vault, cancellationToken: TestContext.Current.CancellationToken);

        var steps = await Node.JourneyAsync("NodeVault", [server.Address.ToString().TrimEnd('/'), "the-root-token", "a.service.account"]);

        Assert.Equal("13", steps);
        Assert.True(vault.Calls.Count > 60);
    }
}
