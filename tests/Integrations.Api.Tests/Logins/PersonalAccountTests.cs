using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Logins;

[Collection(ApiCollection.Name)]
public sealed class PersonalAccountTests(ApiHost host)
{
    private const string Accounts = "/api/personal-telegram-accounts";

    [Fact]
    public async Task A_login_goes_from_ready_to_completed()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(901, "admin", tenant);

        var login = (await client.PostAsync($"{Accounts}/login", new { display_name = "Sales" })).Expect(200);
        Assert.Equal(
            ["login_id", "status", "method", "qr_url", "expires_at", "qr_expires_at", "password_hint", "recovery_email", "retry_at", "code", "detail", "created_at", "completed_at"],
            login.Fields);
        Assert.Equal(("ready", "tg://login?token=first"), (login.Text("status"), login.Text("qr_url")));
        var lifetime = login["expires_at"]!.GetValue<DateTimeOffset>() - login["created_at"]!.GetValue<DateTimeOffset>();
        // The row is as old as its transaction, and the end is counted from a moment within it.
        Assert.InRange(lifetime.TotalSeconds, 179, 240);

        await host.Worker.ScanAsync(login.Id("login_id"), 90101);
        var done = (await client.GetAsync($"{Accounts}/login/{login.Text("login_id")}")).Expect(200);
        Assert.Equal("completed", done.Text("status"));
        Assert.Null(done["qr_url"]);

