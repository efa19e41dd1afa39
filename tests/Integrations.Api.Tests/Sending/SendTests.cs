using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.Sending;

[Collection(ApiCollection.Name)]
public sealed class SendTests(ApiHost host)
{
    private const string Send = "/api/v1/telegram/send";

    [Fact]
    public async Task A_message_is_accepted_and_delivered()
    {
        using var client = host.User(1001);
        var account = await ActiveAsync(client, 100101);

        var accepted = (await client.PostAsync(Send, new { account_id = account, to = new { username = "@Boris_Example" }, text = "Good morning" })).Expect(202);

        Assert.Equal(["id", "status", "created_at", "message_ids"], accepted.Fields);
        Assert.Equal(accepted.Text("id"), Assert.Single(accepted.Body!["message_ids"]!.AsArray())!.ToString());
        Assert.Equal("pending", accepted.Text("status"));
        Assert.Equal($"/api/v1/telegram/messages/{accepted.Text("id")}", accepted.Headers.Location!.ToString());
        var message = await DeliveredAsync(client, accepted.Text("id"));
        Assert.Equal(("Good morning", "personal_telegram_out", "interactive", "1001"), (message.Text("text"), message.Text("direction"), message.Text("priority"), message.Text("sent_by")));
        Assert.True(await host.ScalarAsync<bool>("select random_id <> 0 and shard = (select shard from telegram_accounts where id = account_id) from messages where id = $1", accepted.Id()));
    }

    [Fact]
    public async Task Waiting_turns_the_answer_into_the_result()
    {
        using var client = host.User(1002);
        var account = await ActiveAsync(client, 100201);

        var result = (await client.PostAsync($"{Send}?wait=20", new { account_id = account, to = new { telegram_user_id = 4242 }, text = "Good morning" })).Expect(200);

        Assert.Equal("delivered", result.Text("status"));
        using (await host.Worker.HoldMessagesAsync())
        {
            (await client.PostAsync($"{Send}?wait=1", new { account_id = account, to = new { telegram_user_id = 4242 }, text = "Good morning" })).Expect(202);
        }
    }

