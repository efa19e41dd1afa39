using Integrations.Sandbox.Webhooks;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Webhooks;

public sealed class WebhookHostTests
{
    [Fact]
    public async Task The_sandbox_hosts_receivers_where_a_port_is_set()
    {
        var port = FreePort.Next();
        var builder = Builder();
        builder.Configuration["Sandbox:WebhookReceiverPort"] = $"{port}";
        builder.AddSandboxWebhooks();
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { DefaultRequestHeaders = { { "Authorization", "Bearer a-token-for-tests-only" } } };

        Assert.Equal("[]", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/sandbox/webhooks/endpoints"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Without_a_port_there_are_none()
    {
        var builder = Builder();
        builder.AddSandboxWebhooks();

        Assert.DoesNotContain(builder.Services, service => service.ServiceType == typeof(IHostedService) && service.ImplementationFactory?.Method.Module == typeof(SandboxWebhooks).Module);
    }

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["SANDBOX_TOKEN"] = "a-token-for-tests-only";
        return builder;
    }
}
