using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

[Collection(ApiCollection.Name)]
public sealed class ApiKeyTests(ApiHost host)
{
    [Fact]
    public async Task A_key_is_shown_once_and_acts_as_its_maker()
    {
        var (person, number, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            var made = (await person.PostAsync("/api/v1/api-keys", new { name = "Report", scopes = new[] { "read" }, expires_in_days = 90 })).Expect(201);
            var token = made.Text("key");
            Assert.StartsWith("int_", token, StringComparison.Ordinal);
            Assert.StartsWith(made.Text("api_key.prefix"), token, StringComparison.Ordinal);
            using var key = new TestClient(host.Address, token);

            Assert.Equal(number, (await key.GetAsync("/api/v1/auth/me")).Expect(200)["user_id"]!.GetValue<int>());

            var listed = Assert.Single((await person.GetAsync("/api/v1/api-keys")).Expect(200).Body!.AsArray())!;
            Assert.NotNull(listed["last_used_at"]);
            Assert.DoesNotContain(token, listed.ToJsonString(), StringComparison.Ordinal);
            Assert.True(await host.ScalarAsync<bool>("select exists (select from api_keys where key_hash = sha256($1))", System.Text.Encoding.UTF8.GetBytes(token)));
        }
    }

    [Fact]
    public async Task A_key_opens_no_more_than_its_scopes_and_no_more_than_its_users_role()
    {
        using var owner = host.Owner();
        var (person, number, _) = await Newcomers.ComeAsync(host, "admin");
        using (person)
        {
            using var reads = await Newcomers.KeyAsync(host, person, "read");
            using var sends = await Newcomers.KeyAsync(host, person, "send");
            using var connects = await Newcomers.KeyAsync(host, person, "connect");
            using var manages = await Newcomers.KeyAsync(host, person, "manage");
            var send = new { account_id = Guid.CreateVersion7(), to = new { username = "boris_example" }, text = "x" };

            (await reads.GetAsync("/api/v1/telegram/accounts")).Expect(200);
            (await reads.PostAsync("/api/v1/telegram/send", send)).Expect(403, "FORBIDDEN");
            (await reads.PostAsync("/api/v1/projects", new { name = "x" })).Expect(403, "FORBIDDEN");
            (await sends.PostAsync("/api/v1/telegram/send", send)).Expect(404, "NOT_FOUND");
            (await sends.GetAsync("/api/v1/telegram/accounts")).Expect(403, "FORBIDDEN");
            (await connects.PostAsync($"/api/personal-telegram-accounts/{Guid.CreateVersion7()}/pause")).Expect(404, "NOT_FOUND");
            (await connects.PostAsync("/api/v1/telegram/send", send)).Expect(403, "FORBIDDEN");
            (await manages.PostAsync("/api/v1/projects", new { name = $"By key {Guid.CreateVersion7()}" })).Expect(201);

            // What the user may not any more, his keys may not either.
            (await owner.PatchAsync($"/api/v1/users/{number}", new { role = "viewer" })).Expect(200);
            (await manages.PostAsync("/api/v1/projects", new { name = "x" })).Expect(403, "FORBIDDEN");
            (await sends.PostAsync("/api/v1/telegram/send", send)).Expect(403, "FORBIDDEN");
            (await reads.GetAsync("/api/v1/telegram/accounts")).Expect(200);
        }
    }

