using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

/// <summary>An account of a project is the shared inbox of its members, and of nobody else.</summary>
[Collection(ApiCollection.Name)]
public sealed class SharedInboxTests(ApiHost host)
{
    private const string Telegram = "/api/v1/telegram";
    private static long _lastTelegramUser = 880_000;

    [Fact]
    public async Task Members_read_and_answer_and_are_told_of_what_is_said()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        await using var stream = await SseReader.OpenAsync(member);

        var shown = Assert.Single((await member.GetAsync($"{Telegram}/inboxes")).Expect(200).Body!.AsArray())!;
        Assert.Equal((inbox.Account.ToString(), "31", "true", "false"),
            (shown["id"]!.ToString(), shown["user_id"]!.ToString(), shown["may_send"]!.ToString(), shown["project"]!["mirroring"]!.ToString()));
        Assert.Equal("[]", (await member.GetAsync($"{Telegram}/accounts?active_only=false")).Raw);
        (await member.GetAsync($"/api/personal-telegram-accounts/{inbox.Account}")).Expect(404, "NOT_FOUND");

        Assert.Equal(inbox.Dialog.ToString(), Assert.Single((await member.GetAsync($"{Telegram}/dialogs?account_id={inbox.Account}")).Expect(200).Body!["items"]!.AsArray())!["id"]!.ToString());
        Assert.Single((await member.GetAsync($"{Telegram}/messages?dialog_id={inbox.Dialog}")).Expect(200).Body!["items"]!.AsArray());
        var sent = (await member.PostAsync($"{Telegram}/send?wait=30", new { account_id = inbox.Account, to = new { dialog_id = inbox.Dialog }, text = "from a colleague" })).Expect(200);
        Assert.Equal("32", sent.Text("sent_by"));
        await stream.UntilAsync("message.created", data => data["id"]?.ToString() == sent.Text("id"));