    [Fact]
    public async Task One_key_makes_one_message_and_gets_the_first_answer()
    {
        using var client = host.User(1003);
        var account = await ActiveAsync(client, 100301);
        var body = new { account_id = account, to = new { username = "boris_example" }, text = "Once" };

        var first = (await client.PostAsync(Send, body, ("Idempotency-Key", "key 1"))).Expect(202);
        // Another order of fields and another way of writing the name is the same request.
        var second = (await client.PostAsync(
            Send, $$"""{ "text" : "Once", "to":{"username":"@Boris_Example"}, "account_id":"{{account}}" }""", ("Idempotency-Key", "key 1"))).Expect(202);

        Assert.Equal(first.Raw, second.Raw);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "Twice" }, ("Idempotency-Key", "key 1")))
            .Expect(422, "IDEMPOTENCY_MISMATCH");
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
    }

    [Fact]
    public async Task Twenty_requests_at_once_with_one_key_make_one_message()
    {
        using var client = host.User(1004);
        var account = await ActiveAsync(client, 100401);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PostAsync(
            Send, new { account_id = account, to = new { username = "boris_example" }, text = "Once" }, ("Idempotency-Key", "at once"))));

        Assert.All(answers, answer => answer.Expect(202));
        Assert.Single(answers.Select(answer => answer.Text("id")).Distinct());
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
    }

    [Fact]
    public async Task A_key_whose_first_request_is_still_under_way_is_told_to_come_back()
    {
        using var client = host.User(1005);
        var account = await ActiveAsync(client, 100501);
        await using var connection = await host.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var holding = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var insert = new Npgsql.NpgsqlCommand(
            $"insert into idempotency_keys (tenant_id, user_id, route, key, body_hash, expires_at) values ('{host.Tenant}', 1005, 'telegram.send', 'held', '\\x00', now() + interval '1 day')",
            connection,
            holding))
        {
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" }, ("Idempotency-Key", "held")))
            .Expect(409, "IDEMPOTENCY_IN_PROGRESS");
        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" }, ("Idempotency-Key", "held"))).Expect(202);
    }

    [Fact]
    public async Task A_key_is_free_again_after_a_day_and_belongs_to_one_user()
    {
        using var client = host.User(1006);
        using var other = host.User(1007);
        var (account, othersAccount) = (await ActiveAsync(client, 100601), await ActiveAsync(other, 100701));

        var first = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" }, ("Idempotency-Key", "day"))).Expect(202);
        (await other.PostAsync(Send, new { account_id = othersAccount, to = new { username = "boris_example" }, text = "y" }, ("Idempotency-Key", "day"))).Expect(202);
        await host.ExecuteAsync("update idempotency_keys set expires_at = now() - interval '1 second' where key = 'day' and user_id = 1006");
        var second = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "z" }, ("Idempotency-Key", "day"))).Expect(202);

        Assert.NotEqual(first.Text("id"), second.Text("id"));
    }

    [Fact]
    public async Task A_refused_message_uses_up_no_key_and_leaves_nothing()
    {
        using var client = host.User(1008);
        var account = await ActiveAsync(client, 100801);
        await client.PostAsync($"/api/personal-telegram-accounts/{account}/pause");

        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" }, ("Idempotency-Key", "later"))).Expect(409, "ACCOUNT_NOT_ACTIVE");
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from dialogs where personal_account_id = $1", account));
        await client.PostAsync($"/api/personal-telegram-accounts/{account}/reconnect");

        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" }, ("Idempotency-Key", "later"))).Expect(202);
    }

    [Fact]
    public async Task What_was_accepted_is_answered_the_same_after_the_account_has_gone()
    {
        using var client = host.User(1009);
        var account = await ActiveAsync(client, 100901);
        var body = new { account_id = account, to = new { username = "boris_example" }, text = "x" };
        var first = (await client.PostAsync(Send, body, ("Idempotency-Key", "gone"))).Expect(202);
        await client.DeleteAsync($"/api/v1/telegram/accounts/{account}");

        var second = (await client.PostAsync(Send, body, ("Idempotency-Key", "gone"))).Expect(202);

        Assert.Equal(first.Text("id"), second.Text("id"));
    }

    [Fact]
    public async Task Too_long_a_queue_is_refused_with_a_time_to_come_back()
    {
        using var client = host.User(1010);
        var account = await ActiveAsync(client, 101001);
        using (await host.Worker.HoldMessagesAsync())
        {
            for (var i = 0; i < 20; i++)
                (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = $"{i}" })).Expect(202);

            var refused = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "too many" })).Expect(503, "SERVICE_UNAVAILABLE");

            Assert.NotNull(refused.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task Every_accepted_message_is_counted()
    {
        using var client = host.User(1011);
        var account = await ActiveAsync(client, 101101);
        await Task.WhenAll(Enumerable.Range(0, 15).Select(i => client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = $"{i}" })));

        Assert.True(await host.ScalarAsync<bool>(
            "select bool_and(accepted = delivered + failed + in_flight) from doors.message_balance() where tenant_id = $1", host.Tenant));
    }

    [Fact]
    public async Task Whichever_name_is_used_one_person_has_one_dialog()
    {
        using var client = host.User(1012);
        var account = await ActiveAsync(client, 101201);
        await host.ExecuteAsync(
            "insert into telegram_peers (account_id, kind, peer_id, tenant_id, access_hash, username, phone, title) values ($1, 'user', 555, $2, 1, 'Boris_Example', '9996610555', 'Boris')",
            account,
            host.Tenant);

        async Task<string> DialogOf(object to)
        {
            var id = (await client.PostAsync(Send, new { account_id = account, to, text = "x" })).Expect(202).Text("id");
            return (await client.GetAsync($"/api/v1/telegram/messages/{id}")).Text("dialog_id");
        }

        var byName = await DialogOf(new { username = "boris_example" });
        Assert.Equal(byName, await DialogOf(new { phone = "+9996610555" }));
        Assert.Equal(byName, await DialogOf(new { telegram_user_id = 555 }));
        Assert.Equal(byName, await DialogOf(new { dialog_id = byName }));
        Assert.NotEqual(byName, await DialogOf(new { username = "somebody_else" }));
        var dialog = (await client.GetAsync($"/api/v1/telegram/dialogs/{byName}")).Expect(200);
        Assert.Equal(("Boris", "user", "555", "+9996610555"), (dialog.Text("title"), dialog.Text("peer_kind"), dialog.Text("peer_id"), dialog.Text("phone")));
    }

    [Fact]
    public async Task A_reply_names_a_message_of_its_dialog()
    {
        using var client = host.User(1013);
        var account = await ActiveAsync(client, 101301);
        var first = (await client.PostAsync($"{Send}?wait=20", new { account_id = account, to = new { username = "boris_example" }, text = "question" })).Expect(200);

        var reply = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "answer", reply_to = first.Text("id") })).Expect(202);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "somebody_else" }, text = "x", reply_to = first.Text("id") })).Expect(404, "NOT_FOUND");

        Assert.Equal(first.Text("id"), (await client.GetAsync($"/api/v1/telegram/messages/{reply.Text("id")}")).Text("reply_to"));
        Assert.Equal(first.Text("telegram_message_id"), (await host.ScalarAsync<int>("select reply_to_telegram_id from messages where id = $1", reply.Id())).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Messages_and_dialogs_are_read_page_by_page_newest_first()
    {
        using var client = host.User(1014);
        var account = await ActiveAsync(client, 101401);
        for (var i = 0; i < 5; i++)
            (await client.PostAsync(Send, new { account_id = account, to = new { username = $"person_{i}" }, text = $"{i}" })).Expect(202);

        Assert.Equal(["4", "3", "2", "1", "0"], await PagesAsync(client, $"/api/v1/telegram/messages?account_id={account}&limit=2", "text"));
        Assert.Equal(["person_4", "person_3", "person_2", "person_1", "person_0"], await PagesAsync(client, $"/api/v1/telegram/dialogs?account_id={account}&limit=2", "username"));
        var dialog = (await client.GetAsync($"/api/v1/telegram/dialogs?account_id={account}&limit=1")).Body!["items"]![0]!["id"]!.ToString();
        Assert.Equal(["4"], await PagesAsync(client, $"/api/v1/telegram/messages?dialog_id={dialog}&limit=2", "text"));
        (await client.GetAsync("/api/v1/telegram/messages")).Expect(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Logs_and_statistics_have_the_fields_of_the_contract()
    {
        using var client = host.User(1015);
        var account = await ActiveAsync(client, 101501);
        await client.PatchAsync($"/api/personal-telegram-accounts/{account}", new { accepts_groups = false });
        await host.ExecuteAsync(
            "insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, error_code) values ($1, $2, 1015, 'telegram', 'personal.send_message', 'error', 'TG_PEER_UNKNOWN')",
            Guid.CreateVersion7(),
            host.Tenant);

        var logs = (await client.GetAsync("/api/v1/telegram/logs?size=2")).Expect(200);
        Assert.Equal(["items", "total", "page", "size", "pages"], logs.Fields);
        // The consent that came before the account is a line too.
        Assert.Equal(("4", "2", "2"), (logs.Text("total"), logs.Text("size"), logs.Text("pages")));
        var errors = (await client.GetAsync("/api/v1/telegram/logs?log_status=error&days_back=1&integration_type=telegram&page=1")).Expect(200);
        Assert.Equal("personal.send_message", Assert.Single(errors.Body!["items"]!.AsArray())!["action"]!.ToString());

        var stats = (await client.GetAsync("/api/v1/telegram/stats/errors")).Expect(200);
        Assert.Equal("""{"total_actions":4,"error_count":1,"success_count":2,"error_rate":25,"period_days":7}""", stats.Raw);
    }

    private static async Task<string[]> PagesAsync(TestClient client, string path, string field)
    {
        var seen = new List<string>();
        string? before = null;
        do
        {
            var page = (await client.GetAsync(before is null ? path : $"{path}&before={before}")).Expect(200);
            Assert.Equal(["items", "next_before"], page.Fields.Take(2));
            seen.AddRange(page.Body!["items"]!.AsArray().Select(item => item![field]!.ToString()));
            before = page["next_before"]?.ToString();
        }
        while (before is not null);
        return [.. seen];
    }

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }

    private static Task<Answer> DeliveredAsync(TestClient client, string id) => Eventually.BecomesAsync(
        "the message is delivered", async _ => (await client.GetAsync($"/api/v1/telegram/messages/{id}")).Expect(200), message => message.Text("status") == "delivered", TimeSpan.FromSeconds(60));
}