    /// <summary>Every way to grow is closed to keys, with every scope that there is and the highest role.</summary>
    [Fact]
    public async Task A_leaked_key_makes_no_other_way_in()
    {
        using var owner = host.Owner();
        using var key = await Newcomers.KeyAsync(host, owner, "read", "send", "connect", "manage");
        var id = Guid.CreateVersion7();
        (HttpMethod Method, string Path, object? Body)[] routes =
        [
            (HttpMethod.Get, "/api/v1/users", null),
            (HttpMethod.Patch, $"/api/v1/users/{host.OwnerUserId}", new { display_name = "x" }),
            (HttpMethod.Get, "/api/v1/invitations", null),
            (HttpMethod.Post, "/api/v1/invitations", new { email = "x@example.org", role = "viewer" }),
            (HttpMethod.Post, $"/api/v1/invitations/{id}/resend", null),
            (HttpMethod.Delete, $"/api/v1/invitations/{id}", null),
            (HttpMethod.Get, "/api/v1/api-keys", null),
            (HttpMethod.Post, "/api/v1/api-keys", new { name = "x", scopes = new[] { "read" } }),
            (HttpMethod.Delete, $"/api/v1/api-keys/{id}", null),
            (HttpMethod.Post, $"/api/v1/api-keys/{id}/rotate", null),
            (HttpMethod.Get, "/api/v1/me/second-factor", null),
            (HttpMethod.Post, "/api/v1/me/second-factor", new { password = ApiHost.OwnerPassword }),
            (HttpMethod.Post, "/api/v1/me/second-factor/confirm", new { code = "000000" }),
            (HttpMethod.Post, "/api/v1/me/second-factor/recovery-codes", new { password = ApiHost.OwnerPassword, code = "000000" }),
            (HttpMethod.Post, "/api/v1/me/second-factor/disable", new { password = ApiHost.OwnerPassword, code = "000000" }),
            (HttpMethod.Delete, "/api/v1/users/1/second-factor", null),
            (HttpMethod.Patch, "/api/v1/me", new { display_name = "x" }),
            (HttpMethod.Post, "/api/v1/me/password", new { current_password = ApiHost.OwnerPassword, new_password = "another password" }),
            (HttpMethod.Get, "/api/v1/me/sessions", null),
            (HttpMethod.Delete, $"/api/v1/me/sessions/{id}", null),
            (HttpMethod.Get, "/api/v1/me/preferences", null),
            (HttpMethod.Patch, "/api/v1/me/preferences", new { theme = "dark" }),
        ];

        foreach (var (method, path, body) in routes)
            (await key.SendAsync(method, path, body is null ? null : TestClient.Json(body))).Expect(403, "FORBIDDEN");
        (await key.PostAsync("/api/v1/auth/sign-out")).Expect(409, "CONFLICT");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_and_its_stream_ends_also_one_opened_by_ticket()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using var administrator = host.User(2301, "admin");
        using (person)
        {
            using var key = await Newcomers.KeyAsync(host, person, "read");
            await using var stream = await SseReader.OpenAsync(key);
            var ticket = (await key.PostAsync("/api/v1/events/ticket")).Expect(200).Text("ticket");
            using var byTicket = new TestClient(host.Address, null);
            using var response = await byTicket.Http.GetAsync(
                $"/api/v1/events?ticket={ticket}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            var id = Assert.Single((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray())!["id"]!.ToString();

            (await administrator.DeleteAsync($"/api/v1/api-keys/{id}")).Expect(204);

            (await key.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            await stream.UntilAsync("end", data => data["reason"]!.ToString() == "session_ended");
            Assert.Contains("event: end", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            (await person.DeleteAsync($"/api/v1/api-keys/{id}")).Expect(404, "NOT_FOUND");
            Assert.Empty((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray());
        }
    }

    [Fact]
    public async Task A_rotated_key_works_beside_the_new_one_until_the_overlap_ends()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            var made = (await person.PostAsync("/api/v1/api-keys", new { name = "Report", scopes = new[] { "read", "send" }, expires_in_days = 30 })).Expect(201);
            var id = made.Id("api_key.id");

            var rotated = (await person.PostAsync($"/api/v1/api-keys/{id}/rotate", new { overlap_hours = 2 })).Expect(201);

            using var old = new TestClient(host.Address, made.Text("key"));
            using var current = new TestClient(host.Address, rotated.Text("key"));
            Assert.NotEqual(made.Text("key"), rotated.Text("key"));
            Assert.Equal(("Report", "[\"read\",\"send\"]"), (rotated.Text("api_key.name"), rotated["api_key.scopes"]!.ToJsonString()));
            Assert.InRange(rotated["api_key.expires_at"]!.GetValue<DateTimeOffset>() - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));
            (await old.GetAsync("/api/v1/auth/me")).Expect(200);
            (await current.GetAsync("/api/v1/auth/me")).Expect(200);
            var listed = (await person.GetAsync("/api/v1/api-keys")).Expect(200).Body!.AsArray();
            Assert.Equal(2, listed.Count);
            var before = listed.Single(key => key!["id"]!.ToString() == id.ToString())!;
            Assert.Equal(rotated.Text("api_key.id"), before["replaced_by"]!.ToString());
            Assert.InRange(before["expires_at"]!.GetValue<DateTimeOffset>() - TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1.9), TimeSpan.FromHours(2));
            (await person.PostAsync($"/api/v1/api-keys/{id}/rotate")).Expect(409, "CONFLICT");

            await host.ExecuteAsync("update api_keys set expires_at = now() - interval '1 second' where id = $1", id);
            (await old.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            (await current.GetAsync("/api/v1/auth/me")).Expect(200);
            Assert.Equal(rotated.Text("api_key.id"), Assert.Single((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray())!["id"]!.ToString());
            (await person.PostAsync($"/api/v1/api-keys/{id}/rotate")).Expect(404, "NOT_FOUND");
            Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from integration_logs where action = 'api_key.rotate' and details ->> 'key_id' = $1", id.ToString()));
        }
    }

    [Fact]
    public async Task Without_an_overlap_the_old_key_ends_at_once_and_a_key_never_lives_longer_for_being_rotated()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            using var old = await Newcomers.KeyAsync(host, person, "read");
            var id = Assert.Single((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray())!["id"]!.ToString();
            await host.ExecuteAsync("update api_keys set expires_at = now() + interval '1 hour' where id = $1", Guid.Parse(id));

            var rotated = (await person.PostAsync($"/api/v1/api-keys/{id}/rotate", new { overlap_hours = 168 })).Expect(201);
            Assert.True(await host.ScalarAsync<bool>("select expires_at < now() + interval '61 minutes' from api_keys where id = $1", Guid.Parse(id)));
            (await old.GetAsync("/api/v1/auth/me")).Expect(200);

            (await person.PostAsync($"/api/v1/api-keys/{rotated.Text("api_key.id")}/rotate", new { overlap_hours = 0 })).Expect(201);
            using var between = new TestClient(host.Address, rotated.Text("key"));
            (await between.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        }
    }

    /// <summary>Who could renew another's key would hold one that acts as him.</summary>
    [Fact]
    public async Task Nobody_rotates_anothers_key_and_no_key_rotates_itself()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using var owner = host.Owner();
        using (person)
        {
            using var key = await Newcomers.KeyAsync(host, person, "read", "send", "connect");
            var id = Assert.Single((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray())!["id"]!.ToString();

            (await owner.PostAsync($"/api/v1/api-keys/{id}/rotate")).Expect(404, "NOT_FOUND");
            (await key.PostAsync($"/api/v1/api-keys/{id}/rotate")).Expect(403, "FORBIDDEN");
            foreach (var hours in new[] { -1, 169 })
                Assert.Equal(["overlap_hours"], (await person.PostAsync($"/api/v1/api-keys/{id}/rotate", new { overlap_hours = hours })).Expect(400, "VALIDATION_FAILED").ErrorFields);

            var both = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => person.PostAsync($"/api/v1/api-keys/{id}/rotate")));
            Assert.Equal([201, 409, 409, 409, 409, 409], both.Select(answer => answer.Status).Order());
        }
    }

