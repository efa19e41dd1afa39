using System.Diagnostics;
using Integrations.Sandbox.Vault;

namespace Integrations.Sandbox.Tests.NodeVault;

/// <summary>The simulated Vault as the client node-vault 0.12.0 sees it.</summary>
public sealed class NodeVaultTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_sets_up_works_and_meets_every_refusal_as_with_Vault_itself()
    {
        var vault = new SandboxVault("the-root-token");
        vault.AddServiceAccount("a.service.account", new VaultServiceAccount("backend", "api"));
        await using var server = await SandboxVaultServer.StartAsync(vault, cancellationToken: TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(Folder(), "journey.js"), server.Address.ToString().TrimEnd('/'), "the-root-token", "a.service.account" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        using var node = Process.Start(start)!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Assert.True(node.ExitCode == 0, await errors);
        Assert.Equal("13", (await output).Trim());
        Assert.True(vault.Calls.Count > 60);
    }

    /// <summary>Where the client lies after <c>npm ci</c>, which <c>./test</c> does.</summary>
    private static string Folder()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            var folder = Path.Combine(directory, "tests", "Integrations.Sandbox.Tests", "NodeVault");
            if (Directory.Exists(folder))
            {
                return Directory.Exists(Path.Combine(folder, "node_modules"))
                    ? folder
                    : throw new InvalidOperationException($"node-vault is not installed. Run: npm ci --prefix {folder}");
            }
        }

        throw new InvalidOperationException($"There is no repository above {AppContext.BaseDirectory}.");
    }
}
