using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Http;

/// <summary>Administrators look after the connections of their tenant's accounts; what is said in an account stays with its user.</summary>
[Collection(ApiCollection.Name)]
public sealed class OwnershipTests(ApiHost host)
{
    private const string Accounts = "/api/personal-telegram-accounts";

    private static long _lastTelegramUser = 7_000_000_000;

    [Theory]
    [InlineData("owner")]
    [InlineData("admin")]
    public async Task Administrators_see_and_manage_every_account_of_their_tenant(string role)
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(11, "operator", tenant);
        using var colleague = host.User(12, "operator", tenant);
        using var administrator = host.User(13, role, tenant);
        var first = await ActiveAsync(employee, Unique());
        var second = await ActiveAsync(colleague, Unique());

        var list = (await administrator.GetAsync(Accounts)).Expect(200).Body!.AsArray();
        Assert.Equal(
            [($"{first}", "11"), ($"{second}", "12")],
            list.Select(account => (account!["id"]!.ToString(), account["user_id"]!.ToString())));
        Assert.Equal("11", (await administrator.GetAsync($"{Accounts}/{first}")).Expect(200).Text("user_id"));
        Assert.Equal("Sales", (await administrator.PatchAsync($"{Accounts}/{first}", new { display_name = "Sales", accepts_channels = true })).Expect(200).Text("display_name"));
        Assert.Equal("Sales", (await employee.GetAsync($"/api/v1/telegram/accounts/{first}")).Expect(200).Text("display_name"));
        Assert.Equal("paused", (await administrator.PostAsync($"{Accounts}/{first}/pause")).Expect(200).Text("status"));
        Assert.Equal("active", (await administrator.PostAsync($"{Accounts}/{first}/reconnect")).Expect(200).Text("account.status"));
        Assert.Equal("disconnected", (await administrator.PostAsync($"{Accounts}/{first}/disconnect")).Expect(200).Text("status"));
        (await administrator.DeleteAsync($"{Accounts}/{first}")).Expect(204);
        (await employee.GetAsync($"/api/v1/telegram/accounts/{first}")).Expect(404, "NOT_FOUND");
        Assert.Equal("active", (await colleague.GetAsync($"/api/v1/telegram/accounts/{second}")).Expect(200).Text("status"));
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("viewer")]
    public async Task Others_see_only_their_own(string role)
    {
        var tenant = await host.AddTenantAsync();
        using var operating = host.User(21, "operator", tenant);
        using var other = host.User(22, "operator", tenant);
        var own = await ActiveAsync(operating, Unique());
        var others = await ActiveAsync(other, Unique());
        using var client = host.User(21, role, tenant);

        Assert.Equal(own.ToString(), Assert.Single((await client.GetAsync(Accounts)).Expect(200).Body!.AsArray())!["id"]!.ToString());
        (await client.GetAsync($"{Accounts}/{own}")).Expect(200);
        (await client.GetAsync($"{Accounts}/login/{own}")).Expect(200);
        (await client.GetAsync($"{Accounts}/{others}")).Expect(404, "NOT_FOUND");
        (await client.GetAsync($"{Accounts}/login/{others}")).Expect(404, "NOT_FOUND");
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("admin")]
    public async Task What_is_said_in_an_account_is_its_users_alone_whatever_the_role(string role)
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(31, "operator", tenant);
        using var administrator = host.User(32, role, tenant);
        var account = await ActiveAsync(employee, Unique());
        var message = (await employee.PostAsync("/api/v1/telegram/send?wait=30", new { account_id = account, to = new { username = "boris_example" }, text = "x" })).Expect(200);

        (await administrator.GetAsync($"{Accounts}/{account}")).Expect(200);
        (string Method, string Path, object? Body)[] routes =
        [
            ("GET", $"/api/v1/telegram/accounts/{account}", null),
            ("DELETE", $"/api/v1/telegram/accounts/{account}", null),
            ("POST", $"/api/v1/telegram/accounts/{account}/reconnect", null),
            ("GET", $"/api/v1/telegram/qr-code?session_id={account}", null),
            ("GET", $"/api/v1/telegram/messages/{message.Text("id")}", null),
            ("POST", $"/api/v1/telegram/messages/{message.Text("id")}/retry", null),
            ("POST", $"/api/v1/telegram/dialogs/{message.Text("dialog_id")}/read", null),
            ("GET", $"/api/v1/telegram/messages?account_id={account}", null),
            ("GET", $"/api/v1/telegram/messages?dialog_id={message.Text("dialog_id")}", null),
            ("GET", $"/api/v1/telegram/dialogs/{message.Text("dialog_id")}", null),
            ("GET", $"/api/v1/telegram/dialogs?account_id={account}", null),
            ("POST", "/api/v1/telegram/send", new { account_id = account, to = new { username = "boris_example" }, text = "x" }),
        ];
        foreach (var (method, path, body) in routes)
            (await administrator.SendAsync(new HttpMethod(method), path, body is null ? null : TestClient.Json(body))).Expect(404, "NOT_FOUND");
        Assert.Equal("[]", (await administrator.GetAsync("/api/v1/telegram/accounts?active_only=false")).Raw);
        Assert.Equal("""{"items":[],"next_before":null,"next_cursor":null}""", (await administrator.GetAsync("/api/v1/telegram/dialogs")).Raw);
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
    }

    [Fact]
    public async Task An_administrator_may_follow_answer_and_begin_again_the_login_of_another_and_it_stays_the_others()
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(41, "operator", tenant);
        using var administrator = host.User(42, "admin", tenant);
        await using var ofEmployee = await SseReader.OpenAsync(employee);
        var id = (await employee.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.AskPasswordAsync(id);

        Assert.Equal("password_required", (await administrator.GetAsync($"{Accounts}/login/{id}")).Expect(200).Text("status"));
        (await administrator.PostAsync($"{Accounts}/login/{id}/password", new { password = "wrong" })).Expect(400, "TG_PASSWORD_INVALID");
        Assert.Equal("completed", (await administrator.PostAsync($"{Accounts}/login/{id}/password", new { password = TestWorker.RightPassword })).Expect(200).Text("status"));

        (await administrator.PostAsync($"{Accounts}/{id}/disconnect")).Expect(200);
        var again = (await administrator.PostAsync($"{Accounts}/login", new { account_id = id })).Expect(200);
        Assert.Equal((id.ToString(), "ready"), (again.Text("login_id"), again.Text("status")));
        await ofEmployee.UntilAsync("account.updated", data => data["status"]?.ToString() == "disconnected");
        await ofEmployee.UntilAsync("login.updated", data => data["id"]!.ToString() == id.ToString());
        Assert.Equal("41", (await employee.GetAsync($"/api/v1/telegram/accounts/{id}")).Expect(200).Text("user_id"));
        (await administrator.DeleteAsync($"{Accounts}/login/{id}")).Expect(200);
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("admin")]
    public async Task Administrators_are_told_of_all_connections_of_their_tenant_and_of_nothing_that_is_said(string role)
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(51, "operator", tenant);
        using var administrator = host.User(52, role, tenant);
        using var colleague = host.User(53, "operator", tenant);
        using var foreign = host.User(52, role, await host.AddTenantAsync());
        await using var stream = await SseReader.OpenAsync(administrator);
        await using var socket = await SocketReader.OpenAsync(host.Address, administrator.Token);
        await using var ofColleague = await SseReader.OpenAsync(colleague);
        await using var ofForeign = await SseReader.OpenAsync(foreign);
        await using var ofEmployee = await SseReader.OpenAsync(employee);

        var account = await ActiveAsync(employee, Unique());
        await host.Worker.TellAsync(account, "message.created", """{"text":"a secret"}""");
        await host.Worker.TellAsync(account, "message.updated", """{"text":"a secret"}""");
        await host.Worker.TellAsync(account, "dialog.updated", """{"title":"a secret"}""");
        (await administrator.DeleteAsync($"{Accounts}/{account}")).Expect(204);

        await stream.UntilAsync("login.updated", data => data["id"]?.ToString() == account.ToString());
        await stream.UntilAsync("account.updated", data => data["status"]?.ToString() == "active");
        var end = await stream.UntilAsync("account.deleted", data => data["id"]?.ToString() == account.ToString());
        Assert.DoesNotContain(stream.Seen, item => item.Data.Contains("a secret", StringComparison.Ordinal));
        await ofEmployee.UntilAsync("message.created", _ => true);
        await ofEmployee.UntilAsync("dialog.updated", _ => true);
        for (var type = ""; type != "account.deleted";)
        {
            type = (await socket.NextAsync())["type"]!.ToString();
            Assert.DoesNotContain(type, new[] { "message.created", "message.updated", "dialog.updated" });
        }

        // Their cursors pass all that by without telling of it.
        foreach (var other in new[] { ofColleague, ofForeign })
        {
            await Integrations.Testing.Eventually.BecomesAsync("the cursor has passed", _ => Task.FromResult(other.Cursor), cursor => cursor >= end.Position, TimeSpan.FromSeconds(60));
            Assert.All(other.Seen, item => Assert.Equal("ready", item.EventType));
        }
    }

    [Fact]
    public async Task An_administrator_who_comes_back_is_told_of_the_connections_he_missed()
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(61, "operator", tenant);
        using var administrator = host.User(62, "admin", tenant);
        long cursor;
        await using (var stream = await SseReader.OpenAsync(administrator))
        {
            await stream.NextAsync();
            cursor = stream.Cursor;
        }

        var account = await ActiveAsync(employee, Unique());

        await using var again = await SseReader.OpenAsync(administrator, lastEventId: $"{cursor}");
        await again.UntilAsync("account.updated", data => data["id"]?.ToString() == account.ToString() && data["status"]?.ToString() == "active");
    }

    /// <summary>A Telegram user is live once per installation, so each account here needs one of its own.</summary>
    private static long Unique() => Interlocked.Increment(ref _lastTelegramUser);

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }
}
