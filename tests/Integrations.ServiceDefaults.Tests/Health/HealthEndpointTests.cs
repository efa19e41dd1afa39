using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Integrations.ServiceDefaults.Tests.Health;

public sealed class HealthEndpointTests
{
    [Fact]
    public async Task A_healthy_host_answers_with_exactly_three_fields()
    {
        await using var host = await TestHost.StartAsync();

        var response = await host.GetAsync("/health");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            """{"status":"healthy","service":"Integration Service","version":"1.0.0"}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("no-store", response.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_may_be_given_another_name_and_version()
    {
        await using var host = await TestHost.StartAsync(new Dictionary<string, string?> { ["APP_NAME"] = "Our Service", ["VERSION"] = "2.1.0" });

        Assert.Equal("""{"status":"healthy","service":"Our Service","version":"2.1.0"}""", await host.GetStringAsync("/health"));
    }

    [Theory]
    [InlineData("Integrations.Api", "Integration Service")]
    [InlineData("Integrations.Workers", "Integration Workers")]
    [InlineData("Something", "Something")]
    public void A_host_is_called_after_its_room(string application, string service) =>
        Assert.Equal(service, ServiceDefaults.Health.HealthIdentity.NameOf(application));

    [Theory]
    [InlineData(HealthStatus.Degraded, HttpStatusCode.OK, "degraded")]
    [InlineData(HealthStatus.Unhealthy, HttpStatusCode.ServiceUnavailable, "unhealthy")]
    public async Task A_failing_check_is_named_without_its_message(HealthStatus status, HttpStatusCode code, string word)
    {
        await using var host = await TestHost.StartAsync(add: builder => builder.Services.AddHealthChecks()
            .AddCheck("database", () => new HealthCheckResult(status, "Host=10.0.0.5 refused user x")));

        var response = await host.GetAsync("/health");

        Assert.Equal(code, response.StatusCode);
        Assert.Equal(
            $$$"""{"status":"{{{word}}}","service":"Integration Service","version":"1.0.0","checks":{"database":"{{{word}}}"}}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_host_that_is_not_ready_is_still_alive()
    {
        await using var host = await TestHost.StartAsync(add: builder => builder.Services.AddHealthChecks()
            .AddCheck("database", () => HealthCheckResult.Unhealthy()));

        Assert.Equal("""{"status":"healthy","service":"Integration Service","version":"1.0.0"}""", await host.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task A_check_tagged_live_decides_whether_the_host_is_alive()
    {
        await using var host = await TestHost.StartAsync(add: builder => builder.Services.AddHealthChecks()
            .AddCheck("loop", () => HealthCheckResult.Unhealthy(), ["live"]));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.GetAsync("/alive")).StatusCode);
    }
}
