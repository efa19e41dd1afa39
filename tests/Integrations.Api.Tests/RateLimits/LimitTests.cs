using System.Net;
using Integrations.Api.RateLimits;
using Integrations.Api.Tests.Host;
using Integrations.Core.Persistence;
using Integrations.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.RateLimits;

/// <summary>Requests that are too many. Each test has a tenant or an address of its own; one token a minute is refilled by no slow machine.</summary>
[Collection(ApiCollection.Name)]
public sealed class LimitTests(ApiHost host)
{
    private const string Connect = "/api/v1/telegram/connect";
    private const string Send = "/api/v1/telegram/send";
    private const string Me = "/api/v1/auth/me";
    private const string Health = "/api/v1/health/liveness";
    private static int _lastAddress = 10;

    [Fact]
    public void Every_route_says_by_which_budget_it_is_counted()
    {
        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(route => (Name: route.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName, Path: route.RoutePattern.RawText!, route.Metadata.GetMetadata<LimitMetadata>()?.Class))
            .ToList();

        // Every host's own, for whoever keeps it running.
        Assert.Equal(["/alive", "/health", "/metrics"], routes.Where(route => route.Class is null).Select(route => route.Path).Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "AcceptInvitation anonymous", "AnswerSignInChallenge anonymous", "CheckChannel connect", "CheckWorkingGroup connect", "ConfirmPasswordRecovery connect", "Connect connect", "ConnectBot connect", "ConnectChannel connect", "ConnectTelegramIntegration connect", "DeactivateBot connect", "DeleteMessage send", "EditMessage send", "FindChannels connect", "GetErasureByToken anonymous", "GetQrCode connect", "GetReceiptKey anonymous",
                "ImportPersonalAccounts connect",
                "PinMessage send", "ReconnectAccount connect", "ReconnectPersonalAccount connect",
                "RequestPasswordRecovery connect", "ResendLoginCode connect", "RestartBot connect", "RetryMessage send", "SendLoginCode connect", "SendLoginPassword connect",
                "SendMessage send", "SignIn anonymous", "StartLogin connect", "TakeBotUpdate anonymous", "TakeBotUpdateByToken anonymous", "UnpinMessage send", "UploadMedia send", "UseOwnerLink anonymous", "VerifyReceipt anonymous",
            ],
            routes.Where(route => route is { Name: not null, Class: { } found } && Words.Of(found) is not ("status" or "health"))
                .Select(route => $"{route.Name} {Words.Of(route.Class!.Value)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_defaults_are_those_that_are_promised()
    {
        using var user = await StrangerAsync();
        using var somewhere = From(host.Address);

        Assert.Equal("10", Header(await user.PostAsync(Connect, new { }), "RateLimit-Limit"));
        Assert.Equal("100", Header(await user.PostAsync(Send, new { }), "RateLimit-Limit"));
        Assert.Equal("1000", Header(await user.GetAsync(Me), "RateLimit-Limit"));
        Assert.Equal("60", Header(await somewhere.GetAsync(Health), "RateLimit-Limit"));
        // Asking again for the code of a login under way only reads.
        Assert.Equal("1000", Header(await user.GetAsync($"/api/v1/telegram/qr-code?session_id={Guid.CreateVersion7()}"), "RateLimit-Limit"));
    }

    [Fact]
    public async Task Too_many_requests_are_refused_with_the_time_to_wait_and_only_those_of_that_user_and_kind()
    {
        var tenant = await TenantWithAsync(new { connect = new { per_minute = 1, burst = 3 } });
        using var user = host.User(1, tenant: tenant);
        using var colleague = host.User(2, tenant: tenant);
        using var stranger = host.User(1, tenant: await host.AddTenantAsync(limited: true));

        var left = new List<string>();
        for (var i = 0; i < 3; i++)
            left.Add(Header(await user.PostAsync(Connect, new { }), "RateLimit-Remaining"));
        var refused = (await user.PostAsync(Connect, new { })).Expect(429, "RATE_LIMITED");

        Assert.Equal(["2", "1", "0"], left);
        Assert.InRange(Number(refused.Text("retry_after")), 1, 60);
        Assert.Equal(refused.Text("retry_after"), refused.Headers.RetryAfter!.ToString());
        Assert.Equal(("3", "0", refused.Text("retry_after")), (Header(refused, "RateLimit-Limit"), Header(refused, "RateLimit-Remaining"), Header(refused, "RateLimit-Reset")));
        (await user.PostAsync(Send, new { })).Expect(400);
        (await user.GetAsync(Me)).Expect(200);
        (await colleague.PostAsync(Connect, new { })).Expect(400);
        (await stranger.PostAsync(Connect, new { })).Expect(400);
    }

    [Fact]
    public async Task Two_copies_of_the_service_share_one_budget()
    {
        await using var copy = host.StartCopy();
        var tenant = await TenantWithAsync(new { connect = new { per_minute = 1, burst = 4 } });
        using var here = host.User(1, tenant: tenant);
        using var there = new TestClient(copy.Address, here.Token);

        foreach (var client in new[] { here, there, there, here })
            (await client.PostAsync(Connect, new { })).Expect(400);

        (await there.PostAsync(Connect, new { })).Expect(429, "RATE_LIMITED");
        (await here.PostAsync(Connect, new { })).Expect(429, "RATE_LIMITED");
    }

    [Fact]
    public async Task What_one_copy_is_told_holds_at_the_other_within_seconds()
    {
        await using var copy = host.StartCopy();
        var tenant = await host.AddTenantAsync(limited: true);
        using var there = new TestClient(copy.Address, ApiHost.Jwt(1, "viewer", tenant));
        Assert.Equal("1000", Header(await there.GetAsync(Me), "RateLimit-Limit"));

        using var admin = host.User(2, "admin", tenant);
        (await admin.PutAsync("/api/v1/settings/limits", new { status = new { per_minute = 500 } })).Expect(200);

        Assert.Equal("500", Header(await admin.GetAsync(Me), "RateLimit-Limit"));
        await Eventually.BecomesAsync("the other copy knows", async _ => Header(await there.GetAsync(Me), "RateLimit-Limit"), limit => limit == "500", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_header_that_claims_another_address_gives_no_new_budget()
    {
        await using var copy = host.StartCopy(("RateLimits:Health", "1"), ("RateLimits:Anonymous", "1"));
        using var caller = From(copy.Address);
        using var neighbour = From(copy.Address);
        (await caller.GetAsync(Health)).Expect(200);

        string[] headers = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "X-Client-Address", "CF-Connecting-IP", "True-Client-IP", "Via"];
        foreach (var header in headers)
            (await caller.SendAsync(HttpMethod.Get, Health, null, (header, header == "Forwarded" ? "for=198.51.100.7" : "198.51.100.7"))).Expect(429, "RATE_LIMITED");

        (await neighbour.GetAsync(Health)).Expect(200);
    }

    [Fact]
    public async Task The_console_names_its_visitors_and_nobody_else_can()
    {
        await using var copy = host.StartCopy(("RateLimits:Anonymous", "1"));
        using var console = From(copy.Address);
        var (one, another) = ($"198.51.100.{Random.Shared.Next(256)}", $"2001:db8:{Random.Shared.Next(0x10000):x}::1");
        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Internal-Key", ApiHost.InternalKey), ("X-Client-Address", one))).Expect(401);

        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Internal-Key", ApiHost.InternalKey), ("X-Client-Address", another))).Expect(401);
        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Internal-Key", ApiHost.InternalKey), ("X-Client-Address", one))).Expect(429, "RATE_LIMITED");
        // Without the key, or with a wrong one or no address, it is the connection that counts.
        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Client-Address", "198.51.100.77"))).Expect(401);
        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Internal-Key", "guessed"), ("X-Client-Address", "198.51.100.78"))).Expect(429, "RATE_LIMITED");
        (await console.SendAsync(HttpMethod.Get, Me, null, ("X-Internal-Key", ApiHost.InternalKey), ("X-Client-Address", "elsewhere"))).Expect(429, "RATE_LIMITED");
    }

    [Fact]
    public async Task Who_has_not_proved_who_he_is_is_counted_by_his_address_whatever_he_asks_for()
    {
        await using var copy = host.StartCopy(("RateLimits:Anonymous", "1"));
        foreach (var path in new[] { "/nowhere", Me, "/internal/data-protection-keys", "/openapi.json", "/docs/index.html" })
        {
            using var guesser = From(copy.Address, "ses_" + new string('A', 43));
            var address = await guesser.GetAsync(Me);
            Assert.Equal(401, address.Status);
            (await guesser.GetAsync(path)).Expect(429, "RATE_LIMITED");
            (await guesser.PostAsync("/api/v1/auth/sign-in", new { email = "a@example.org", password = "x" })).Expect(429, "RATE_LIMITED");
        }

        using var signedIn = new TestClient(copy.Address, host.OwnerToken);
        (await signedIn.GetAsync(Me)).Expect(200);
    }

    [Fact]
    public async Task Probes_are_never_refused()
    {
        await using var copy = host.StartCopy(("RateLimits:Health", "1"), ("RateLimits:Anonymous", "1"));
        using var orchestrator = From(copy.Address);

        for (var i = 0; i < 5; i++)
        {
            (await orchestrator.GetAsync("/health")).Expect(200);
            (await orchestrator.GetAsync("/alive")).Expect(200);
        }
    }

    [Fact]
    public async Task A_page_of_another_origin_can_read_how_much_is_left()
    {
        using var user = await StrangerAsync();

        var answer = await user.SendAsync(HttpMethod.Get, Me, null, ("Origin", "https://pages.example.org"));

        Assert.Contains("RateLimit-Remaining", Header(answer, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_it_refuses_nothing_and_says_so()
    {
        await using var copy = host.StartCopy(("RATE_LIMIT_ENABLED", "false"), ("RateLimits:Health", "1"));
        using var caller = From(copy.Address);
        using var admin = new TestClient(copy.Address, host.OwnerToken);

        for (var i = 0; i < 5; i++)
            Assert.False((await caller.GetAsync(Health)).Expect(200).Headers.Contains("RateLimit-Limit"));

        Assert.Equal("false", (await admin.GetAsync("/api/v1/settings/limits")).Text("enabled"));
    }

    [Fact]
    public async Task While_Redis_is_dead_each_copy_counts_for_itself_and_when_it_is_back_they_count_together()
    {
        await using var redis = new OwnRedis();
        await redis.StartAsync();
        await using var copy = host.StartCopy(("ConnectionStrings:redis", redis.ConnectionString), ("RateLimits:Health", "1"));
        using var before = From(copy.Address);
        (await before.GetAsync(Health)).Expect(200);
        (await before.GetAsync(Health)).Expect(429);
        Assert.Equal("1", await BackendAsync(copy, "redis"));

        await redis.KillAsync();
        using var meanwhile = From(copy.Address);
        (await meanwhile.GetAsync(Health)).Expect(200);
        (await meanwhile.GetAsync(Health)).Expect(429);
        Assert.Equal("1", await BackendAsync(copy, "local"));
        Assert.Equal((1, 0), (copy.Logged(3011), copy.Logged(3012)));

        await redis.StartAsync();
        using var after = From(copy.Address);
        await Eventually.BecomesAsync(
            "Redis counts again",
            async _ =>
            {
                await after.GetAsync(Health);
                return await BackendAsync(copy, "redis");
            },
            value => value == "1");
        using var last = From(copy.Address);
        (await last.GetAsync(Health)).Expect(200);
        (await last.GetAsync(Health)).Expect(429);
        Assert.Equal((1, 1), (copy.Logged(3011), copy.Logged(3012)));
    }

    [Fact]
    public async Task Refusals_are_counted_by_class()
    {
        await using var copy = host.StartCopy(("RateLimits:Health", "1"));
        using var caller = From(copy.Address);
        for (var i = 0; i < 3; i++)
            await caller.GetAsync(Health);

        var metrics = (await caller.GetAsync("/metrics")).Raw;

        Assert.Contains("rate_limited_total{class=\"health\"}", metrics, StringComparison.Ordinal);
    }

    private async Task<TestClient> StrangerAsync() => host.User(1, tenant: await host.AddTenantAsync(limited: true));

    private async Task<Guid> TenantWithAsync(object limits)
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var admin = host.User(99, "admin", tenant);
        (await admin.PutAsync("/api/v1/settings/limits", limits)).Expect(200);
        return tenant;
    }

    /// <summary>A caller from an address that nobody else of this run has.</summary>
    private static TestClient From(Uri address, string? token = null) =>
        new(address, token, new IPAddress([127, (byte)(Environment.ProcessId >> 8), (byte)Environment.ProcessId, (byte)Interlocked.Increment(ref _lastAddress)]));

    private static async Task<string> BackendAsync(ApiCopy copy, string backend)
    {
        using var scraper = new TestClient(copy.Address, null);
        var line = (await scraper.GetAsync("/metrics")).Raw.Split('\n').Single(line => line.StartsWith($"rate_limit_backend{{backend=\"{backend}\"}}", StringComparison.Ordinal));
        return line.Split(' ')[1];
    }

    private static string Header(Answer answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : throw new InvalidOperationException($"No {name}: {answer.Status} {answer.Raw}");

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
