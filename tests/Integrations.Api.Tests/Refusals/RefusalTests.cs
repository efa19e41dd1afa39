using System.Text.Json.Nodes;
using Integrations.Api.Tests.Host;
using Integrations.Api.Tests.People;
using Integrations.Core.Refusals;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Refusals;

/// <summary>What a tenant's administrators learn of requests that were refused.</summary>
[Collection(ApiCollection.Name)]
public sealed class RefusalTests(ApiHost host)
{
    private const string Path = "/api/v1/security/refusals";

    [Fact]
    public async Task A_failed_sign_in_stands_with_the_account_that_was_tried_and_without_what_was_typed()
    {
        using var owner = host.Owner();
        var (person, userId, email) = await Newcomers.ComeAsync(host);
        using var anonymous = host.Anonymous();
        for (var i = 0; i < 2; i++)
            (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = "not the password" })).Expect(401, "SIGN_IN_FAILED");
        (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = $"nobody-{email}", password = "not the password" })).Expect(401, "SIGN_IN_FAILED");

        var listed = await ListAsync(owner, $"kind=sign_in&user_id={userId}");

        var lines = listed["items"]!.AsArray();
        Assert.Equal(2, lines.Sum(line => line!["times"]!.GetValue<int>()));
        Assert.All(lines, line => Assert.Equal(("SignIn", "127.0.0.1"), (line!["route"]!.ToString(), line["address"]!.ToString())));
        Assert.DoesNotContain("not the password", listed.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody-", (await ListAsync(owner, "limit=200")).Raw, StringComparison.Ordinal);
        person.Dispose();
    }

    [Fact]
    public async Task Forged_tokens_and_void_keys_stand_with_the_tenant_they_name()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        var claims = new JsonObject
        {
            ["sub"] = "1",
            ["tenant_id"] = tenant.ToString(),
            ["role"] = "owner",
            ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        };
        using (var forged = new TestClient(host.Address, ApiHost.Jwt(claims, secret: "another secret than that of this installation")))
            (await forged.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        claims["exp"] = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();
        using (var lapsed = new TestClient(host.Address, ApiHost.Jwt(claims)))
            (await lapsed.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        using var key = await Newcomers.KeyAsync(host, owner, "read");
        var id = (await owner.GetAsync("/api/v1/api-keys")).Expect(200).Body![0]!["id"]!.ToString();
        (await owner.DeleteAsync($"/api/v1/api-keys/{id}")).Expect(204);
        (await key.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");

        var lines = (await ListAsync(owner, "kind=signature"))["items"]!.AsArray();

        // One that has lapsed was signed by the right key: there is no forgery in that.
        Assert.Equal([(true, 1), (false, 0)], lines.Select(line => (line!["by_key"]!.GetValue<bool>(), line["user_id"]?.GetValue<int>() ?? 0)).OrderDescending());
    }

    [Fact]
    public async Task A_foreign_id_is_listed_like_a_missing_one_to_who_asked_and_told_to_its_owner_without_who()
    {
        var (here, there) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        using var asking = host.User(7, "admin", here);
        using var owning = host.User(1, "owner", there);
        var foreign = (await owning.PostAsync("/api/v1/projects", new { name = "P" })).Expect(201).Id();

        var answers = new[] { await asking.GetAsync($"/api/v1/projects/{foreign}"), await asking.GetAsync($"/api/v1/projects/{Guid.CreateVersion7()}") };

        Assert.All(answers, answer => answer.Expect(404, "NOT_FOUND"));
        var lines = (await ListAsync(asking, ""))["items"]!.AsArray();
        Assert.Equal(2, lines.Sum(line => line!["times"]!.GetValue<int>()));
        Assert.All(lines, line => Assert.Equal(("unknown_id", 7), (line!["kind"]!.ToString(), line["user_id"]!.GetValue<int>())));
        var told = Assert.Single((await ListAsync(owning, ""))["items"]!.AsArray())!;
        Assert.Equal(("foreign_id", null, null, 1), (told["kind"]!.ToString(), told["user_id"]?.ToString(), told["address"]?.ToString(), told["times"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Throttled_requests_are_counted_by_day_and_paged_by_line()
    {
        var tenant = await host.AddTenantAsync(limited: true);
        using var owner = host.User(1, "owner", tenant);
        (await owner.PutAsync("/api/v1/settings/limits", new { send = new { per_minute = 1, burst = 1 } })).Expect(200);
        using var sender = host.User(2, "operator", tenant);
        using var other = host.User(3, "operator", tenant);
        var refused = 0;
        foreach (var client in new[] { sender, sender, sender, other, other, other })
            refused += (await client.PostAsync("/api/v1/telegram/send", new { })).Status == 429 ? 1 : 0;
        Assert.True(refused >= 4, $"{refused} were refused");

        var first = await ListAsync(owner, "kind=throttle&limit=1");
        var second = await ListAsync(owner, $"kind=throttle&limit=1&before={first["next_before"]}");

        Assert.Equal(3, first["items"]![0]!["user_id"]!.GetValue<int>());
        Assert.NotEqual(first["items"]![0]!["seq"]!.ToString(), second["items"]![0]!["seq"]!.ToString());
        var days = (await owner.GetAsync($"{Path}/days?days_back=2")).Expect(200).Body!.AsArray();
        Assert.Equal(refused, days.Where(day => day!["kind"]!.ToString() == "throttle").Sum(day => day!["times"]!.GetValue<int>()));
        Assert.Empty((await ListAsync(owner, "kind=throttle&address=192.0.2.99"))["items"]!.AsArray());
        (await owner.GetAsync($"{Path}?kind=nonsense")).Expect(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task They_are_told_to_administrators_of_their_tenant_alone_and_go_with_the_person()
    {
        var (tenant, other) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        using var owner = host.User(1, "owner", tenant);
        using var person = host.User(2, "operator", tenant);
        using var foreign = host.User(1, "owner", other);
        (await person.GetAsync($"/api/v1/telegram/messages/{Guid.CreateVersion7()}")).Expect(404);

        (await person.GetAsync(Path)).Expect(403, "FORBIDDEN");
        Assert.Empty((await ListAsync(foreign, ""))["items"]!.AsArray());
        Assert.Single((await ListAsync(owner, "user_id=2"))["items"]!.AsArray());
        (await owner.PostAsync("/api/v1/audit/erase", new { user_id = 2 })).Expect(200);

        Assert.Empty((await ListAsync(owner, "user_id=2"))["items"]!.AsArray());
    }

    /// <summary>What is listed once all that waits was written.</summary>
    private async Task<Answer> ListAsync(TestClient client, string query)
    {
        await host.Services.GetRequiredService<RefusalLog>().FlushAsync(TestContext.Current.CancellationToken);
        return (await client.GetAsync($"{Path}?{query}")).Expect(200);
    }
}
