using Integrations.Sandbox.Twilio.Control;

namespace Integrations.Sandbox.Twilio;

/// <summary>The simulated Twilio beside the other simulated platforms, for trials by hand.</summary>
internal sealed class SandboxTwilioHost(SandboxTwilio twilio, int port) : IHostedService
{
    private SandboxTwilioServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken) => _server = await SandboxTwilioServer.StartAsync(twilio, port, cancellationToken: cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

/// <summary>Registers the simulated Twilio in the sandbox's host.</summary>
public static class SandboxTwilioHosting
{
    /// <summary>
    /// Where <c>Sandbox:TwilioPort</c> is set, on that port of 127.0.0.1, with one account whose auth token is <c>SANDBOX_TOKEN</c>, one sender, and
    /// Anna, who is on WhatsApp. It forgets everything with the process.
    /// </summary>
    public static WebApplicationBuilder AddSandboxTwilio(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Configuration.GetValue<int?>("Sandbox:TwilioPort") is { } port && builder.Configuration["SANDBOX_TOKEN"] is { Length: > 0 } token)
        {
            builder.Services.AddSingleton(_ => Founded(token));
            builder.Services.AddHostedService(provider => new SandboxTwilioHost(provider.GetRequiredService<SandboxTwilio>(), port));
        }

        return builder;
    }

    /// <summary>Its control under <c>/sandbox/twilio</c>, behind the sandbox's guard, where it was added.</summary>
    public static WebApplication MapSandboxTwilio(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.Services.GetService<SandboxTwilio>() is not null)
            app.MapTwilioControl();
        return app;
    }

    private static SandboxTwilio Founded(string token)
    {
        var twilio = new SandboxTwilio();
        var account = twilio.AddAccount("Sandbox", "AC" + new string('0', 31) + "1", token);
        twilio.AddSender(account, "+14155550100");
        twilio.AddPerson("+99966210001", "Anna");
        return twilio;
    }
}
