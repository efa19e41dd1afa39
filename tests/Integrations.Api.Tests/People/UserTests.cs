using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

[Collection(ApiCollection.Name)]
public sealed class UserTests(ApiHost host)
{
    [Fact]
    public async Task Administrators_see_who_is_in_the_tenant_and_how_they_come()
    {
        var (person, number, email) = await Newcomers.ComeAsync(host);
        using var token = host.User(2101, "viewer");
        (await token.GetAsync("/api/v1/auth/me")).Expect(200);
        using var administrator = host.User(2102, "admin");
        using (person)
        {
            var people = (await administrator.GetAsync("/api/v1/users")).Expect(200).Body!.AsArray();
            var here = people.Single(entry => entry!["user_id"]!.GetValue<int>() == number)!;
            var byToken = people.Single(entry => entry!["user_id"]!.GetValue<int>() == 2101)!;

            Assert.Equal((email, "operator", "here", true), (here["email"]!.ToString(), here["role"]!.ToString(), here["sign_in"]!.ToString(), here["is_active"]!.GetValue<bool>()));
            Assert.Equal(("viewer", "token"), (byToken["role"]!.ToString(), byToken["sign_in"]!.ToString()));
            Assert.NotNull(here["last_seen_at"]);
            Assert.NotNull(byToken["last_seen_at"]);
            Assert.DoesNotContain("password", (await administrator.GetAsync("/api/v1/users")).Raw, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Only_an_owner_makes_changes_and_unmakes_owners()
    {
        using var owner = host.Owner();
        var (administrator, _, _) = await Newcomers.ComeAsync(host, "admin");
        var (second, number, _) = await Newcomers.ComeAsync(host, "admin");
        using (administrator)
        using (second)
        {
            (await administrator.PatchAsync($"/api/v1/users/{number}", new { role = "owner" })).Expect(403, "ROLE_TOO_HIGH");
            foreach (var change in new object[] { new { role = "admin" }, new { is_active = false }, new { display_name = "Renamed" } })
                (await administrator.PatchAsync($"/api/v1/users/{host.OwnerUserId}", change)).Expect(403, "ROLE_TOO_HIGH");

            Assert.Equal("owner", (await owner.PatchAsync($"/api/v1/users/{number}", new { role = "owner" })).Expect(200).Text("role"));
            Assert.Equal("owner", (await second.GetAsync("/api/v1/auth/me")).Text("role"));
            Assert.Equal("viewer", (await owner.PatchAsync($"/api/v1/users/{number}", new { role = "viewer" })).Expect(200).Text("role"));
            (await second.GetAsync("/api/v1/users")).Expect(403, "FORBIDDEN");
        }
    }

    [Fact]
    public async Task The_last_owner_stays_one_whoever_asks()
    {
        using var owner = host.Owner();
        using var ofService = host.User(2103, "owner");

        foreach (var client in new[] { owner, ofService })
        {
            (await client.PatchAsync($"/api/v1/users/{host.OwnerUserId}", new { role = "admin" })).Expect(409, "LAST_OWNER");
            (await client.PatchAsync($"/api/v1/users/{host.OwnerUserId}", new { is_active = false })).Expect(409, "LAST_OWNER");
        }

        var (second, number, _) = await Newcomers.ComeAsync(host, "owner");
        using (second)
        {
            (await owner.PatchAsync($"/api/v1/users/{host.OwnerUserId}", new { role = "admin" })).Expect(409, "OWN_ROLE");
            // The two unmake each other at once; one of them must remain.
            var both = await Task.WhenAll(
                owner.PatchAsync($"/api/v1/users/{number}", new { role = "admin" }), second.PatchAsync($"/api/v1/users/{host.OwnerUserId}", new { role = "admin" }));
            Assert.Contains(both, answer => answer.Status != 200);
            Assert.True(await host.ScalarAsync<long>("select count(*) from users where tenant_id = $1 and role = 'owner' and password_hash is not null and is_active", host.Tenant) >= 1);
            await host.ExecuteAsync("update users set role = 'owner' where tenant_id = $1 and user_id = $2", host.Tenant, host.OwnerUserId);
            await host.ExecuteAsync("update users set role = 'viewer' where tenant_id = $1 and user_id = $2", host.Tenant, number);
        }
    }

    [Fact]
    public async Task Nobody_changes_his_own_role_and_a_tokens_role_is_the_tokens()
    {
        using var owner = host.Owner();
        var (administrator, number, _) = await Newcomers.ComeAsync(host, "admin");
        using var token = host.User(2104, "viewer");
        (await token.GetAsync("/api/v1/auth/me")).Expect(200);
        using (administrator)
        {
            (await administrator.PatchAsync($"/api/v1/users/{number}", new { role = "viewer" })).Expect(409, "OWN_ROLE");
            (await administrator.PatchAsync($"/api/v1/users/{number}", new { is_active = false })).Expect(409, "OWN_ROLE");
            (await administrator.PatchAsync("/api/v1/users/2104", new { role = "operator" })).Expect(409, "ROLE_OF_TOKEN");
            Assert.Equal("Theo", (await administrator.PatchAsync("/api/v1/users/2104", new { display_name = "Theo" })).Expect(200).Text("display_name"));
            (await administrator.PatchAsync("/api/v1/users/2104", new { role = "king" })).Expect(400, "VALIDATION_FAILED");
            (await administrator.PatchAsync("/api/v1/users/none", new { role = "viewer" })).Expect(400, "VALIDATION_FAILED");
            (await administrator.PatchAsync("/api/v1/users/21999", new { role = "viewer" })).Expect(404, "NOT_FOUND");
        }
    }

    [Fact]
    public async Task Who_is_switched_off_loses_session_stream_and_key_at_once_and_keys_do_not_come_back()
    {
        using var owner = host.Owner();
        var (person, number, email) = await Newcomers.ComeAsync(host);
        using (person)
        {
            using var key = await Newcomers.KeyAsync(host, person, "read");
            await using var stream = await SseReader.OpenAsync(person);
            await using var ofKey = await SseReader.OpenAsync(key);
            await stream.UntilAsync("ready", _ => true);
            await ofKey.UntilAsync("ready", _ => true);

            (await owner.PatchAsync($"/api/v1/users/{number}", new { is_active = false })).Expect(200);

            (await person.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            (await key.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            await stream.UntilAsync("end", _ => true);
            await ofKey.UntilAsync("end", _ => true);
            using var anonymous = host.Anonymous();
            (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password })).Expect(401, "SIGN_IN_FAILED");

            (await owner.PatchAsync($"/api/v1/users/{number}", new { is_active = true })).Expect(200);
            (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password })).Expect(200);
            (await key.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        }
    }

    [Fact]
    public async Task A_token_user_who_is_switched_off_is_refused_at_his_next_request()
    {
        using var owner = host.Owner();
        using var token = host.User(2105);
        (await token.GetAsync("/api/v1/auth/me")).Expect(200);

        (await owner.PatchAsync("/api/v1/users/2105", new { is_active = false })).Expect(200);

        (await token.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_change_is_told_to_administrators_and_to_the_person_and_stands_in_the_log()
    {
        var (administrator, actor, _) = await Newcomers.ComeAsync(host, "admin");
        var (person, number, _) = await Newcomers.ComeAsync(host, "viewer");
        var (other, _, _) = await Newcomers.ComeAsync(host, "operator");
        using (administrator)
        using (person)
        using (other)
        {
            await using var ofAdministrator = await SseReader.OpenAsync(administrator);
            await using var ofOther = await SseReader.OpenAsync(other);
            (await administrator.PatchAsync($"/api/v1/users/{number}", new { display_name = "Vera" })).Expect(200);

            var told = await ofAdministrator.UntilAsync("user.updated", data => data["user_id"]!.GetValue<int>() == number);
            await Integrations.Testing.Eventually.BecomesAsync("the cursor has passed", _ => Task.FromResult(ofOther.Cursor), cursor => cursor >= told.Position, TimeSpan.FromSeconds(60));
            Assert.DoesNotContain(ofOther.Seen, item => item.EventType == "user.updated");
            Assert.Equal(1L, await host.ScalarAsync<long>(
                "select count(*) from integration_logs where tenant_id = $1 and user_id = $2 and action = 'user.change' and details->>'user_id' = $3::text", host.Tenant, actor, number));
        }
    }
}