    [Fact]
    public async Task A_lapsed_an_unknown_and_a_misshapen_key_are_refused()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            using var key = await Newcomers.KeyAsync(host, person, "read");
            (await key.GetAsync("/api/v1/auth/me")).Expect(200);
            await host.ExecuteAsync("update api_keys set expires_at = now() - interval '1 second' where key_hash = sha256($1)", System.Text.Encoding.UTF8.GetBytes(key.Token!));
            (await key.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        }

        foreach (var token in new[] { "int_", "int_" + new string('A', 43), "int_" + new string('A', 500), "int_" + new string('!', 43) })
        {
            using var client = new TestClient(host.Address, null);
            (await client.SendAsync(HttpMethod.Get, "/api/v1/auth/me", null, ("Authorization", $"Bearer {token}"))).Expect(401, "UNAUTHENTICATED");
        }
    }

    [Fact]
    public async Task A_key_beyond_its_makers_role_is_not_made_and_others_keys_are_out_of_reach()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host, "viewer");
        using var other = host.User(2302, "operator");
        using var foreign = host.User(2302, "owner", await host.AddTenantAsync());
        using (person)
        {
            foreach (var scope in new[] { "send", "connect", "manage", "rule" })
                Assert.Equal(["scopes"], (await person.PostAsync("/api/v1/api-keys", new { name = "x", scopes = new[] { scope } })).Expect(400, "VALIDATION_FAILED").ErrorFields);
            Assert.Equal(["expires_in_days", "name", "scopes"], (await person.PostAsync("/api/v1/api-keys", new { name = " ", scopes = Array.Empty<string>(), expires_in_days = 0 })).Expect(400).ErrorFields);
            using var key = await Newcomers.KeyAsync(host, person, "read");
            var id = Assert.Single((await person.GetAsync("/api/v1/api-keys")).Body!.AsArray())!["id"]!.ToString();

            foreach (var client in new[] { other, foreign })
            {
                Assert.DoesNotContain(id, (await client.GetAsync("/api/v1/api-keys")).Expect(200).Raw, StringComparison.Ordinal);
                (await client.DeleteAsync($"/api/v1/api-keys/{id}")).Expect(404, "NOT_FOUND");
            }

            (await key.GetAsync("/api/v1/auth/me")).Expect(200);
        }
    }
}
