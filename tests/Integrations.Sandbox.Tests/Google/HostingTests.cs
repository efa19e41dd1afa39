using System.Net;
using System.Net.Http.Headers;
using Integrations.Sandbox.Google;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>The simulated Google beside the other platforms of the sandbox.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task It_starts_on_its_port_with_people_and_a_client()
    {
        var port = FreePort.Next();
        await using var app = Host(port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };

        var page = await http.GetStringAsync(
            $"o/oauth2/v2/auth?client_id={SandboxGoogleHosting.ClientId}&redirect_uri=http://localhost:1/b&response_type=code&scope=email", TestContext.Current.CancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AGoogle.ControlToken);
        using var knobs = await http.GetAsync("sandbox/google/faults", TestContext.Current.CancellationToken);

        Assert.Contains(AGoogle.Anna, page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, knobs.StatusCode);
    }

    [Fact]
    public async Task Without_a_port_it_is_not_there()
    {
        await using var app = Host(port: null);

        Assert.DoesNotContain(app.Services.GetServices<IHostedService>(), service => service is SandboxGoogleHost);
    }

    private static WebApplication Host(string? port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["SANDBOX_TOKEN"] = AGoogle.ControlToken,
            ["Sandbox:GooglePort"] = port,
            ["Sandbox:GoogleRedirectUris"] = "http://localhost:1/a http://localhost:1/b",
        });
        return builder.AddSandboxGoogle().Build();
    }
}
