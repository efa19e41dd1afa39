using System.Text.Json.Nodes;
using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

/// <summary>Filtering, closing, exporting and deleting dialogs.</summary>
[Collection(ApiCollection.Name)]
public sealed class DialogWorkTests(ApiHost host)
{
    private const string Dialogs = "/api/v1/telegram/dialogs";

    [Fact]
    public async Task A_dialog_is_closed_and_opened_again_and_by_what_the_other_side_says()
    {
        var scene = await DialogScene.BeginAsync(host);
        await using var stream = await SseReader.OpenAsync(scene.Client);

        Assert.NotNull((await scene.Client.PostAsync($"{Dialogs}/{scene.Dialog}/close")).Expect(200)["closed_at"]);
        await stream.UntilAsync("dialog.updated", data => data["id"]?.ToString() == scene.Dialog.ToString() && data["closed_at"] is not null);
        (await scene.Client.PostAsync($"{Dialogs}/{scene.Dialog}/close")).Expect(200);
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from integration_logs where tenant_id = $1 and action = 'dialog.close'", scene.Tenant));
        // What we say does not open it.
        await host.ExecuteAsync("update dialogs set last_message_at = now(), unread_count = unread_count where id = $1", scene.Dialog);
        Assert.NotNull((await scene.Client.GetAsync($"{Dialogs}/{scene.Dialog}")).Expect(200)["closed_at"]);
        Assert.Null((await scene.Client.PostAsync($"{Dialogs}/{scene.Dialog}/reopen")).Expect(200)["closed_at"]);
        (await scene.Client.PostAsync($"{Dialogs}/{scene.Dialog}/close")).Expect(200);
        await host.ExecuteAsync("update dialogs set unread_count = unread_count + 1 where id = $1", scene.Dialog);
        Assert.Null((await scene.Client.GetAsync($"{Dialogs}/{scene.Dialog}")).Expect(200)["closed_at"]);
        using var viewer = host.User(2, "viewer", scene.Tenant);
        (await viewer.PostAsync($"{Dialogs}/{scene.Dialog}/close")).Expect(403, "FORBIDDEN");
    }

