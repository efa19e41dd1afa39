using System.Buffers.Text;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Logins;

/// <summary>Many accounts at once, sessions from elsewhere, the timeline and the notices, as callers see them.</summary>
[Collection(ApiCollection.Name)]
public sealed class BulkTests(ApiHost host)
{
    private const string Accounts = "/api/personal-telegram-accounts";

    [Fact]
    public async Task Each_account_of_a_bulk_stands_for_itself_and_what_is_out_of_reach_is_not_there()
    {
        using var user = host.User(7101, "admin");
        using var stranger = host.User(7102);
        var mine = await ConnectAsync(user, 71_010_001);
        var paused = await ConnectAsync(user, 71_010_002);
        (await user.PostAsync($"{Accounts}/{paused}/pause")).Expect(200);

        var answer = (await user.PostAsync($"{Accounts}/bulk", new { ids = new[] { mine, Guid.CreateVersion7(), paused, mine }, action = "resume" })).Expect(200);
        Assert.Equal(["CONFLICT", "NOT_FOUND", null], answer.Body!["results"]!.AsArray().Select(item => (string?)item!["code"]));
        Assert.Equal((1, 2), ((int)answer["done"]!, (int)answer["refused"]!));

        answer = (await stranger.PostAsync($"{Accounts}/bulk", new { ids = new[] { mine }, action = "change", accepts_channels = true })).Expect(200);
        Assert.Equal("NOT_FOUND", (string?)answer.Body!["results"]![0]!["code"]);
        Assert.False((bool)(await user.GetAsync($"{Accounts}/{mine}")).Expect(200)["accepts_channels"]!);
    }

    [Fact]
    public async Task A_bulk_without_ids_or_with_another_action_says_what_is_wrong()
    {
        using var user = host.User(7103);
        Assert.Equal(["action", "ids"], (await user.PostAsync($"{Accounts}/bulk", new { action = "explode" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["action"], (await user.PostAsync($"{Accounts}/bulk", new { ids = new[] { Guid.CreateVersion7() }, action = "change" })).Expect(400).ErrorFields);
        Assert.Equal(["ids[0]"], (await user.PostAsync($"{Accounts}/bulk", """{"ids":["x"],"action":"pause"}""")).Expect(400).ErrorFields);
    }

    [Fact]
    public async Task A_trial_of_an_import_writes_nothing_and_a_thousand_rows_fit()
    {
        using var admin = host.User(7104, "admin");
        using var worker = host.User(7105);
        var rows = Enumerable.Range(1, 1000).Select(i => new { session = Session(i), display_name = new string('n', 200) }).ToArray();
        (await worker.PostAsync($"{Accounts}/import", new { sessions = rows[..1] })).Expect(403);

        var trial = (await admin.PostAsync($"{Accounts}/import", new { sessions = rows, dry_run = true })).Expect(200);
        Assert.Equal((1000, 0), ((int)trial["good"]!, (int)trial["refused"]!));
        Assert.DoesNotContain(rows[0].session, trial.Raw, StringComparison.Ordinal);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_accounts where user_id = 7104"));

        var imported = (await admin.PostAsync($"{Accounts}/import", new { sessions = new object[] { rows[0], rows[0], new { session = "1no" } } })).Expect(200);
        Assert.Equal([null, "TG_SESSION_REPEATED", "TG_SESSION_INVALID"], imported.Body!["results"]!.AsArray().Select(item => (string?)item!["code"]));
        Assert.Equal("TG_ALREADY_CONNECTED", (string?)(await admin.PostAsync($"{Accounts}/import", new { sessions = rows[..1], dry_run = true })).Expect(200).Body!["results"]![0]!["code"]);
        Assert.False(await host.ScalarAsync<bool>("select exists (select from integration_logs where details::text || coalesce(request_data::text, '') like '%1Ag%')"));
    }

    [Fact]
    public async Task The_timeline_says_who_wanted_what_page_by_page_and_is_nobody_elses()
    {
        using var user = host.User(7106);
        using var stranger = host.User(7107);
        using var administrator = host.User(7106, "admin");
        var account = await ConnectAsync(administrator, 71_060_001);
        (await user.PatchAsync($"{Accounts}/{account}", new { display_name = "Sales" })).Expect(200);
        (await user.PatchAsync($"{Accounts}/{account}", new { accepts_groups = false })).Expect(200);

        var first = (await user.GetAsync($"{Accounts}/{account}/timeline?limit=2")).Expect(200);
        Assert.Equal(["flags private", "renamed Sales"], first.Body!["items"]!.AsArray().Select(line => $"{line!["kind"]} {line["detail"]}"));
        Assert.Equal(7106, (int)first.Body["items"]![0]!["user_id"]!);
        var rest = (await user.GetAsync($"{Accounts}/{account}/timeline?before={first.Text("next_before")}")).Expect(200);
        Assert.Equal("login_started", (string?)rest.Body!["items"]!.AsArray()[^1]!["kind"]);
        Assert.Null(rest["next_before"]);
        (await stranger.GetAsync($"{Accounts}/{account}/timeline")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Notices_are_ones_own_are_marked_read_and_muted()
    {
        using var user = host.User(7108);
        using var stranger = host.User(7109);
        using var administrator = host.User(7108, "admin");
        var account = await ConnectAsync(administrator, 71_080_001);
        (await user.GetAsync($"{Accounts}/{account}")).Expect(200);
        await host.ExecuteAsync("insert into account_events (tenant_id, account_id, kind, code) values ($1, $2, 'error', 'TG_SESSION_EXPIRED')", host.Tenant, account);

        var page = (await user.GetAsync("/api/v1/notices")).Expect(200);
        Assert.Equal((1, "login_needed"), ((int)page["unread"]!, (string?)page.Body!["items"]![0]!["kind"]));
        var id = Guid.Parse((string)page.Body["items"]![0]!["id"]!);
        (await stranger.GetAsync("/api/v1/notices")).Expect(200);
        Assert.Equal(0, (int)(await stranger.PostAsync("/api/v1/notices/read", new { ids = new[] { id } })).Expect(200)["read"]!);
        Assert.Equal(1, (int)(await user.PostAsync("/api/v1/notices/read", new { all = true })).Expect(200)["read"]!);
        Assert.Equal(0, (int)(await user.GetAsync("/api/v1/notices")).Expect(200)["unread"]!);
        (await user.PostAsync("/api/v1/notices/read", new { })).Expect(400, "VALIDATION_FAILED");

        (await user.SendAsync(HttpMethod.Put, "/api/v1/notices/settings", TestClient.Json(new { muted = new[] { "loud" } }))).Expect(400, "VALIDATION_FAILED");
        (await user.SendAsync(HttpMethod.Put, "/api/v1/notices/settings", TestClient.Json(new { muted = new[] { "flood_over" } }))).Expect(200);
        Assert.Equal("flood_over", (string?)(await user.GetAsync("/api/v1/notices/settings")).Expect(200).Body!["muted"]![0]);
    }

    private async Task<Guid> ConnectAsync(TestClient administrator, long telegramUser)
    {
        var login = (await administrator.PostAsync($"{Accounts}/login", new { method = "qr" })).Expect(200).Id("login_id");
        await host.Worker.ScanAsync(login, telegramUser);
        return login;
    }

    private static string Session(int number)
    {
        var bytes = new byte[263];
        bytes[0] = 2;
        BitConverter.TryWriteBytes(bytes.AsSpan(7), number);
        return "1" + Base64Url.EncodeToString(bytes) + "=";
    }
}