        var list = (await client.GetAsync(Accounts)).Expect(200);
        var account = Assert.Single(list.Body!.AsArray())!.AsObject();
        Assert.Equal(
            ["id", "client_id", "project_id", "display_name", "username", "phone", "telegram_user_id", "status", "accepts_private", "accepts_groups", "accepts_channels", "last_connected_at", "last_error"],
            account.Select(pair => pair.Key).Take(13));
        Assert.Equal((tenant.ToString(), "Sales", "90101", "active"), (account["client_id"]!.ToString(), account["display_name"]!.ToString(), account["telegram_user_id"]!.ToString(), account["status"]!.ToString()));
        Assert.Null(account["session_payload"]);
    }

    [Fact]
    public async Task A_wrong_password_says_so_and_needs_no_new_code()
    {
        using var client = host.User(902, "owner");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        var path = $"{Accounts}/login/{login.Text("login_id")}";
        (await client.PostAsync($"{path}/password", new { password = "early" })).Expect(409, "TG_LOGIN_STATE");
        await host.Worker.AskPasswordAsync(login.Id("login_id"));
        Assert.Equal(("password_required", "a hint"), ((await client.GetAsync(path)).Text("status"), (await client.GetAsync(path)).Text("password_hint")));

        var wrong = (await client.PostAsync($"{path}/password", new { password = "wrong" })).Expect(400, "TG_PASSWORD_INVALID");
        Assert.Contains("password", wrong.Text("detail"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("password_required", (await client.GetAsync(path)).Text("status"));
        (await client.PostAsync($"{path}/password", new { password = "wrong again" })).Expect(400, "TG_PASSWORD_INVALID");
        var right = (await client.PostAsync($"{path}/password", new { password = TestWorker.RightPassword })).Expect(200);

        Assert.Equal("completed", right.Text("status"));
        (await client.PostAsync($"{path}/password", new { password = TestWorker.RightPassword })).Expect(409, "TG_LOGIN_STATE");
    }

    [Fact]
    public async Task What_was_typed_lies_sealed_and_only_for_a_minute()
    {
        using var client = host.User(903, "admin");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        await host.Worker.AskPasswordAsync(login.Id("login_id"));
        using (await host.Worker.RestAsync())
        {
            // Nobody judges it, so the answer comes after ten seconds, and says neither yes nor no.
            var open = (await client.PostAsync($"{Accounts}/login/{login.Text("login_id")}/password", new { password = "a password that must not be seen" })).Expect(200);
            Assert.Equal("pending", open.Text("status"));

            var stored = await host.ScalarAsync<byte[]>("select sealed from telegram_login_inputs where login_id = $1", login.Id("login_id"));
            Assert.DoesNotContain("must not be seen", System.Text.Encoding.Latin1.GetString(stored), StringComparison.Ordinal);
            Assert.True(await host.ScalarAsync<bool>(
                "select expires_at - created_at between interval '59 seconds' and interval '90 seconds' from telegram_login_inputs where login_id = $1", login.Id("login_id")));
        }
    }

    [Fact]
    public async Task A_login_by_phone_takes_a_code_a_new_code_and_a_recovery_code()
    {
        using var client = host.User(904, "admin");
        var login = (await client.PostAsync($"{Accounts}/login", new { method = "phone", phone = "+9996619042" })).Expect(200);
        var path = $"{Accounts}/login/{login.Text("login_id")}";
        Assert.Equal(("code_required", "phone"), (login.Text("status"), login.Text("method")));

        (await client.PostAsync($"{path}/resend-code")).Expect(200);
        (await client.PostAsync($"{path}/code", new { code = "99999" })).Expect(400, "TG_CODE_INVALID");
        Assert.Equal("password_required", (await client.PostAsync($"{path}/code", new { code = TestWorker.RightCode })).Expect(200).Text("status"));
        Assert.Equal("d***@example.org", (await client.PostAsync($"{path}/recovery")).Expect(200).Text("recovery_email"));
        (await client.PostAsync($"{path}/recovery/confirm", new { code = "000000" })).Expect(400, "TG_RECOVERY_CODE_INVALID");
        Assert.Equal("completed", (await client.PostAsync($"{path}/recovery/confirm", new { code = TestWorker.RecoveryCode })).Expect(200).Text("status"));
    }

    [Fact]
    public async Task A_login_can_be_cancelled()
    {
        using var client = host.User(905, "admin");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);

        var cancelled = (await client.DeleteAsync($"{Accounts}/login/{login.Text("login_id")}")).Expect(200);

        Assert.Equal("error", cancelled.Text("status"));
        (await client.DeleteAsync($"{Accounts}/login/{login.Text("login_id")}")).Expect(409, "TG_LOGIN_STATE");
    }

    [Fact]
    public async Task A_login_whose_time_is_over_is_expired_whatever_its_row_says()
    {
        using var client = host.User(906, "admin");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        await host.ExecuteAsync("update telegram_logins set expires_at = now() - interval '1 minute' where id = $1", login.Id("login_id"));

        Assert.Equal("expired", (await client.GetAsync($"{Accounts}/login/{login.Text("login_id")}")).Expect(200).Text("status"));
    }

    [Fact]
    public async Task Without_a_worker_a_login_is_refused_at_once()
    {
        using var client = host.User(907, "admin");
        await host.ExecuteAsync("update workers set heartbeat_at = '-infinity'");
        try
        {
            (await client.PostAsync($"{Accounts}/login")).Expect(503, "TG_UNAVAILABLE");
        }
        finally
        {
            await host.ExecuteAsync("update workers set heartbeat_at = 'infinity'");
        }
    }

    [Fact]
    public async Task One_user_cannot_open_logins_without_end()
    {
        using var client = host.User(908, "admin");
        for (var i = 0; i < 10; i++)
            (await client.PostAsync($"{Accounts}/login")).Expect(200);

        (await client.PostAsync($"{Accounts}/login")).Expect(429, "RATE_LIMITED");
    }

    [Fact]
    public async Task Flags_and_name_are_changed_one_by_one()
    {
        using var client = host.User(909, "admin");
        var id = (await client.PostAsync($"{Accounts}/login")).Expect(200).Text("login_id");

        var first = (await client.PatchAsync($"{Accounts}/{id}", new { accepts_channels = true })).Expect(200);
        var second = (await client.PatchAsync($"{Accounts}/{id}", new { display_name = "New name", accepts_groups = false })).Expect(200);
        var third = (await client.PatchAsync($"{Accounts}/{id}", new { display_name = "" })).Expect(200);

        Assert.Equal(("true", "true", "true"), (first.Text("accepts_private"), first.Text("accepts_groups"), first.Text("accepts_channels")));
        Assert.Equal(("New name", "false", "true"), (second.Text("display_name"), second.Text("accepts_groups"), second.Text("accepts_channels")));
        Assert.Null(third["display_name"]);
        Assert.True(third["updated_at"]!.GetValue<DateTimeOffset>() > first["updated_at"]!.GetValue<DateTimeOffset>());
    }

    [Fact]
    public async Task A_proxy_is_shown_without_what_opens_it_and_kept_sealed()
    {
        using var client = host.User(917, "admin", await host.AddTenantAsync());
        var id = (await client.PostAsync($"{Accounts}/login", new { proxy = "http://anna:secret-way@proxy.example:8080" })).Expect(200).Text("login_id");
        Assert.Equal("http://proxy.example:8080", (await client.GetAsync($"{Accounts}/{id}")).Expect(200).Text("proxy"));

        var set = (await client.PatchAsync($"{Accounts}/{id}", new { proxy = " socks5://anna:secret-way@proxy.example:1080 " })).Expect(200);
        Assert.Equal("socks5://proxy.example:1080", set.Text("proxy"));
        Assert.DoesNotContain("secret-way", set.Raw, StringComparison.Ordinal);
        var told = (await client.GetAsync("/api/v1/audit?action=ChangePersonalAccount")).Expect(200).Raw;
        Assert.Contains("proxy.example:1080", told, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-way", told, StringComparison.Ordinal);
        Assert.False(await host.ScalarAsync<bool>($"select position('secret-way' in encode(proxy_sealed, 'escape')) > 0 from telegram_accounts where id = '{id}'"));

        foreach (var wrong in new[] { "ftp://anna:secret-way@proxy.example:21", "proxy", "tg://proxy?server=proxy.example&port=443&secret=ee", new string('s', 1001) })
        {
            var refused = (await client.PatchAsync($"{Accounts}/{id}", new { proxy = wrong })).Expect(400, "VALIDATION_FAILED");
            Assert.Equal(["proxy"], refused.ErrorFields);
            Assert.DoesNotContain("secret-way", refused.Raw, StringComparison.Ordinal);
        }

        Assert.Null((await client.PatchAsync($"{Accounts}/{id}", new { proxy = "" })).Expect(200)["proxy"]);
        Assert.Equal(1L, await host.ScalarAsync<long>($"select count(*) from telegram_accounts where id = '{id}' and proxy_sealed is null and proxy_shown is null"));
    }

    [Fact]
    public async Task An_account_is_paused_revived_and_deleted()
    {
        using var client = host.User(910, "admin", await host.AddTenantAsync());
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        var path = $"{Accounts}/{login.Text("login_id")}";
        (await client.PostAsync($"{path}/pause")).Expect(409, "ACCOUNT_NOT_ACTIVE");
        await host.Worker.ScanAsync(login.Id("login_id"), 91001);

        Assert.Equal("paused", (await client.PostAsync($"{path}/pause")).Expect(200).Text("status"));
        var revived = (await client.PostAsync($"{path}/reconnect")).Expect(200);
        Assert.Equal("active", revived.Text("account.status"));
        Assert.Null(revived["login"]);
        Assert.Equal("disconnected", (await client.PostAsync($"{path}/disconnect")).Expect(200).Text("status"));
        Assert.Equal("ready", (await client.PostAsync($"{path}/reconnect")).Expect(200).Text("login.status"));
        await host.Worker.ScanAsync(login.Id("login_id"), 91001);
        (await client.DeleteAsync(path)).Expect(204);

        (await client.GetAsync(path)).Expect(404, "NOT_FOUND");
        (await client.DeleteAsync(path)).Expect(404, "NOT_FOUND");
        Assert.Empty((await client.GetAsync(Accounts)).Body!.AsArray());
        Assert.True(await host.ScalarAsync<bool>("select session_payload is null and deleted_at is not null from telegram_accounts where id = $1", login.Id("login_id")));
    }

    [Fact]
    public async Task An_account_that_is_disconnected_already_is_deleted_without_its_worker()
    {
        using var client = host.User(911, "admin");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        await host.Worker.ScanAsync(login.Id("login_id"), 91101);
        (await client.DeleteAsync($"/api/v1/telegram/accounts/{login.Text("login_id")}")).Expect(200);
        using (await host.Worker.RestAsync())
        {
            (await client.DeleteAsync($"{Accounts}/{login.Text("login_id")}")).Expect(204);
        }
    }

    [Fact]
    public async Task A_reconnect_after_a_disconnect_is_a_new_login_of_the_same_account()
    {
        using var client = host.User(912, "admin");
        var login = (await client.PostAsync($"{Accounts}/login")).Expect(200);
        var id = login.Text("login_id");
        await host.Worker.ScanAsync(login.Id("login_id"), 91201);
        (await client.PostAsync($"{Accounts}/login", new { account_id = id })).Expect(409, "TG_ALREADY_CONNECTED");
        (await client.DeleteAsync($"/api/v1/telegram/accounts/{id}")).Expect(200);

        var again = (await client.PostAsync($"{Accounts}/{id}/reconnect")).Expect(200);
        Assert.Equal((id, "ready"), (again.Text("login.login_id"), again.Text("login.status")));
        var joined = (await client.PostAsync($"{Accounts}/login", new { account_id = id })).Expect(200);
        Assert.Equal(id, joined.Text("login_id"));
        (await client.PostAsync($"{Accounts}/login", new { account_id = id, method = "phone", phone = "+9996619121" })).Expect(409, "TG_LOGIN_STATE");
    }

    [Fact]
    public async Task Accounts_are_listed_by_project_and_a_mirroring_project_names_what_it_lacks()
    {
        using var client = host.User(913, "admin");
        var name = $"Shop {Guid.CreateVersion7()}";
        var plain = (await client.PostAsync("/api/v1/projects", new { name })).Expect(201);
        var mirroring = (await client.PostAsync("/api/v1/projects", new { name = name + " mirrored" })).Expect(201);
        await host.ExecuteAsync("update projects set mirroring = true where id = $1", mirroring.Id());
        (await client.PostAsync("/api/v1/projects", new { name })).Expect(409, "CONFLICT");

        var login = (await client.PostAsync($"{Accounts}/login", new { project_id = plain.Text("id") })).Expect(200);
        var refused = (await client.PostAsync($"{Accounts}/login", new { project_id = mirroring.Text("id") })).Expect(409, "PROJECT_NOT_READY");

        Assert.Contains("managing bot", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("group_chat_id", refused.Text("detail"), StringComparison.Ordinal);
        var ofPlain = (await client.GetAsync($"{Accounts}?project_id={plain.Text("id")}")).Expect(200).Body!.AsArray();
        Assert.Equal(login.Text("login_id"), Assert.Single(ofPlain)!["id"]!.ToString());
        Assert.Empty((await client.GetAsync($"{Accounts}?project_id={mirroring.Text("id")}")).Body!.AsArray());
        Assert.Contains((await client.GetAsync("/api/v1/projects")).Body!.AsArray(), project => project!["name"]!.ToString() == name);
    }
}
