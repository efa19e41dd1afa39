using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.RateLimits;

/// <summary>What a tenant sets for its users.</summary>
[Collection(ApiCollection.Name)]
public sealed class LimitSettingTests(ApiHost host)
{
    private const string Limits = "/api/v1/settings/limits";

    [Fact]
    public async Task A_limit_is_set_read_and_put_back()
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var admin = host.User(1, "admin", tenant);
        Assert.Equal(["default", "default", "default"], Of(await admin.GetAsync(Limits), "source"));

        var set = (await admin.PutAsync(Limits, new { connect = new { per_minute = 30 }, send = new { per_minute = 300, burst = 50 } })).Expect(200);

        Assert.Equal(["connect", "send", "status"], Of(set, "class"));
        Assert.Equal(["30", "300", "1000"], Of(set, "per_minute"));
        Assert.Equal(["30", "50", "1000"], Of(set, "burst"));
        Assert.Equal(["tenant", "tenant", "default"], Of(set, "source"));
        Assert.Equal(["10", "100", "1000"], Of(set, "default_per_minute"));
        Assert.Equal(set.Raw, (await admin.GetAsync(Limits)).Expect(200).Raw);

        var back = (await admin.PutAsync(Limits, new { send = new { per_minute = 300, burst = 50 } })).Expect(200);
        Assert.Equal(["default", "tenant", "default"], Of(back, "source"));
        Assert.Equal(["default", "default", "default"], Of(await admin.PutAsync(Limits, new { }), "source"));
    }

    [Fact]
    public async Task Who_changed_it_is_in_the_log_once_and_everybody_in_the_tenant_is_told()
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var admin = host.User(1, "admin", tenant);
        using var viewer = host.User(2, "viewer", tenant);
        await using var stream = await SseReader.OpenAsync(viewer);
        await stream.NextAsync();

        for (var i = 0; i < 2; i++)
            (await admin.PutAsync(Limits, new { connect = new { per_minute = 30 } })).Expect(200);

        var told = await stream.NextAsync();
        Assert.Equal("settings.updated", told.EventType);
        var line = (await admin.GetAsync("/api/v1/telegram/logs")).Expect(200).Body!["items"]!.AsArray().Single()!;
        Assert.Equal("limits.set", line["action"]!.ToString());
        Assert.Equal(
            30, await host.ScalarAsync<int>("select (details->'after'->'connect'->>'per_minute')::int from integration_logs where tenant_id = $1 and details->'before' = '{}'", tenant));
    }

    [Theory]
    [InlineData("""{"connect":{"per_minute":0}}""", "connect.per_minute")]
    [InlineData("""{"connect":{"per_minute":10001}}""", "connect.per_minute")]
    [InlineData("""{"send":{"per_minute":1,"burst":100001}}""", "send.burst")]
    [InlineData("""{"send":{"per_minute":-5,"burst":0}}""", "send.burst,send.per_minute")]
    [InlineData("""{"status":{"per_minute":59}}""", "status.per_minute")]
    [InlineData("""{"status":{"burst":100}}""", "status.per_minute")]
    [InlineData("""{"connect":{"per_minute":"10"}}""", "connect.per_minute")]
    [InlineData("""{"connect":{"per_minute":1.5}}""", "connect.per_minute")]
    [InlineData("""{"connect":10}""", "connect")]
    [InlineData("""{"health":{"per_minute":10}}""", "health")]
    [InlineData("""{"connect":{"per_minute":10,"per_hour":1}}""", "connect.per_hour")]
    public async Task A_number_out_of_bounds_is_named_and_nothing_is_set(string body, string fields)
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var admin = host.User(1, "admin", tenant);

        var refused = (await admin.PutAsync(Limits, body)).Expect(400);

        Assert.Equal(fields, string.Join(',', refused.ErrorFields));
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from tenant_limits where tenant_id = $1", tenant));
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    public async Task Only_administrators_see_and_set_them(string role)
    {
        using var user = host.User(1, role, await host.AddTenantAsync(limited: true));

        (await user.GetAsync(Limits)).Expect(403, "FORBIDDEN");
        (await user.PutAsync(Limits, new { })).Expect(403, "FORBIDDEN");
    }

    [Fact]
    public async Task A_tenant_sets_its_own_limits_and_no_others()
    {
        using var here = host.User(1, "owner", await host.AddTenantAsync(limited: true));
        using var there = host.User(1, "owner", await host.AddTenantAsync(limited: true));

        (await here.PutAsync(Limits, new { send = new { per_minute = 5 } })).Expect(200);

        Assert.Equal(["10", "100", "1000"], Of(await there.GetAsync(Limits), "per_minute"));
        (await there.PutAsync(Limits, new { })).Expect(200);
        Assert.Equal(["10", "5", "1000"], Of(await here.GetAsync(Limits), "per_minute"));
    }

    [Fact]
    public async Task A_ceiling_that_was_lowered_holds_for_what_was_set_before()
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var admin = host.User(1, "admin", tenant);
        (await admin.PutAsync(Limits, new { send = new { per_minute = 5000 } })).Expect(200);
        await using var copy = host.StartCopy(("RateLimits:SendCeiling", "200"));
        using var there = new TestClient(copy.Address, admin.Token);

        Assert.Equal(["10", "200", "1000"], Of(await there.GetAsync(Limits), "per_minute"));
        Assert.Equal("200", (await there.PostAsync("/api/v1/telegram/send", new { })).Headers.GetValues("RateLimit-Limit").Single());
        Assert.Equal("send.per_minute", (await there.PutAsync(Limits, new { send = new { per_minute = 201 } })).Expect(400).ErrorFields.Single());
    }

    private static string[] Of(Answer answer, string field) => [.. answer.Body!["limits"]!.AsArray().Select(limit => limit![field]!.ToString())];
}
