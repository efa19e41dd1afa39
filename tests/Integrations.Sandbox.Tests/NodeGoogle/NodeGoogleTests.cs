using System.Diagnostics;
using Integrations.Sandbox.Google;

namespace Integrations.Sandbox.Tests.NodeGoogle;

/// <summary>The simulated Google as the official client googleapis 178.0.0 sees it, the last that runs on Node before 22.</summary>
public sealed class NodeGoogleTests
{
    private const string ControlToken = "a-control-token-of-tests";
    private const string Redirect = "http://localhost:5000/callback";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task It_asks_for_consent_keeps_a_calendar_and_meets_every_refusal_as_with_Google_itself()
    {
        var google = new SandboxGoogle();
        google.AddAccount("anna@example.com", "Anna Abramova", "Europe/Berlin");
        google.AddClient(new GoogleClient("client.apps.googleusercontent.com", "made-up-secret", [Redirect]));
        await using var server = await SandboxGoogleServer.StartAsync(google, controlToken: ControlToken, cancellationToken: TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(Folder(), "journey.js"), server.Address.ToString(), "client.apps.googleusercontent.com", "made-up-secret", Redirect, ControlToken },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        using var node = Process.Start(start)!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Assert.True(node.ExitCode == 0, await errors);
        Assert.Equal("13", (await output).Trim());
        Assert.True(google.Calls.Count > 40);
    }

    /// <summary>Where the client lies after <c>npm ci</c>, which <c>./test</c> does.</summary>
    private static string Folder()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            var folder = Path.Combine(directory, "tests", "Integrations.Sandbox.Tests", "NodeGoogle");
            if (Directory.Exists(folder))
            {
                return Directory.Exists(Path.Combine(folder, "node_modules"))
                    ? folder
                    : throw new InvalidOperationException($"googleapis is not installed. Run: npm ci --prefix {folder}");
            }
        }

        throw new InvalidOperationException($"There is no repository above {AppContext.BaseDirectory}.");
    }
}
