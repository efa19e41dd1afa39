using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Overview;

[Collection(ApiCollection.Name)]
public sealed class OverviewTests(ApiHost host)
{
    private const string Path = "/api/v1/overview";
    private static long _lastTelegramUser = 8_000_000_000;

    [Fact]
    public async Task Each_problem_is_told_with_its_one_action()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "operator", tenant);
        var account = await ActiveAsync(client);
        var dialog = await SpokenAsync(account, "2 hours");
        await host.ExecuteAsync("update telegram_accounts set display_name = 'The account' where id = $1", account);
        await host.ExecuteAsync("update dialogs set title = 'Somebody' where id = $1", dialog);
        var failed = Guid.CreateVersion7();
        await host.ExecuteAsync(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at, finished_at, error_code)
            select v.id, a.tenant_id, a.id, $3, a.shard, 'personal_telegram_out', 'failed', 'x', v.random, now(), now() - v.age, 'TG_PEER_FORBIDDEN'
              from telegram_accounts a, (values ($2, 11, interval '1 hour'), (gen_random_uuid(), 12, interval '25 hours')) v (id, random, age) where a.id = $1
            """,
            account,
            failed,
            dialog);
        await host.ExecuteAsync(
            "insert into telegram_flood_waits (account_id, method, tenant_id, until) values ($1, 'messages.sendMessage', $2, now() + interval '1 hour')", account, tenant);
        var broken = await ActiveAsync(client);
        await host.ExecuteAsync("update telegram_accounts set status = 'error', last_error_code = 'TG_SESSION_EXPIRED' where id = $1", broken);
        var abandoned = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.ExecuteAsync(
            "with l as (update telegram_logins set state = 'expired' where id = $1) update telegram_accounts set status = 'error', last_error_code = 'TG_LOGIN_EXPIRED' where id = $1", abandoned);

        var page = (await client.GetAsync(Path)).Expect(200);

        Assert.Equal(
            [
                $"account_error error {broken} - TG_SESSION_EXPIRED log_in",
                $"dialog_waiting warning {account} {dialog} NO_ANSWER answer",
                $"flood_wait warning {account} - TG_API_429 wait",
                $"login_expired warning {abandoned} - TG_LOGIN_EXPIRED log_in",
                $"message_failed error {account} {failed} TG_PEER_FORBIDDEN retry",
            ],
            Problems(page));
        Assert.Equal(["attention", "numbers", "generated_at"], page.Fields);
        Assert.NotNull(page.Body!["attention"]!.AsArray().Single(item => item!["kind"]!.ToString() == "flood_wait")!["until"]);
        var waits = page.Body["attention"]!.AsArray().Single(item => item!["kind"]!.ToString() == "dialog_waiting")!;
        Assert.Equal(("The account", "Somebody"), (waits["account_name"]!.ToString(), waits["dialog_name"]!.ToString()));
        Assert.Equal(["error", "error", "warning", "warning", "warning"], page.Body["attention"]!.AsArray().Select(item => item!["severity"]!.ToString()));
        Assert.DoesNotContain("dialog_waiting", (await client.GetAsync($"{Path}?waiting_minutes=180")).Expect(200).Raw, StringComparison.Ordinal);
        Assert.Equal(["waiting_minutes"], (await client.GetAsync($"{Path}?waiting_minutes=0")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task Bots_stand_among_the_problems_and_the_numbers_of_those_who_read_them()
    {
        var scene = await Dialogs.DialogScene.BeginAsync(host, "admin");
        var (bot, dialog) = await scene.OpenBotAsync("Customer");
        await host.ExecuteAsync("update integrations set status = 'error', last_error_code = 'TG_BOT_TOKEN_INVALID' where id = $1", bot);
        await scene.SayAsync("Hello?", dialog, ago: "2 hours");
        using var outsider = host.User(2, "operator", scene.Tenant);

        var page = (await scene.Client.GetAsync(Path)).Expect(200);

        var problems = page.Body!["attention"]!.AsArray().Where(item => item!["bot_id"]?.ToString() == $"{bot}")
            .Select(item => $"{item!["kind"]} {item["severity"]} {item["bot_name"]} {item["dialog_id"]} {item["code"]} {item["action"]}").Order(StringComparer.Ordinal);
        Assert.Equal([$"bot_error error @shop_bot  TG_BOT_TOKEN_INVALID restart", $"dialog_waiting warning @shop_bot {dialog} NO_ANSWER answer"], problems);
        Assert.Equal("1", page.Body["numbers"]!["bots"]!["error"]!.ToString());
        Assert.DoesNotContain($"{bot}", (await outsider.GetAsync(Path)).Expect(200).Raw, StringComparison.Ordinal);
        await host.ExecuteAsync("update dialogs set closed_at = now() where id = $1", dialog);
        Assert.DoesNotContain("dialog_waiting", (await scene.Client.GetAsync(Path)).Expect(200).Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_connections_tell_how_they_stand_and_what_they_did()
    {
        const string Integrations = "/api/v1/integrations";
        var scene = await Dialogs.DialogScene.BeginAsync(host, "admin");
        var project = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into projects (id, tenant_id, name) values ($1, $2, 'P')", project, scene.Tenant);
        var (bot, dialog) = await scene.OpenBotAsync("Customer");
        await host.ExecuteAsync("update integrations set project_id = $2, last_activity = now() where id = $1", bot, project);
        await scene.SayAsync("in");
        await scene.SayAsync("out", direction: "out", status: "delivered");
        await scene.SayAsync("in", dialog);
        using var outsider = host.User(2, "operator", scene.Tenant);
        using var foreign = host.User(1, "owner", await host.AddTenantAsync());
        static IEnumerable<string> Lines(Answer answer) => answer.Expect(200).Body!.AsArray()
            .Select(row => $"{row!["id"]} {row["integration_type"]} {row["status"]} {row["messages_received"]} {row["messages_sent"]} {row["last_activity"] is not null}");

        var (account, ofBot) = ($"{scene.Account} personal_telegram active 1 1 True", $"{bot} telegram_bot active 1 0 True");

        Assert.Equal([account, ofBot], Lines(await scene.Client.GetAsync(Integrations)));
        Assert.Equal([ofBot], Lines(await scene.Client.GetAsync($"{Integrations}?project_id={project}")));
        Assert.Equal([account], Lines(await scene.Client.GetAsync($"{Integrations}?integration_type=personal_telegram&period=24h")));
        Assert.Equal([ofBot], Lines(await outsider.GetAsync(Integrations)));
        Assert.Empty(Lines(await foreign.GetAsync(Integrations)));
        (await foreign.GetAsync($"{Integrations}?project_id={project}")).Expect(404, "NOT_FOUND");
        var shown = (await scene.Client.GetAsync($"/api/v1/projects/{project}")).Expect(200).Body!;
        Assert.Equal(("0", "1"), (shown["accounts"]!["active"]!.ToString(), shown["bots"]!["active"]!.ToString()));
    }

    [Fact]
    public async Task Administrators_see_all_connections_and_counts_and_no_messages_of_others_and_foreign_tenants_nothing()
    {
        var tenant = await host.AddTenantAsync();
        using var employee = host.User(1, "operator", tenant);
        using var colleague = host.User(2, "operator", tenant);
        using var administrator = host.User(3, "admin", tenant);
        using var foreign = host.User(1, "admin", await host.AddTenantAsync());
        var account = await ActiveAsync(employee);
        await SpokenAsync(account, "2 hours");
        await host.ExecuteAsync("update telegram_accounts set status = 'error', last_error_code = 'TG_UNAVAILABLE' where id = $1", account);

        Assert.Equal([$"account_error error {account} - TG_UNAVAILABLE reconnect", "key_file info - - LOCAL_KEY_FILE keep_keys"], Problems((await administrator.GetAsync(Path)).Expect(200)));
        Assert.Equal(["key_file info - - LOCAL_KEY_FILE keep_keys"], Problems((await foreign.GetAsync(Path)).Expect(200)));
        Assert.Empty(Problems((await colleague.GetAsync(Path)).Expect(200)));
        Assert.Equal(2, Problems((await employee.GetAsync(Path)).Expect(200)).Length);
        foreach (var (client, accounts, received) in new[] { (employee, "1", 1), (administrator, "1", 1), (colleague, "0", 0), (foreign, "0", 0) })
        {
            var page = (await client.GetAsync(Path)).Expect(200);
            Assert.Equal(accounts, page.Text("numbers.accounts.error"));
            Assert.Equal(received, page["numbers.traffic"]!.AsArray().Sum(hour => (int)hour!["received"]!));
        }
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_period()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "operator", tenant);
        var empty = (await client.GetAsync(Path)).Expect(200);
        Assert.Null(empty["numbers.delivery_delay_ms.p50"]);
        Assert.Equal(24, empty["numbers.traffic"]!.AsArray().Count);
        var account = await ActiveAsync(client);
        var dialog = await SpokenAsync(account, "1 minute");
        await host.ExecuteAsync(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at, finished_at, created_at)
            select gen_random_uuid(), a.tenant_id, a.id, $2, a.shard, 'personal_telegram_out', case n when 1 then 'failed' else 'delivered' end, 'x', n,
                   now(), now() + n * interval '100 milliseconds', case n when 12 then now() - interval '3 days' else now() end
              from telegram_accounts a, generate_series(1, 12) n where a.id = $1
            """,
            account,
            dialog);

        var page = (await client.GetAsync(Path)).Expect(200);

        Assert.Equal((11, 1, 1), Sums(page));
        Assert.Equal(("24h", "hour", "sandbox"), (page.Text("numbers.period"), page.Text("numbers.step"), page["numbers.worlds"]![0]!.ToString()));
        Assert.InRange((double)page["numbers.delivery_delay_ms.p50"]!, 585, 715);
        Assert.InRange((double)page["numbers.delivery_delay_ms.p95"]!, 950, 1160);
        Assert.InRange((double)page["numbers.traffic"]!.AsArray()[^1]!["delivery_delay_ms"]!["p50"]!, 585, 715);
        Assert.Equal("""{"pending":0,"active":1,"error":0,"paused":0,"disconnected":0}""", page["numbers.accounts"]!.ToJsonString());

        var week = (await client.GetAsync($"{Path}?period=7d&zone=Asia/Tokyo")).Expect(200);
        Assert.Equal((12, 1, 1), Sums(week));
        Assert.Equal(("day", 7), (week.Text("numbers.step"), week["numbers.traffic"]!.AsArray().Count));
        Assert.Equal(15, DateTimeOffset.Parse(week["numbers.traffic"]![0]!["from"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture).UtcDateTime.Hour);
        Assert.Equal(30, (await client.GetAsync($"{Path}?period=30d")).Expect(200)["numbers.traffic"]!.AsArray().Count);
        Assert.Equal(["period", "zone"], (await client.GetAsync($"{Path}?period=1d&zone=Nowhere/City")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_first_login_that_came_to_nothing_is_no_account()
    {
        using var client = host.User(1, "operator", await host.AddTenantAsync());
        var abandoned = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        Assert.Equal("1", (await client.GetAsync(Path)).Expect(200).Text("numbers.accounts.pending"));
        await host.ExecuteAsync(
            "with l as (update telegram_logins set state = 'expired' where id = $1) update telegram_accounts set status = 'error', last_error_code = 'TG_LOGIN_EXPIRED' where id = $1", abandoned);
        Assert.Equal("""{"pending":0,"active":0,"error":0,"paused":0,"disconnected":0}""", (await client.GetAsync(Path)).Expect(200)["numbers.accounts"]!.ToJsonString());
    }

    private static (int Sent, int Failed, int Received) Sums(Answer page)
    {
        var steps = page["numbers.traffic"]!.AsArray();
        return (steps.Sum(step => (int)step!["sent"]!), steps.Sum(step => (int)step!["failed"]!), steps.Sum(step => (int)step!["received"]!));
    }

    private static string[] Problems(Answer page) =>
    [
        .. page.Body!["attention"]!.AsArray()
            .Select(item => $"{item!["kind"]} {item["severity"]} {item["account_id"]?.ToString() ?? "-"} {(item["message_id"] ?? item["dialog_id"])?.ToString() ?? "-"} {item["code"]} {item["action"]}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A dialog in which somebody said something so long ago.</summary>
    private async Task<Guid> SpokenAsync(Guid account, string ago)
    {
        var dialog = Guid.CreateVersion7();
        await host.ExecuteAsync(
            $"""
             with d as (insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, last_message_at)
                        select $2, tenant_id, 'personal_telegram', id, 'user', 1, now() - interval '{ago}' from telegram_accounts where id = $1)
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_date)
             select gen_random_uuid(), tenant_id, id, $2, shard, 'personal_telegram_in', 'received', 'x', now() - interval '{ago}' from telegram_accounts where id = $1
             """,
            account,
            dialog);
        return dialog;
    }

    private async Task<Guid> ActiveAsync(TestClient client)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, Interlocked.Increment(ref _lastTelegramUser));
        return session;
    }
}