    [Theory]
    [InlineData("source=personal_telegram", "Boris,Closed,Mine,Waiting")]
    [InlineData("source=telegram_bot", "Bot")]
    [InlineData("state=closed", "Closed")]
    [InlineData("state=open", "Boris,Bot,Mine,Waiting")]
    [InlineData("assignee=me", "Mine")]
    [InlineData("assignee=1", "Mine")]
    [InlineData("assignee=2", "")]
    [InlineData("assignee=nobody&state=open&source=personal_telegram", "Boris,Waiting")]
    [InlineData("waiting_minutes=60", "Waiting")]
    [InlineData("waiting_minutes=600", "")]
    [InlineData("blocked=true", "Bot")]
    [InlineData("project_id=$P", "Bot")]
    public async Task Dialogs_are_filtered(string query, string titles)
    {
        var scene = await DialogScene.BeginAsync(host, "admin");
        var project = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into projects (id, tenant_id, name) values ($1, $2, 'P')", project, scene.Tenant);
        var (bot, ofBot) = await scene.OpenBotAsync("Bot");
        await host.ExecuteAsync("update integrations set project_id = $2 where id = $1", bot, project);
        await host.ExecuteAsync("update dialogs set blocked_at = now() where id = $1", ofBot);
        await host.ExecuteAsync("update dialogs set closed_at = now() where id = $1", await scene.OpenAsync("Closed"));
        await host.ExecuteAsync("update dialogs set assignee_id = 1 where id = $1", await scene.OpenAsync("Mine"));
        await scene.SayAsync("Hello?", await scene.OpenAsync("Waiting"), ago: "2 hours");
        await scene.SayAsync("Just now");

        var found = (await scene.Client.GetAsync($"{Dialogs}?{query.Replace("$P", project.ToString(), StringComparison.Ordinal)}")).Expect(200);

        Assert.Equal(titles, string.Join(',', found.Body!["items"]!.AsArray().Select(item => item!["title"]!.ToString()).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_filter_is_saved_with_all_of_it_and_a_wrong_one_is_refused()
    {
        var scene = await DialogScene.BeginAsync(host);
        var project = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into projects (id, tenant_id, name) values ($1, $2, 'P')", project, scene.Tenant);

        (await scene.Client.PostAsync(
            "/api/v1/telegram/dialog-filters",
            new { name = "Mine", source = "telegram_bot", project_id = project, state = "open", assignee = "me", waiting_minutes = 30, blocked = true })).Expect(201);
        var saved = Assert.Single((await scene.Client.GetAsync("/api/v1/telegram/dialog-filters")).Expect(200).Body!.AsArray())!;

        Assert.Equal(
            ("telegram_bot", project.ToString(), "open", "me", "30", "true"),
            (saved["source"]!.ToString(), saved["project_id"]!.ToString(), saved["state"]!.ToString(), saved["assignee"]!.ToString(), saved["waiting_minutes"]!.ToString(), saved["blocked"]!.ToString()));
        Assert.Equal(
            ["assignee", "source", "state", "waiting_minutes"],
            (await scene.Client.PostAsync("/api/v1/telegram/dialog-filters", new { name = "X", source = "x", state = "x", assignee = "0", waiting_minutes = 0 })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await scene.Client.PostAsync("/api/v1/telegram/dialog-filters", new { name = "X", project_id = Guid.CreateVersion7() })).Expect(404, "NOT_FOUND");
        (await scene.Client.GetAsync($"{Dialogs}?project_id={Guid.CreateVersion7()}")).Expect(404, "NOT_FOUND");
        Assert.Equal(["assignee"], (await scene.Client.GetAsync($"{Dialogs}?assignee=-1")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_whole_dialog_is_exported_with_its_notes_and_it_is_told()
    {
        var scene = await DialogScene.BeginAsync(host);
        for (var i = 0; i < 1203; i++)
            await scene.SayAsync($"line {i}", direction: i % 2 == 0 ? "in" : "out", status: i % 2 == 0 ? "received" : "delivered");
        (await scene.Client.PostAsync($"{Dialogs}/{scene.Dialog}/notes", new { text = "He calls\nback." })).Expect(201);

        var lines = await scene.Client.GetAsync($"{Dialogs}/{scene.Dialog}/export?notes=true");
        var text = await scene.Client.GetAsync($"{Dialogs}/{scene.Dialog}/export?format=text");

        Assert.Equal("application/x-ndjson", lines.ContentHeaders.ContentType!.MediaType);
        Assert.Equal($"attachment; filename=\"dialog-{scene.Dialog}.jsonl\"", lines.ContentHeaders.ContentDisposition!.ToString());
        var read = lines.Raw.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(("dialog", "Boris"), (read[0]["kind"]!.ToString(), read[0]["dialog"]!["title"]!.ToString()));
        Assert.Equal(Enumerable.Range(0, 1203).Select(i => $"line {i}"), read.Where(line => line["kind"]!.ToString() == "message").Select(line => line["message"]!["text"]!.ToString()));
        Assert.Equal("He calls\nback.", Assert.Single(read, line => line["kind"]!.ToString() == "note")["note"]!["text"]!.ToString());
        Assert.Equal(("end", "1203", "1"), (read[^1]["kind"]!.ToString(), read[^1]["messages"]!.ToString(), read[^1]["notes"]!.ToString()));
        Assert.Equal("text/plain", text.ContentHeaders.ContentType!.MediaType);
        Assert.Contains(" < Boris: line 0\n", text.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain("He calls", text.Raw, StringComparison.Ordinal);
        Assert.EndsWith("-- 1203 + 0 --\n", text.Raw, StringComparison.Ordinal);
        Assert.Equal(2L, await host.ScalarAsync<long>("select count(*) from audit_entries where tenant_id = $1 and action = 'ExportDialog'", scene.Tenant));
    }

    [Fact]
    public async Task A_dialog_is_deleted_with_all_that_was_said_and_the_law_of_sending_holds()
    {
        var scene = await DialogScene.BeginAsync(host);
        await scene.SayAsync("Уникальнейшее слово");
        await scene.SayAsync("answer", direction: "out", status: "delivered");
        await host.ExecuteAsync("insert into message_counters (tenant_id, channel, stripe, accepted) values ($1, 'personal_telegram', 0, 1)", scene.Tenant);
        var waiting = await scene.SayAsync("waits", direction: "out", status: "sending");
        await using var stream = await SseReader.OpenAsync(scene.Client);

        (await scene.Client.DeleteAsync($"{Dialogs}/{scene.Dialog}")).Expect(409, "CONFLICT");
        await host.ExecuteAsync("delete from messages where id = $1", waiting);
        (await scene.Client.DeleteAsync($"{Dialogs}/{scene.Dialog}")).Expect(204);

        await stream.UntilAsync("dialog.deleted", data => data["dialog_id"]?.ToString() == scene.Dialog.ToString());
        (await scene.Client.GetAsync($"{Dialogs}/{scene.Dialog}")).Expect(404, "NOT_FOUND");
        Assert.Empty((await scene.Client.GetAsync("/api/v1/telegram/messages?q=уникальнейшее")).Expect(200).Body!["items"]!.AsArray());
        Assert.Equal(0L, await host.ScalarAsync<long>("select (select count(*) from messages where tenant_id = $1) + (select count(*) from message_words where tenant_id = $1)", scene.Tenant));
        Assert.Equal(1L, await host.ScalarAsync<long>("select erased from message_counters where tenant_id = $1", scene.Tenant));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from audit_entries where tenant_id = $1 and action = 'DeleteDialog'", scene.Tenant));
    }

    [Fact]
    public async Task A_colleague_deletes_dialogs_only_once_their_account_is_gone()
    {
        var scene = await DialogScene.BeginAsync(host);
        var project = Guid.CreateVersion7();
        using var colleague = host.User(2, "operator", scene.Tenant);
        (await colleague.GetAsync("/api/v1/auth/me")).Expect(200);
        await host.ExecuteAsync("insert into projects (id, tenant_id, name) values ($1, $2, 'P')", project, scene.Tenant);
        await host.ExecuteAsync("insert into project_members (tenant_id, project_id, user_id) values ($1, $2, 2)", scene.Tenant, project);
        await host.ExecuteAsync("update telegram_accounts set project_id = $2 where id = $1", scene.Account, project);

        (await colleague.DeleteAsync($"{Dialogs}/{scene.Dialog}")).Expect(403, "FORBIDDEN");
        await host.ExecuteAsync("update telegram_accounts set deleted_at = now(), status = 'disconnected', session_payload = null where id = $1", scene.Account);
        (await colleague.DeleteAsync($"{Dialogs}/{scene.Dialog}")).Expect(204);
    }
}
