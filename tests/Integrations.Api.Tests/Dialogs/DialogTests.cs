using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

[Collection(ApiCollection.Name)]
public sealed class DialogTests(ApiHost host)
{
    private const string Dialogs = "/api/v1/telegram/dialogs";

    [Fact]
    public async Task Reading_leaves_nothing_unread_and_is_told_once()
    {
        using var client = host.User(1701);
        var account = await ActiveAsync(client, 170101);
        var dialog = await DialogAsync(account, 1, "Boris", unread: 3);
        await using var stream = await SseReader.OpenAsync(client);

        Assert.Equal("0", (await client.PostAsync($"{Dialogs}/{dialog}/read")).Expect(200).Text("unread_count"));

        await stream.UntilAsync("dialog.updated", data => data["id"]!.ToString() == dialog.ToString() && data["unread_count"]!.ToString() == "0");
        (await client.PostAsync($"{Dialogs}/{dialog}/read")).Expect(200);
        Assert.Equal(
            1L, await host.ScalarAsync<long>("select (select count(*) from events where data->>'id' = $1) + (select count(*) from outbox where data->>'id' = $1)", dialog.ToString()));
        using var viewer = host.User(1701, "viewer");
        (await viewer.PostAsync($"{Dialogs}/{dialog}/read")).Expect(403, "FORBIDDEN");
    }

    [Theory]
    [InlineData("q=oRi", "Boris")]
    [InlineData("q=%40vera_ex", "Vera")]
    [InlineData("q=%2B999661", "Gleb")]
    [InlineData("q=100%25", "100% wool")]
    [InlineData("q=_", "Vera")]
    [InlineData("q=%25%25", "")]
    [InlineData("unread=true", "Vera")]
    [InlineData("unread=true&q=boris", "")]
    public async Task Dialogs_are_found_by_what_people_type(string query, string titles)
    {
        var user = 1710 + Math.Abs(query.Sum(c => c) % 80);
        using var client = host.User(user);
        var account = await ActiveAsync(client, 171000 + query.Sum(c => c));
        await DialogAsync(account, 1, "Boris");
        await DialogAsync(account, 2, "Vera", username: "vera_example", unread: 1);
        await DialogAsync(account, 3, "Gleb", phone: "9996610003");
        await DialogAsync(account, 4, "100% wool");

        var found = (await client.GetAsync($"{Dialogs}?account_id={account}&{query}")).Expect(200);

        Assert.Equal(titles, string.Join(',', found.Body!["items"]!.AsArray().Select(item => item!["title"]!.ToString())));
    }

    [Fact]
    public async Task A_page_goes_on_where_the_last_one_ended_although_its_dialogs_have_moved()
    {
        using var client = host.User(1702);
        var account = await ActiveAsync(client, 170201);
        for (var i = 0; i < 6; i++)
            await DialogAsync(account, i + 1, $"{i}", minutesAgo: 10 - i);
        string[] Titles(Answer page) => [.. page.Body!["items"]!.AsArray().Select(item => item!["title"]!.ToString())];

        var first = (await client.GetAsync($"{Dialogs}?account_id={account}&limit=2&unread=false")).Expect(200);
        await host.ExecuteAsync("update dialogs set last_message_at = clock_timestamp() where id = $1", Guid.Parse(first.Text("next_before")));
        var second = (await client.GetAsync($"{Dialogs}?account_id={account}&limit=4&cursor={first.Text("next_cursor")}")).Expect(200);
        var third = (await client.GetAsync($"{Dialogs}?account_id={account}&limit=4&cursor={second.Text("next_cursor")}")).Expect(200);

        Assert.Equal(["5", "4"], Titles(first));
        Assert.Equal(["3", "2", "1", "0"], Titles(second));
        Assert.Empty(Titles(third));
        Assert.Null(third["next_cursor"]);
        Assert.Equal(["cursor"], (await client.GetAsync($"{Dialogs}?cursor=elsewhere")).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(
            ["cursor"], (await client.GetAsync($"{Dialogs}?cursor={first.Text("next_cursor")}&before={first.Text("next_before")}")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task Somebody_waits_from_his_first_message_after_our_last_answer()
    {
        using var client = host.User(1703);
        var account = await ActiveAsync(client, 170301);
        var dialog = await DialogAsync(account, 1, "Boris");
        async Task<string?> WaitingAsync() => (await client.GetAsync($"{Dialogs}/{dialog}")).Expect(200)["waiting_since"]?.ToString();

        Assert.Null(await WaitingAsync());
        await SaidAsync(account, dialog, "in", "received", "2026-05-01T10:00:00Z");
        await SaidAsync(account, dialog, "in", "received", "2026-05-01T10:05:00Z");
        Assert.Equal("2026-05-01T10:00:00", (await WaitingAsync())![..19]);
        await SaidAsync(account, dialog, "out", "failed", null);
        Assert.Equal("2026-05-01T10:00:00", (await WaitingAsync())![..19]);
        await SaidAsync(account, dialog, "out", "delivered", "2026-05-01T10:06:00Z");
        Assert.Null(await WaitingAsync());
        await SaidAsync(account, dialog, "in", "received", "2026-05-01T10:07:00Z");
        Assert.Equal("2026-05-01T10:07:00", (await WaitingAsync())![..19]);
        Assert.Equal("2026-05-01T10:07:00", (await client.GetAsync($"{Dialogs}?account_id={account}")).Expect(200).Body!["items"]![0]!["waiting_since"]!.ToString()[..19]);
        await host.ExecuteAsync("update dialogs set peer_kind = 'channel' where id = $1", dialog);
        Assert.Null(await WaitingAsync());
    }

    private Task SaidAsync(Guid account, Guid dialog, string direction, string status, string? at) => host.ExecuteAsync(
        $"""
         insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_date)
         select gen_random_uuid(), tenant_id, id, $2, shard, 'personal_telegram_{direction}', '{status}', 'x', $3::timestamptz from telegram_accounts where id = $1
         """,
        account,
        dialog,
        (object?)at ?? DBNull.Value);

    private async Task<Guid> DialogAsync(Guid account, long peer, string title, string? username = null, string? phone = null, int unread = 0, int minutesAgo = 0)
    {
        var id = Guid.CreateVersion7();
        await host.ExecuteAsync(
            """
            insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, title, username, phone, unread_count, last_message_at)
            select $1, tenant_id, 'personal_telegram', id, 'user', $3, $4, $5, $6, $7, clock_timestamp() - make_interval(mins => $8) from telegram_accounts where id = $2
            """,
            id,
            account,
            peer,
            title,
            new Npgsql.NpgsqlParameter<string?> { TypedValue = username },
            new Npgsql.NpgsqlParameter<string?> { TypedValue = phone },
            unread,
            minutesAgo);
        return id;
    }

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }
}
