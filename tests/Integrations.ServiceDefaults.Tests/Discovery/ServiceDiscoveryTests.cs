using Integrations.ServiceDefaults.Discovery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Integrations.ServiceDefaults.Tests.Discovery;

public sealed class ServiceDiscoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://api/v1/x?y=1", "http://127.0.0.1:7001/v1/x?y=1")]
    [InlineData("https+http://api/", "http://127.0.0.1:7001/")]
    [InlineData("https+http://web/", "https://127.0.0.1:7003/")]
    [InlineData("http://_admin.web/", "http://127.0.0.1:7004/")]
    [InlineData("http://bare/x", "http://127.0.0.1:7005/x")]
    [InlineData("http://prefixed/x", "http://127.0.0.1:7006/base/x")]
    [InlineData("http://API/", "http://127.0.0.1:7001/")]
    [InlineData("https://api/", "https://api/")]
    [InlineData("https://example.org/x?y=1", "https://example.org/x?y=1")]
    [InlineData("https+http://unknown/x", "https://unknown/x")]
    public void A_name_becomes_an_address_and_anything_else_stays(string named, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["services:api:http:0"] = "http://127.0.0.1:7001",
            ["services:web:http:0"] = "http://127.0.0.1:7002",
            ["services:web:https:0"] = "https://127.0.0.1:7003",
            ["services:web:admin:0"] = "http://127.0.0.1:7004",
            ["services:bare:http:0"] = "127.0.0.1:7005",
            ["services:prefixed:http:0"] = "http://127.0.0.1:7006/base/",
        }).Build();

        Assert.Equal(expected, new ServiceEndpoints(configuration).Resolve(new Uri(named)).AbsoluteUri);
    }

    [Fact]
    public async Task Requests_by_name_reach_every_copy_in_turn()
    {
        await using var first = await TestHost.StartAsync(map: app => app.MapGet("/who", (HttpRequest request) => "first" + request.QueryString));
        await using var second = await TestHost.StartAsync(map: app => app.MapGet("/who", (HttpRequest request) => "second" + request.QueryString));
        await using var caller = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            ["services:api:http:0"] = "http://" + first.Authority,
            ["services:api:http:1"] = "http://" + second.Authority,
        });
        using var client = caller.FactoryClient();
        client.BaseAddress = new Uri("https+http://api");

        var answers = new List<string>();
        for (var i = 0; i < 4; i++)
            answers.Add(await client.GetStringAsync("/who?n=1", Cancellation));

        Assert.Equal(["first?n=1", "second?n=1", "first?n=1", "second?n=1"], answers);
    }

    [Fact]
    public async Task A_retry_goes_to_the_next_copy()
    {
        await using var alive = await TestHost.StartAsync(map: app => app.MapGet("/who", () => "alive"));
        await using var caller = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            // Port 1 is reserved and refuses at once.
            ["services:api:http:0"] = "http://127.0.0.1:1",
            ["services:api:http:1"] = "http://" + alive.Authority,
            ["HttpResilience:RetryDelay"] = "00:00:00.001",
        });
        using var client = caller.FactoryClient();

        Assert.Equal("alive", await client.GetStringAsync("http://api/who", Cancellation));
        Assert.Equal("alive", await client.GetStringAsync("http://api/who", Cancellation));
    }
}
