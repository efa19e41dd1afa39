using Integrations.Sandbox.Google;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.NodeGoogle;

/// <summary>The simulated Google as the official client googleapis 178.0.0 sees it, the last that runs on Node before 22.</summary>
public sealed class NodeGoogleTests
{
    private const string ControlToken = "a-control-token-of-tests";
    private const string Redirect = "http://localhost:5000/callback";

    [Fact]
    public async Task It_asks_for_consent_keeps_a_calendar_and_meets_every_refusal_as_with_Google_itself()
    {
        var google = new SandboxGoogle();
        google.AddAccount("anna@example.com", "Anna Abramova", "Europe/Berlin");
        google.AddClient(new GoogleClient("client.apps.googleusercontent.com", "made-up-secret", [Redirect]));
        await using var server = await SandboxGoogleServer.StartAsync(google, controlToken: ControlToken, cancellationToken: TestContext.Current.CancellationToken);

        var steps = await NodeScript.RunAsync("NodeGoogle", "journey.js", server.Address.ToString(), "client.apps.googleusercontent.com", "made-up-secret", Redirect, ControlToken);

        Assert.Equal("13", steps);
        Assert.True(google.Calls.Count > 40);
    }
}
