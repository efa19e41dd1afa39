using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

/// <summary>A bot is the company's: owners and administrators read its dialogs, and the members of its project.</summary>
[Collection(ApiCollection.Name)]
public sealed class BotDialogTests(ApiHost host)
{
    private const string Telegram = "/api/v1/telegram";
    private const long Chat = 5_000_001;

    [Theory]
    [InlineData("owner", false)]
    [InlineData("admin", false)]
    [InlineData("operator", true)]
    public async Task Owners_administrators_and_members_read_and_answer_and_are_told(string role, bool member)
    {
        var inbox = await InboxAsync();
        using var client = member ? await inbox.MemberAsync(32, role) : host.User(33, role, inbox.Tenant);
        await using var stream = await SseReader.OpenAsync(client);

        var shown = Assert.Single((await client.GetAsync($"{Telegram}/inboxes")).Expect(200).Body!.AsArray())!;
        Assert.Equal((inbox.Bot.ToString(), "telegram_bot", "true"), (shown["id"]!.ToString(), shown["source"]!.ToString(), shown["may_send"]!.ToString()));
        var dialog = Assert.Single((await client.GetAsync($"{Telegram}/dialogs?bot_id={inbox.Bot}")).Expect(200).Body!["items"]!.AsArray())!;
        Assert.Equal(
            (inbox.Dialog.ToString(), "telegram_bot", inbox.Bot.ToString(), null, "telegram_bot_in"),
            (dialog["id"]!.ToString(), dialog["source"]!.ToString(), dialog["bot_id"]!.ToString(), dialog["personal_account_id"]?.ToString(), dialog["last_message"]!["direction"]!.ToString()));
        Assert.NotNull(dialog["waiting_since"]);
        Assert.Single((await client.GetAsync($"{Telegram}/messages?dialog_id={inbox.Dialog}")).Expect(200).Body!["items"]!.AsArray());
        Assert.Single((await client.GetAsync($"{Telegram}/messages?bot_id={inbox.Bot}")).Expect(200).Body!["items"]!.AsArray());

        var sent = (await client.PostAsync($"{Telegram}/send", new { bot_id = inbox.Bot, to = new { dialog_id = inbox.Dialog }, text = "an answer" })).Expect(202);
        await stream.UntilAsync("message.created", data => data["id"]?.ToString() == sent.Text("id") && data["bot_id"]?.ToString() == inbox.Bot.ToString());
        var message = (await client.GetAsync($"{Telegram}/messages/{sent.Text("id")}")).Expect(200);
        Assert.Equal(("telegram_bot_out", "pending", inbox.Bot.ToString()), (message.Text("direction"), message.Text("status"), message.Text("bot_id")));
        Assert.Null((await client.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200).Body!["waiting_since"]);
        (await client.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/read")).Expect(200);
        await stream.UntilAsync("dialog.updated", data => data["id"]?.ToString() == inbox.Dialog.ToString() && data["unread_count"]?.ToString() == "0");
        (await client.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/notes", new { text = "He calls back." })).Expect(201);
        (await client.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/presence", new { state = "viewing" })).Expect(204);
        Assert.Single((await client.GetAsync($"{Telegram}/presence")).Expect(200).Body!.AsArray());
        (await client.PostAsync($"{Telegram}/dialog-filters", new { name = "The bot's", bot_id = inbox.Bot })).Expect(201);
        Assert.Equal(inbox.Bot.ToString(), Assert.Single((await client.GetAsync($"{Telegram}/dialog-filters")).Expect(200).Body!.AsArray())!["bot_id"]!.ToString());
    }

    [Theory]
    [InlineData("who connected it, and is no member")]
    [InlineData("a member of another project")]
    [InlineData("a member who was removed")]
    [InlineData("the owner of another tenant")]
    public async Task For_everybody_else_nothing_is_there(string who)
    {
        var inbox = await InboxAsync();
        using var other = who switch
        {
            "who connected it, and is no member" => host.User(31, "operator", inbox.Tenant),
            "a member of another project" => await (await InboxAsync()).MemberAsync(41, "operator"),
            "a member who was removed" => await RemovedAsync(),
            _ => host.User(32, "owner", await host.AddTenantAsync()),
        };
        var message = await host.ScalarAsync<Guid>("select id from messages where dialog_id = $1 limit 1", inbox.Dialog);
        (string Method, string Path, object? Body)[] routes =
        [
            ("GET", $"dialogs?bot_id={inbox.Bot}", null),
            ("GET", $"dialogs/{inbox.Dialog}", null),
            ("POST", $"dialogs/{inbox.Dialog}/read", null),
            ("PUT", $"dialogs/{inbox.Dialog}/assignee", new { user_id = 41 }),
            ("GET", $"dialogs/{inbox.Dialog}/assignees", null),
            ("POST", $"dialogs/{inbox.Dialog}/presence", new { state = "viewing" }),
            ("GET", $"dialogs/{inbox.Dialog}/notes", null),
            ("POST", $"dialogs/{inbox.Dialog}/notes", new { text = "x" }),
            ("GET", $"messages?dialog_id={inbox.Dialog}", null),
            ("GET", $"messages?bot_id={inbox.Bot}", null),
            ("GET", $"messages/{message}", null),
            ("POST", $"messages/{message}/retry", null),
            ("POST", "send", new { bot_id = inbox.Bot, to = new { dialog_id = inbox.Dialog }, text = "x" }),
            ("POST", "send", new { bot_id = inbox.Bot, to = new { chat_id = Chat }, text = "x" }),
            ("POST", "dialog-filters", new { name = "theirs", bot_id = inbox.Bot }),
        ];

        foreach (var (method, path, body) in routes)
            (await other.SendAsync(new HttpMethod(method), $"{Telegram}/{path}", body is null ? null : TestClient.Json(body))).Expect(404, "NOT_FOUND");
        Assert.DoesNotContain((await other.GetAsync($"{Telegram}/inboxes")).Expect(200).Body!.AsArray(), one => one!["id"]!.ToString() == inbox.Bot.ToString());
        Assert.DoesNotContain((await other.GetAsync($"{Telegram}/dialogs")).Expect(200).Body!["items"]!.AsArray(), one => one!["id"]!.ToString() == inbox.Dialog.ToString());

        async Task<TestClient> RemovedAsync()
        {
            var removed = await inbox.MemberAsync(41, "operator");
            (await removed.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200);
            await inbox.RemoveAsync(41);
            return removed;
        }
    }

    [Fact]
    public async Task Events_of_a_bot_reach_its_readers_and_nobody_else()
    {
        var inbox = await InboxAsync();
        using var member = await inbox.MemberAsync(32, "operator");
        using var connector = host.User(31, "operator", inbox.Tenant);
        await using var ofMember = await SseReader.OpenAsync(member);
        await using var ofConnector = await SseReader.OpenAsync(connector);

        await host.ExecuteAsync(
            "insert into outbox (tenant_id, bot_id, type, data) values ($1, $2, 'message.created', '{\"text\":\"between us\"}')", inbox.Tenant, inbox.Bot);

        var heard = await ofMember.UntilAsync("message.created", data => data["text"]?.ToString() == "between us");
        await Integrations.Testing.Eventually.BecomesAsync(
            "the cursor has passed", _ => Task.FromResult(ofConnector.Cursor), cursor => cursor >= heard.Position, TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(ofConnector.Seen, item => item.Data.Contains("between us", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_only_reads_reads_only()
    {
        var inbox = await InboxAsync();
        using var viewer = await inbox.MemberAsync(33, "viewer");

        Assert.Equal("false", Assert.Single((await viewer.GetAsync($"{Telegram}/inboxes")).Expect(200).Body!.AsArray())!["may_send"]!.ToString());
        (await viewer.GetAsync($"{Telegram}/messages?dialog_id={inbox.Dialog}")).Expect(200);
        (await viewer.PostAsync($"{Telegram}/send", new { bot_id = inbox.Bot, to = new { dialog_id = inbox.Dialog }, text = "x" })).Expect(403, "FORBIDDEN");
        (await viewer.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/read")).Expect(403, "FORBIDDEN");
    }

    [Fact]
    public async Task A_chat_is_written_to_once_for_each_key_and_becomes_a_dialog()
    {
        var inbox = await InboxAsync();
        using var owner = host.User(33, "owner", inbox.Tenant);
        var request = new { bot_id = inbox.Bot, to = new { chat_id = -1_000_000_003_001 }, text = "to the group" };

        var first = (await owner.PostAsync($"{Telegram}/send", request, ("Idempotency-Key", "one"))).Expect(202);
        var again = (await owner.PostAsync($"{Telegram}/send", request, ("Idempotency-Key", "one"))).Expect(202);
        (await owner.PostAsync($"{Telegram}/send", request with { to = new { chat_id = -5L } }, ("Idempotency-Key", "one"))).Expect(422, "IDEMPOTENCY_MISMATCH");
        (await owner.PostAsync($"{Telegram}/send", new { bot_id = inbox.Bot, to = new { chat_id = Chat }, text = "to the person" })).Expect(202);

        Assert.Equal(first.Text("id"), again.Text("id"));
        Assert.Equal("channel 3001", await host.ScalarAsync<string>(
            "select d.peer_kind || ' ' || d.peer_id from dialogs d join messages m on m.dialog_id = d.id where m.id = $1", first.Id()));
        Assert.Equal(2L, await host.ScalarAsync<long>("select count(*) from dialogs where bot_id = $1", inbox.Bot));
        Assert.Equal(2L, await host.ScalarAsync<long>("select sum(accepted)::bigint from message_counters where tenant_id = $1 and channel = 'telegram_bot'", inbox.Tenant));
    }

    [Fact]
    public async Task A_request_that_names_no_sender_or_two_or_a_recipient_of_the_other_kind_is_told_so()
    {
        var inbox = await InboxAsync();
        using var owner = host.User(33, "owner", inbox.Tenant);
        Task<Answer> SendAsync(object body) => owner.PostAsync($"{Telegram}/send", body);

        Assert.Equal(["account_id"], (await SendAsync(new { to = new { chat_id = Chat }, text = "x" })).Expect(400, "VALIDATION_FAILED").ErrorFields.Where(field => field.Contains("_id", StringComparison.Ordinal)));
        Assert.Contains("bot_id", (await SendAsync(new { account_id = inbox.Bot, bot_id = inbox.Bot, to = new { dialog_id = inbox.Dialog }, text = "x" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        foreach (var to in new object[] { new { username = "boris_example" }, new { phone = "+99966112233" }, new { telegram_user_id = 5 }, new { chat_id = 5, dialog_id = inbox.Dialog }, new { } })
            Assert.Equal(["to"], (await SendAsync(new { bot_id = inbox.Bot, to, text = "x" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["to"], (await SendAsync(new { account_id = inbox.Bot, to = new { chat_id = Chat }, text = "x" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_bot_that_does_not_work_takes_no_message()
    {
        var inbox = await InboxAsync();
        using var owner = host.User(33, "owner", inbox.Tenant);
        await host.ExecuteAsync("update integrations set status = 'error' where id = $1", inbox.Bot);

        (await owner.PostAsync($"{Telegram}/send", new { bot_id = inbox.Bot, to = new { chat_id = Chat }, text = "x" })).Expect(409, "BOT_NOT_ACTIVE");
    }

    [Fact]
    public async Task A_failed_message_is_sent_again_by_those_who_may()
    {
        var inbox = await InboxAsync();
        using var member = await inbox.MemberAsync(32, "operator");
        var sent = (await member.PostAsync($"{Telegram}/send", new { bot_id = inbox.Bot, to = new { dialog_id = inbox.Dialog }, text = "x" })).Expect(202).Id();
        (await member.PostAsync($"{Telegram}/messages/{sent}/retry")).Expect(409, "CONFLICT");
        await host.ExecuteAsync("update messages set status = 'failed', error_code = 'OUTCOME_UNKNOWN' where id = $1", sent);

        Assert.Equal("pending", (await member.PostAsync($"{Telegram}/messages/{sent}/retry")).Expect(202).Text("status"));
    }

    [Fact]
    public async Task Those_can_look_after_a_dialog_who_read_it_and_may_write()
    {
        var inbox = await InboxAsync();
        using var owner = host.User(33, "owner", inbox.Tenant);
        using var member = await inbox.MemberAsync(32, "operator");
        using var viewer = await inbox.MemberAsync(34, "viewer");
        using var stranger = host.User(35, "operator", inbox.Tenant);
        (await stranger.GetAsync("/api/v1/auth/me")).Expect(200);
        var path = $"{Telegram}/dialogs/{inbox.Dialog}/assignee";

        var able = (await owner.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}/assignees")).Expect(200).Body!.AsArray().Select(one => one!["user_id"]!.ToString()).ToArray();
        Assert.Contains("32", able);
        Assert.Contains("33", able);
        Assert.DoesNotContain("34", able);
        Assert.DoesNotContain("35", able);
        (await owner.SendAsync(HttpMethod.Put, path, TestClient.Json(new { user_id = 35 }))).Expect(400, "VALIDATION_FAILED");
        Assert.Equal("32", (await owner.SendAsync(HttpMethod.Put, path, TestClient.Json(new { user_id = 32 }))).Expect(200).Text("assignee.user_id"));

        (await owner.DeleteAsync($"/api/v1/projects/{inbox.Project}/members/32")).Expect(204);
        Assert.Null((await owner.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200).Body!["assignee"]);
    }

    /// <summary>A bot that user 31 connected, in a project of a new tenant, with a dialog in which somebody wrote.</summary>
    private async Task<Inbox> InboxAsync()
    {
        var (tenant, project, bot, dialog) = (await host.AddTenantAsync(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        using (var connector = host.User(31, "operator", tenant))
            (await connector.GetAsync("/api/v1/auth/me")).Expect(200);
        await host.ExecuteAsync("insert into projects (id, tenant_id, name) values ($1, $2, $3)", project, tenant, $"Project {project}");
        await host.ExecuteAsync(
            "insert into integrations (id, tenant_id, user_id, project_id, integration_type, status) values ($1, $2, 31, $3, 'telegram_bot', 'active')", bot, tenant, project);
        await host.ExecuteAsync(
            """
            insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, username, token_fingerprint, hook_id, hook_secret_hash)
            values ($1, $2, 0, 'sandbox', $3, 'shop_bot', sha256($4), $5, '')
            """,
            bot, tenant, Random.Shared.NextInt64(1, long.MaxValue), bot.ToByteArray(), bot.ToString("N"));
        await host.ExecuteAsync(
            "insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id, title, unread_count, last_message_at) values ($1, $2, 'telegram_bot', $3, 'user', $4, 'Boris', 1, now())",
            dialog, tenant, bot, Chat);
        await host.ExecuteAsync(
            """
            insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, telegram_message_id, from_peer_kind, from_peer_id)
            values ($1, $2, $3, $4, 0, 'telegram_bot_in', 'received', 'Good morning', 7, 'user', $5)
            """,
            Guid.CreateVersion7(), tenant, bot, dialog, Chat);
        return new Inbox(host, tenant, project, bot, dialog);
    }

    private sealed record Inbox(ApiHost Host, Guid Tenant, Guid Project, Guid Bot, Guid Dialog)
    {
        public async Task<TestClient> MemberAsync(int user, string role)
        {
            var client = Host.User(user, role, Tenant);
            (await client.GetAsync("/api/v1/auth/me")).Expect(200);
            await Host.ExecuteAsync("insert into project_members (tenant_id, project_id, user_id) values ($1, $2, $3)", Tenant, Project, user);
            return client;
        }

        public Task RemoveAsync(int user) => Host.ExecuteAsync("delete from project_members where project_id = $1 and user_id = $2", Project, user);
    }
}
