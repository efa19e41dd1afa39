using System.Text.Json.Nodes;
using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.Hosts;

[Collection(ApiCollection.Name)]
public sealed class SystemTests(ApiHost host)
{
    private const string Path = "/api/v1/system";

    [Fact]
    public async Task Administrators_see_how_the_installation_stands_and_others_do_not()
    {
        var tenant = await host.AddTenantAsync();
        foreach (var (user, role) in new[] { (1, "viewer"), (2, "operator") })
        {
            using var client = host.User(user, role, tenant);
            (await client.GetAsync(Path)).Expect(403, "FORBIDDEN");
        }

        using var anonymous = host.Anonymous();
        (await anonymous.GetAsync(Path)).Expect(401, "UNAUTHENTICATED");
        using var administrator = host.User(3, "admin", tenant);
        var system = await Eventually.BecomesAsync(
            "the Api itself is among the hosts",
            async _ => (await administrator.GetAsync(Path)).Expect(200),
            answer => Hosts(answer, "api").Length > 0,
            TimeSpan.FromSeconds(60));

        Assert.Equal(["generated_at", "worlds", "versions", "components", "hosts", "shards", "queue", "events", "balance"], system.Fields);
        Assert.Equal("true", Hosts(system, "api")[0]["alive"]!.ToString());
        Assert.Equal("true", Hosts(system, "worker")[0]["alive"]!.ToString());
        Assert.Equal("""["sandbox"]""", system["worlds"]!.ToJsonString());
        Assert.Equal(16, system["shards"]!.AsArray().Count);
        Assert.Equal(["database", "vault", "rabbitmq", "redis"], system["components"]!.AsObject().Select(component => component.Key));
        Assert.Equal("healthy", system.Text("components.redis.status"));
        Assert.All(new[] { "product", "migration", "postgresql", "rabbitmq", "redis" }, version => Assert.Matches(@"^\d+(\.\d+)*", system.Text("versions." + version)));
        Assert.Equal(["below_1s", "below_10s", "below_1min", "below_10min", "older", "oldest_seconds"], system["queue"]!.AsObject().Select(age => age.Key));
        (await administrator.GetAsync(Path + "?x=1")).Expect(400, "UNKNOWN_FIELD");
    }

    [Fact]
    public async Task The_balance_is_the_callers_tenants_and_nothing_names_another()
    {
        var (tenant, foreign) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        using var employee = host.User(1, "operator", foreign);
        using var administrator = host.User(1, "admin", tenant);
        var session = (await employee.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, 8_111_000_001);
        (await employee.PostAsync("/api/v1/telegram/send", new { account_id = session, to = new { username = "a_secret_name" }, text = "a secret text" })).Expect(202);

        var system = (await administrator.GetAsync(Path)).Expect(200);

        Assert.Equal("""{"accepted":0,"delivered":0,"failed":0,"in_flight":0,"difference":0}""", system["balance"]!.ToJsonString());
        foreach (var word in new[] { "a_secret_name", "a secret text", foreign.ToString(), session.ToString() })
            Assert.DoesNotContain(word, system.Raw, StringComparison.Ordinal);
        using var other = host.User(2, "admin", foreign);
        var theirs = (await other.GetAsync(Path)).Expect(200);
        Assert.Equal(("1", "0"), (theirs.Text("balance.accepted"), theirs.Text("balance.difference")));
    }

    private static JsonObject[] Hosts(Answer system, string kind) =>
        [.. system["hosts"]!.AsArray().Select(item => item!.AsObject()).Where(item => item["kind"]!.ToString() == kind)];
}
