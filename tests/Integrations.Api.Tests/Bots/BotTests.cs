using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.Bots;

/// <summary>Bots, connected by the tokens that the sandbox's BotFather gave.</summary>
[Collection(ApiCollection.Name)]
public sealed class BotTests(ApiHost host)
{
    private const string Path = "/api/v1/telegram/bots";

    [Fact]
    public async Task A_bot_is_connected_by_its_token_alone()
    {
        var made = host.Telegram.MakeBot("Shop helper");
        var tenant = await host.AddTenantAsync();
        using var admin = host.User(1, "admin", tenant);

        var bot = (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(201);

        Assert.Equal(
            ("active", "sandbox", $"{made.Id}", made.Username, "Shop helper", "1", "0"),
            (bot.Text("status"), bot.Text("world"), bot.Text("telegram_user_id"), bot.Text("username"), bot.Text("display_name"), bot.Text("user_id"), bot.Text("messages_received")));
        Assert.Equal($"{made.Token[..4]}…{made.Token[^4..]}", bot.Text("bot_token"));
        Assert.True(bot["rights.can_join_groups"]!.GetValue<bool>());
        Assert.NotNull(bot["registered_at"]);
        Assert.Equal(bot.Raw, (await admin.GetAsync($"{Path}/{bot.Id()}")).Expect(200).Raw);
        var webhook = (await admin.GetAsync($"{Path}/{bot.Id()}/webhook")).Expect(200);
        Assert.Equal(("true", "0"), (webhook.Text("registered"), webhook.Text("pending_updates")));
        Assert.Contains("my_chat_member", webhook["allowed_updates"]!.AsArray().Select(kind => kind!.ToString()));

        // And it works: what somebody writes to it arrives.
        host.Telegram.Write(made, "good morning");
        Assert.Equal("good morning", await Eventually.BecomesAsync(
            "the message is stored", async _ => await TextOfAsync(bot.Id()), text => text.Length > 0));
    }

    [Fact]
    public async Task The_token_is_nowhere_in_the_database_in_clear_and_in_no_answer()
    {
        var made = host.Telegram.MakeBot();
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var bot = (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(201).Id();

        foreach (var path in new[] { Path, $"{Path}/{bot}", $"{Path}/{bot}/webhook", "/api/v1/audit?limit=50", "/api/v1/telegram/logs?user_id=1" })
            Assert.DoesNotContain(made.Token[^20..], (await admin.GetAsync(path)).Raw, StringComparison.Ordinal);
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            select (select count(*) from telegram_bots t where strpos(t::text, $1) > 0 or strpos(encode(t.token_sealed, 'escape'), $1) > 0)
                 + (select count(*) from audit_entries t where strpos(t::text, $1) > 0) + (select count(*) from integration_logs t where strpos(t::text, $1) > 0)
                 + (select count(*) from outbox t where strpos(t::text, $1) > 0) + (select count(*) from events t where strpos(t::text, $1) > 0)
            """,
            made.Token[^20..]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("12:with space")]
    public async Task What_has_not_the_form_of_a_token_is_an_error_of_its_field(string token)
    {
        using var admin = host.User(1, "admin");

        Assert.Equal(["bot_token"], (await admin.PostAsync(Path, new { bot_token = token })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["bot_token"], (await admin.PostAsync("/api/integrations/telegram/connect/", new { bot_token = token })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_token_that_Telegram_does_not_know_connects_nothing()
    {
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var made = host.Telegram.MakeBot();
        var newer = host.Telegram.RevokeToken(made);

        (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(400, "TG_BOT_TOKEN_INVALID");

        Assert.Equal("[]", (await admin.GetAsync(Path)).Raw);
        (await admin.PostAsync(Path, new { bot_token = newer })).Expect(201);
    }

    [Fact]
    public async Task A_bot_is_connected_once_in_the_whole_installation_and_again_once_it_was_deleted()
    {
        var made = host.Telegram.MakeBot();
        using var here = host.User(1, "admin", await host.AddTenantAsync());
        using var there = host.User(1, "admin", await host.AddTenantAsync());
        var bot = (await here.PostAsync(Path, new { bot_token = made.Token })).Expect(201).Id();

        (await here.PostAsync(Path, new { bot_token = made.Token })).Expect(409, "TG_ALREADY_CONNECTED");
        (await there.PostAsync(Path, new { bot_token = made.Token })).Expect(409, "TG_ALREADY_CONNECTED");
        Assert.Equal("[]", (await there.GetAsync(Path)).Raw);

        await host.ExecuteAsync("insert into telegram_bot_updates (bot_id, update_id, tenant_id, shard, chat_id, payload) select id, 1, tenant_id, 999999, 5, '{}' from telegram_bots where id = $1", bot);
        (await here.DeleteAsync($"{Path}/{bot}")).Expect(204);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot));
        (await here.GetAsync($"{Path}/{bot}")).Expect(404, "NOT_FOUND");
        Assert.Equal("True", (await host.ScalarAsync<bool>("select token_sealed is null and hook_secret_sealed is null from telegram_bots where id = $1", bot)).ToString());
        // Telegram takes a webhook once a second: the bot is kept in error then, and that is enough here.
        (await there.PostAsync(Path, new { bot_token = made.Token })).Expect(201);
    }

    [Fact]
    public async Task A_bot_that_could_not_be_registered_is_kept_with_the_reason_and_restarted_later()
    {
        var made = host.Telegram.MakeBot();
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var bot = (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(201).Id();

        // Telegram lets a webhook be set once a second.
        var refused = (await admin.PostAsync($"{Path}/{bot}/restart")).Expect(200);
        Assert.Equal(("error", "TG_API_429"), (refused.Text("status"), refused.Text("last_error_code")));

        var restarted = await Eventually.BecomesAsync("the bot is active again", _ => admin.PostAsync($"{Path}/{bot}/restart"), answer => answer.Text("status") == "active");
        Assert.Null(restarted["last_error_code"]);
        Assert.Null(restarted["last_error"]);
    }

    [Fact]
    public async Task A_deactivated_bot_takes_nothing_and_Telegram_keeps_what_comes_until_it_is_restarted()
    {
        var made = host.Telegram.MakeBot();
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var bot = (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(201).Id();

        Assert.Equal("inactive", (await admin.PostAsync($"{Path}/{bot}/deactivate")).Expect(200).Text("status"));
        host.Telegram.Write(made, "is anybody there");
        var webhook = (await admin.GetAsync($"{Path}/{bot}/webhook")).Expect(200);
        Assert.Equal(("false", "1"), (webhook.Text("registered"), webhook.Text("pending_updates")));

        await Eventually.BecomesAsync("the bot is active again", _ => admin.PostAsync($"{Path}/{bot}/restart"), answer => answer.Text("status") == "active");
        Assert.Equal("is anybody there", await Eventually.BecomesAsync("the message arrives after all", async _ => await TextOfAsync(bot), text => text.Length > 0));
    }

    [Fact]
    public async Task A_bot_whose_token_was_revoked_can_still_be_deleted()
    {
        var made = host.Telegram.MakeBot();
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var bot = (await admin.PostAsync(Path, new { bot_token = made.Token })).Expect(201).Id();
        host.Telegram.RevokeToken(made);

        (await admin.GetAsync($"{Path}/{bot}/webhook")).Expect(400, "TG_BOT_TOKEN_INVALID");
        (await admin.DeleteAsync($"{Path}/{bot}")).Expect(204);
    }

    [Fact]
    public async Task A_bot_is_renamed_and_moved_and_its_project_cannot_be_deleted_under_it()
    {
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var project = (await admin.PostAsync("/api/v1/projects", new { name = "Shop" })).Expect(201).Id();
        (await admin.PostAsync(Path, new { bot_token = host.Telegram.MakeBot().Token, project_id = Guid.CreateVersion7() })).Expect(404, "NOT_FOUND");
        var bot = (await admin.PostAsync(Path, new { bot_token = host.Telegram.MakeBot().Token, project_id = project, display_name = "Helper" })).Expect(201);
        Assert.Equal(("Helper", $"{project}"), (bot.Text("display_name"), bot.Text("project_id")));

        (await admin.DeleteAsync($"/api/v1/projects/{project}")).Expect(409, "PROJECT_NOT_EMPTY");
        var changed = (await admin.PatchAsync($"{Path}/{bot.Id()}", new { display_name = "", project_id = Guid.Empty })).Expect(200);
        Assert.Null(changed["display_name"]);
        Assert.Null(changed["project_id"]);
        Assert.Equal(["display_name"], (await admin.PatchAsync($"{Path}/{bot.Id()}", new { display_name = new string('x', 201) })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await admin.DeleteAsync($"/api/v1/projects/{project}")).Expect(204);
    }

    [Fact]
    public async Task Everybody_of_the_tenant_hears_of_a_bot_and_it_is_written_down_who_connected_it()
    {
        var tenant = await host.AddTenantAsync();
        using var admin = host.User(1, "admin", tenant);
        using var viewer = host.User(2, "viewer", tenant);
        (await viewer.GetAsync("/api/v1/auth/me")).Expect(200);
        await using var stream = await SseReader.OpenAsync(viewer);

        var bot = (await admin.PostAsync(Path, new { bot_token = host.Telegram.MakeBot().Token })).Expect(201).Id();
        await stream.UntilAsync("bot.updated", data => data["id"]!.ToString() == $"{bot}" && data["status"]!.ToString() == "active");
        (await admin.DeleteAsync($"{Path}/{bot}")).Expect(204);
        await stream.UntilAsync("bot.deleted", data => data["id"]!.ToString() == $"{bot}");

        (await viewer.PostAsync(Path, new { bot_token = "1:x" })).Expect(403, "FORBIDDEN");
        Assert.Equal(
            "1 pending, 1 success, 1 success",
            await host.ScalarAsync<string>(
                "select string_agg(user_id || ' ' || status, ', ' order by seq) from integration_logs where tenant_id = $1 and action in ('bot.connect', 'bot.register', 'bot.delete')", tenant));
        var told = (await admin.GetAsync("/api/v1/audit?action=ConnectBot&limit=1")).Expect(200);
        Assert.Equal("1", told.Body!["items"]![0]!["user_id"]!.ToString());
    }

    [Fact]
    public async Task The_older_contract_connects_the_same_bot()
    {
        using var admin = host.User(1, "admin", await host.AddTenantAsync());

        var connected = (await admin.PostAsync("/api/integrations/telegram/connect/", new { bot_token = host.Telegram.MakeBot().Token })).Expect(201);

        Assert.Equal(("telegram", "active", "1", "0"), (connected.Text("integration_type"), connected.Text("status"), connected.Text("user_id"), connected.Text("messages_received")));
        (await admin.GetAsync($"{Path}/{connected.Id()}")).Expect(200);
    }

    private Task<string> TextOfAsync(Guid bot) =>
        host.ScalarAsync<string>("select coalesce(max(payload -> 'message' ->> 'text') filter (where payload -> 'message' ->> 'text' <> '/start'), '') from telegram_bot_updates where bot_id = $1", bot);
}
