namespace Integrations.Sandbox.Google;

/// <summary>The simulated Google beside the other simulated platforms, for trials by hand.</summary>
internal sealed class SandboxGoogleHost(SandboxGoogle google, int port, string token) : IHostedService
{
    private SandboxGoogleServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken) => _server = await SandboxGoogleServer.StartAsync(google, port, token, cancellationToken: cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

internal static class SandboxGoogleHosting
{
    public const string ClientId = "sandbox.apps.googleusercontent.com";
    public const string ClientSecret = "sandbox-client-secret";

    /// <summary>
    /// Where <c>Sandbox:GooglePort</c> is set, on that port of 127.0.0.1, with the people of the simulated Telegram who have addresses here, and one client
    /// whose redirect URIs are in <c>Sandbox:GoogleRedirectUris</c>, with spaces between them. It forgets everything with the process.
    /// </summary>
    public static WebApplicationBuilder AddSandboxGoogle(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("Sandbox:GooglePort") is not { } port || builder.Configuration["SANDBOX_TOKEN"] is not { Length: > 0 } token)
            return builder;

        var redirects = builder.Configuration["Sandbox:GoogleRedirectUris"]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        builder.Services.AddHostedService(provider => new SandboxGoogleHost(Seeded(provider.GetService<TimeProvider>(), redirects), port, token));
        return builder;
    }

    private static SandboxGoogle Seeded(TimeProvider? time, IReadOnlyList<string> redirects)
    {
        var google = new SandboxGoogle(time);
        google.AddAccount("anna@example.com", "Anna Abramova", "Europe/Berlin");
        google.AddAccount("boris@example.com", "Boris Belov", "Europe/Moscow");
        google.AddClient(new GoogleClient(ClientId, ClientSecret, redirects));
        return google;
    }
}
