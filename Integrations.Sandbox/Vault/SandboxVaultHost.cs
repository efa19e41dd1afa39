namespace Integrations.Sandbox.Vault;

/// <summary>The simulated Vault beside the other simulated platforms, for trials by hand.</summary>
internal sealed class SandboxVaultHost(SandboxVault vault, int port) : IHostedService
{
    private SandboxVaultServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken) => _server = await SandboxVaultServer.StartAsync(vault, port, cancellationToken: cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

internal static class SandboxVaultHosting
{
    /// <summary>
    /// Where <c>Sandbox:VaultPort</c> is set, on that port of 127.0.0.1 with <c>SANDBOX_TOKEN</c> as root token and unseal key. It forgets
    /// everything with the process, so it is nothing to keep keys in.
    /// </summary>
    public static WebApplicationBuilder AddSandboxVault(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("Sandbox:VaultPort") is { } port && builder.Configuration["SANDBOX_TOKEN"] is { Length: > 0 } token)
            builder.Services.AddHostedService(_ => new SandboxVaultHost(new SandboxVault(token), port));

        return builder;
    }
}
