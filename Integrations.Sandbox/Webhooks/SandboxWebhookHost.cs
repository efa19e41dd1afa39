namespace Integrations.Sandbox.Webhooks;

/// <summary>The simulated receivers beside the other simulated platforms, for trials by hand.</summary>
internal sealed class SandboxWebhookHost(SandboxWebhooks webhooks, string token, int port) : IHostedService
{
    private SandboxWebhookServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _server = await SandboxWebhookServer.StartAsync(webhooks, token, port, cancellationToken: cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

internal static class SandboxWebhookHosting
{
    /// <summary>Where <c>Sandbox:WebhookReceiverPort</c> is set, on that port of 127.0.0.1, its control behind <c>SANDBOX_TOKEN</c>.</summary>
    public static WebApplicationBuilder AddSandboxWebhooks(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("Sandbox:WebhookReceiverPort") is { } port && builder.Configuration["SANDBOX_TOKEN"] is { Length: > 0 } token)
            builder.Services.AddHostedService(_ => new SandboxWebhookHost(new SandboxWebhooks(), token, port));

        return builder;
    }
}