        var seen = (await inbox.Owner.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200);
        Assert.Equal(("from a colleague", "personal_telegram_out"), (seen.Text("last_message.text"), seen.Text("last_message.direction")));
        await host.ExecuteAsync("update messages set status = 'failed', error_code = 'TG_PEER_FORBIDDEN', finished_at = clock_timestamp() where id = $1", sent.Id());
        Assert.Contains(
            (await member.GetAsync("/api/v1/overview")).Expect(200).Body!["attention"]!.AsArray(), item => item!["message_id"]?.ToString() == sent.Text("id"));
        using var held = await host.Worker.HoldMessagesAsync();
        Assert.Equal("pending", (await member.PostAsync($"{Telegram}/messages/{sent.Text("id")}/retry")).Expect(202).Text("status"));
    }

    [Fact]
    public async Task Who_only_reads_reads_only()
    {
        var inbox = await SharedAsync();
        using var viewer = await inbox.MemberAsync(33, "viewer");

        (await viewer.GetAsync($"{Telegram}/messages?dialog_id={inbox.Dialog}")).Expect(200);
        (await viewer.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}/notes")).Expect(200);
        Assert.Equal("False", (await viewer.GetAsync($"{Telegram}/inboxes")).Expect(200).Body![0]!["may_send"]!.GetValue<bool>().ToString());
        (await viewer.PostAsync($"{Telegram}/send", new { account_id = inbox.Account, to = new { dialog_id = inbox.Dialog }, text = "x" })).Expect(403, "FORBIDDEN");
        (await viewer.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/notes", new { text = "x" })).Expect(403, "FORBIDDEN");
        (await PutAsync(viewer, inbox.Dialog, 33)).Expect(403, "FORBIDDEN");
        (await viewer.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/read")).Expect(403, "FORBIDDEN");
        Assert.DoesNotContain((await viewer.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}/assignees")).Expect(200).Body!.AsArray(), person => person!["user_id"]!.ToString() == "33");
    }

    [Theory]
    [InlineData("a colleague who is no member", "operator")]
    [InlineData("a member of another project", "operator")]
    [InlineData("an administrator who is no member", "owner")]
    [InlineData("a member who was removed", "operator")]
    [InlineData("a member of the same number in another tenant", "operator")]
    public async Task For_everybody_else_nothing_is_there(string who, string role)
    {
        var inbox = await SharedAsync();
        using var other = who switch
        {
            "a member of another project" => await (await ProjectAsync(inbox.Tenant)).MemberAsync(41, role),
            "a member who was removed" => await RemovedAsync(),
            "a member of the same number in another tenant" => host.User(32, role, await host.AddTenantAsync()),
            _ => host.User(41, role, inbox.Tenant),
        };
        using var member = await inbox.MemberAsync(32);
        var note = (await member.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/notes", new { text = "between us" })).Expect(201).Id();
        var message = await host.ScalarAsync<Guid>("select id from messages where dialog_id = $1 limit 1", inbox.Dialog);

        (string Method, string Path, object? Body)[] routes =
        [
            ("GET", $"dialogs?account_id={inbox.Account}", null),
            ("GET", $"dialogs/{inbox.Dialog}", null),
            ("POST", $"dialogs/{inbox.Dialog}/read", null),
            ("PUT", $"dialogs/{inbox.Dialog}/assignee", new { user_id = 41 }),
            ("GET", $"dialogs/{inbox.Dialog}/assignees", null),
            ("POST", $"dialogs/{inbox.Dialog}/presence", new { state = "viewing" }),
            ("GET", $"dialogs/{inbox.Dialog}/notes", null),
            ("POST", $"dialogs/{inbox.Dialog}/notes", new { text = "x" }),
            ("DELETE", $"dialogs/{inbox.Dialog}/notes/{note}", null),
            ("GET", $"messages?dialog_id={inbox.Dialog}", null),
            ("GET", $"messages/{message}", null),
            ("POST", $"messages/{message}/retry", null),
            ("POST", "send", new { account_id = inbox.Account, to = new { dialog_id = inbox.Dialog }, text = "x" }),
            ("POST", "dialog-filters", new { name = "theirs", account_id = inbox.Account }),
        ];
        foreach (var (method, path, body) in routes)
            (await other.SendAsync(new HttpMethod(method), $"{Telegram}/{path}", body is null ? null : TestClient.Json(body))).Expect(404, "NOT_FOUND");
        Assert.DoesNotContain((await other.GetAsync($"{Telegram}/inboxes")).Expect(200).Body!.AsArray(), account => account!["id"]!.ToString() == inbox.Account.ToString());
        Assert.Empty((await other.GetAsync($"{Telegram}/dialogs")).Expect(200).Body!["items"]!.AsArray());
        Assert.Equal("[]", (await other.GetAsync($"{Telegram}/presence")).Raw);

        async Task<TestClient> RemovedAsync()
        {
            var removed = await inbox.MemberAsync(41, role);
            (await removed.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200);
            await inbox.RemoveAsync(41);
            return removed;
        }
    }

    [Fact]
    public async Task A_removed_member_hears_nothing_more_on_the_stream_that_he_has_open()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        using var staying = await inbox.MemberAsync(34);
        await using var stream = await SseReader.OpenAsync(member);
        await using var ofStaying = await SseReader.OpenAsync(staying);
        await host.Worker.TellAsync(inbox.Account, "message.created", """{"text":"heard"}""");
        await stream.UntilAsync("message.created", data => data["text"]?.ToString() == "heard");

        await inbox.RemoveAsync(32);
        await host.Worker.TellAsync(inbox.Account, "message.created", """{"text":"a secret"}""");

        var end = await ofStaying.UntilAsync("message.created", data => data["text"]?.ToString() == "a secret");
        await Integrations.Testing.Eventually.BecomesAsync("the cursor has passed", _ => Task.FromResult(stream.Cursor), cursor => cursor >= end.Position, TimeSpan.FromSeconds(60));
        Assert.DoesNotContain(stream.Seen, item => item.Data.Contains("a secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_project_mirrors_is_answered_in_its_group_by_all_but_the_accounts_own_user()
    {
        var inbox = await SharedAsync(mirroring: true);
        using var member = await inbox.MemberAsync(32, "admin");
        var send = new { account_id = inbox.Account, to = new { dialog_id = inbox.Dialog }, text = "x" };

        (await member.GetAsync($"{Telegram}/messages?dialog_id={inbox.Dialog}")).Expect(200);
        Assert.False((await member.GetAsync($"{Telegram}/inboxes")).Expect(200).Body![0]!["may_send"]!.GetValue<bool>());
        (await member.PostAsync($"{Telegram}/send", send)).Expect(409, "PROJECT_MIRRORED");
        var own = (await inbox.Owner.PostAsync($"{Telegram}/send?wait=30", send)).Expect(200);
        await host.ExecuteAsync("update messages set status = 'failed' where id = $1", own.Id());
        (await member.PostAsync($"{Telegram}/messages/{own.Text("id")}/retry")).Expect(409, "PROJECT_MIRRORED");
        (await inbox.Owner.PostAsync($"{Telegram}/messages/{own.Text("id")}/retry")).Expect(202);
    }

    [Fact]
    public async Task A_dialog_is_given_to_a_member_and_all_are_told()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        await using var stream = await SseReader.OpenAsync(inbox.Owner);

        Assert.Equal(["31", "32"], (await member.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}/assignees")).Expect(200).Body!.AsArray().Select(person => person!["user_id"]!.ToString()).Order());
        Assert.Equal("32", (await PutAsync(member, inbox.Dialog, 32)).Expect(200).Text("assignee.user_id"));
        await stream.UntilAsync("dialog.updated", data => data["id"]?.ToString() == inbox.Dialog.ToString() && data["assignee_id"]?.ToString() == "32");
        foreach (var (client, show, count) in new[] { (member, "mine", 1), (inbox.Owner, "mine", 0), (member, "unassigned", 0), (member, "all", 1), (member, "waiting", 0) })
            Assert.Equal(count, (await client.GetAsync($"{Telegram}/dialogs?show={show}")).Expect(200).Body!["items"]!.AsArray().Count);
        Assert.Equal(["user_id"], (await PutAsync(member, inbox.Dialog, 4711)).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Null((await PutAsync(member, inbox.Dialog, null)).Expect(200)["assignee"]);
        // Said in so many words: an event in which it is missing does not know.
        await stream.UntilAsync("dialog.updated", data => data.AsObject().TryGetPropertyValue("assignee_id", out var nobody) && nobody is null);
        Assert.Equal(2L, await host.ScalarAsync<long>("select count(*) from integration_logs where action = 'dialog.assign' and account_id = $1", inbox.Account));
    }

    [Fact]
    public async Task Who_leaves_a_project_leaves_its_dialogs_to_others()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        using var administrator = host.User(40, "admin", inbox.Tenant);
        (await PutAsync(member, inbox.Dialog, 32)).Expect(200);

        (await administrator.DeleteAsync($"/api/v1/projects/{inbox.Project}/members/32")).Expect(204);

        Assert.Null((await inbox.Owner.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200)["assignee"]);
        (await PutAsync(inbox.Owner, inbox.Dialog, 31)).Expect(200);
        (await administrator.DeleteAsync($"/api/v1/projects/{inbox.Project}/members/31")).Expect(204);
        Assert.Equal("31", (await inbox.Owner.GetAsync($"{Telegram}/dialogs/{inbox.Dialog}")).Expect(200).Text("assignee.user_id"));
    }

    [Fact]
    public async Task Notes_are_among_colleagues_and_go_with_their_author_or_an_administrator()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        using var administrator = await inbox.MemberAsync(35, "admin");
        await using var stream = await SseReader.OpenAsync(inbox.Owner);
        var notes = $"{Telegram}/dialogs/{inbox.Dialog}/notes";

        var first = (await member.PostAsync(notes, new { text = " He calls back. " })).Expect(201);
        Assert.Equal(("He calls back.", "32"), (first.Text("text"), first.Text("author.user_id")));
        await stream.UntilAsync("note.created", data => data["id"]?.ToString() == first.Text("id"));
        var second = (await inbox.Owner.PostAsync(notes, new { text = "He did." })).Expect(201);
        var page = (await member.GetAsync($"{notes}?limit=1")).Expect(200);
        Assert.Equal(second.Text("id"), Assert.Single(page.Body!["items"]!.AsArray())!["id"]!.ToString());
        Assert.Equal(first.Text("id"), Assert.Single((await member.GetAsync($"{notes}?before={page.Text("next_before")}")).Expect(200).Body!["items"]!.AsArray())!["id"]!.ToString());
        (await member.PostAsync(notes, new { text = "  " })).Expect(400, "VALIDATION_FAILED");

        (await member.DeleteAsync($"{notes}/{second.Text("id")}")).Expect(403, "FORBIDDEN");
        (await member.DeleteAsync($"{notes}/{first.Text("id")}")).Expect(204);
        (await administrator.DeleteAsync($"{notes}/{second.Text("id")}")).Expect(204);
        await stream.UntilAsync("note.deleted", data => data["id"]?.ToString() == second.Text("id"));
        (await member.DeleteAsync($"{notes}/{first.Text("id")}")).Expect(404, "NOT_FOUND");
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from messages where dialog_id = $1", inbox.Dialog));
    }

    [Fact]
    public async Task Presence_is_told_when_it_changes_and_not_each_time_it_is_said()
    {
        var inbox = await SharedAsync();
        using var member = await inbox.MemberAsync(32);
        await using var stream = await SseReader.OpenAsync(inbox.Owner);
        Task<Answer> SayAsync(string state) => member.PostAsync($"{Telegram}/dialogs/{inbox.Dialog}/presence", new { state });

        foreach (var state in new[] { "viewing", "viewing", "typing", "typing", "typing" })
            (await SayAsync(state)).Expect(204);
        var there = Assert.Single((await inbox.Owner.GetAsync($"{Telegram}/presence")).Expect(200).Body!.AsArray())!;
        Assert.Equal((inbox.Dialog.ToString(), "32", "typing"), (there["dialog_id"]!.ToString(), there["user_id"]!.ToString(), there["state"]!.ToString()));
        (await SayAsync("left")).Expect(204);
        await stream.UntilAsync("dialog.presence", data => data["state"]?.ToString() == "left");

        Assert.Equal(["viewing", "typing", "left"], stream.Seen.Where(item => item.EventType == "dialog.presence")
            .Select(item => System.Text.Json.Nodes.JsonNode.Parse(item.Data)!["state"]!.ToString()));
        Assert.Equal("[]", (await inbox.Owner.GetAsync($"{Telegram}/presence")).Raw);
        (await SayAsync("asleep")).Expect(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Filters_are_kept_for_one_user()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(51, "viewer", tenant);
        using var other = host.User(52, "operator", tenant);

        var saved = (await client.PostAsync($"{Telegram}/dialog-filters", new { name = "Mine, waiting", show = "waiting", text = "boris" })).Expect(201);
        (await client.PostAsync($"{Telegram}/dialog-filters", new { name = "mine, WAITING" })).Expect(409, "CONFLICT");
        Assert.Equal("waiting", Assert.Single((await client.GetAsync($"{Telegram}/dialog-filters")).Expect(200).Body!.AsArray())!["show"]!.ToString());
        Assert.Equal("[]", (await other.GetAsync($"{Telegram}/dialog-filters")).Raw);
        (await other.DeleteAsync($"{Telegram}/dialog-filters/{saved.Text("id")}")).Expect(404, "NOT_FOUND");
        Assert.Equal(["name", "show"], (await client.PostAsync($"{Telegram}/dialog-filters", new { name = "", show = "those" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await client.DeleteAsync($"{Telegram}/dialog-filters/{saved.Text("id")}")).Expect(204);
        Assert.Equal("[]", (await client.GetAsync($"{Telegram}/dialog-filters")).Raw);
    }

    [Fact]
    public async Task Quick_replies_are_the_tenants_and_changed_by_their_author_or_an_administrator()
    {
        var tenant = await host.AddTenantAsync();
        const string Replies = $"{Telegram}/quick-replies";
        using var author = host.User(61, "operator", tenant);
        using var colleague = host.User(62, "operator", tenant);
        using var administrator = host.User(63, "admin", tenant);
        using var viewer = host.User(64, "viewer", tenant);
        using var foreign = host.User(61, "owner", await host.AddTenantAsync());

        var reply = (await author.PostAsync(Replies, new { shortcut = "/hello", text = "Good day, {name}!" })).Expect(201);
        Assert.Equal("hello", reply.Text("shortcut"));
        (await colleague.PostAsync(Replies, new { shortcut = "HELLO", text = "x" })).Expect(409, "CONFLICT");
        Assert.Equal(["shortcut", "text"], (await author.PostAsync(Replies, new { shortcut = "two words", text = " " })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        foreach (var (client, mayChange) in new[] { (author, true), (colleague, false), (administrator, true), (viewer, false) })
            Assert.Equal(mayChange, Assert.Single((await client.GetAsync(Replies)).Expect(200).Body!.AsArray())!["may_change"]!.GetValue<bool>());
        Assert.Equal("[]", (await foreign.GetAsync(Replies)).Raw);

        var path = $"{Replies}/{reply.Text("id")}";
        Task<Answer> ChangeAsync(TestClient client, string text) => client.SendAsync(HttpMethod.Put, path, TestClient.Json(new { shortcut = "hello", text }));
        (await ChangeAsync(colleague, "mine")).Expect(403, "FORBIDDEN");
        (await ChangeAsync(viewer, "mine")).Expect(403, "FORBIDDEN");
        (await ChangeAsync(foreign, "mine")).Expect(404, "NOT_FOUND");
        Assert.Equal("Hello, {name}!", (await ChangeAsync(administrator, "Hello, {name}!")).Expect(200).Text("text"));
        (await colleague.DeleteAsync(path)).Expect(403, "FORBIDDEN");
        (await author.DeleteAsync(path)).Expect(204);
        (await author.DeleteAsync(path)).Expect(404, "NOT_FOUND");
    }

    private static Task<Answer> PutAsync(TestClient client, Guid dialog, int? user) =>
        client.SendAsync(HttpMethod.Put, $"{Telegram}/dialogs/{dialog}/assignee", TestClient.Json(new { user_id = user }));

    /// <summary>An account of user 31 in a project of a new tenant, with one dialog in which one message was sent.</summary>
    private async Task<Shared> SharedAsync(bool mirroring = false)
    {
        var shared = await ProjectAsync(await host.AddTenantAsync(), mirroring);
        var account = (await shared.Owner.GetAsync($"{Telegram}/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(account, Interlocked.Increment(ref _lastTelegramUser));
        await host.ExecuteAsync("update telegram_accounts set project_id = $2 where id = $1", account, shared.Project);
        var sent = (await shared.Owner.PostAsync($"{Telegram}/send?wait=30", new { account_id = account, to = new { username = "boris_example" }, text = "good morning" })).Expect(200);
        return shared with { Account = account, Dialog = sent.Id("dialog_id") };
    }

    private async Task<Shared> ProjectAsync(Guid tenant, bool mirroring = false)
    {
        var project = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into projects (id, tenant_id, name, mirroring) values ($1, $2, $3, $4)", project, tenant, $"Project {project}", mirroring);
        return new Shared(host, tenant, project, host.User(31, "operator", tenant));
    }

    private sealed record Shared(ApiHost Host, Guid Tenant, Guid Project, TestClient Owner, Guid Account = default, Guid Dialog = default)
    {
        /// <summary>Somebody who was made a member.</summary>
        public async Task<TestClient> MemberAsync(int user, string role = "operator")
        {
            var client = Host.User(user, role, Tenant);
            (await client.GetAsync("/api/v1/auth/me")).Expect(200);
            await Host.ExecuteAsync("insert into project_members (tenant_id, project_id, user_id) values ($1, $2, $3)", Tenant, Project, user);
            return client;
        }

        public Task RemoveAsync(int user) => Host.ExecuteAsync("delete from project_members where project_id = $1 and user_id = $2", Project, user);
    }
}
