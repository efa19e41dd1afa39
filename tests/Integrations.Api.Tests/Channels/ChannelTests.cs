using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Channels;

/// <summary>Channels by the API: connecting through the sandbox's Bot API, who may what, and posts with their changes.</summary>
[Collection(ApiCollection.Name)]
public sealed class ChannelTests(ApiHost host)
{
    private const string Path = "/api/v1/telegram/channels";

    [Fact]
    public async Task A_bots_channel_is_connected_read_switched_named_checked_and_taken_out()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        var made = host.Telegram.MakeBot();
        var bot = (await owner.PostAsync("/api/v1/telegram/bots", new { bot_token = made.Token })).Expect(201).Id();
        Assert.Contains("invite link", (await owner.PostAsync(Path, new { bot_id = bot, target = "https://t.me/+abcdefgh" })).Expect(422, "CHANNEL_NOT_FOUND").Raw, StringComparison.Ordinal);
        host.Telegram.Promote(made, "can_delete_messages");
        Assert.Contains("post_messages", (await owner.PostAsync(Path, new { bot_id = bot, target = "@town_news" })).Expect(409, "CHANNEL_RIGHTS_MISSING").Raw, StringComparison.Ordinal);

        host.Telegram.Promote(made, "can_post_messages", "can_delete_messages");
        var connected = (await owner.PostAsync(Path, new { bot_id = bot, target = "https://t.me/town_news" })).Expect(201);
        var id = connected.Id();
        Assert.Equal(("Town news", "channel", -1_000_003_000_002, true), (connected.Text("title"), connected.Text("type"), connected["channel_id"]!.GetValue<long>(), connected["can_post"]!.GetValue<bool>()));
        Assert.Equal((true, false, true), (connected["rights"]!["post_messages"]!.GetValue<bool>(), connected["rights"]!["edit_messages"]!.GetValue<bool>(), connected["rights"]!["delete_messages"]!.GetValue<bool>()));
        (await owner.PostAsync(Path, new { bot_id = bot, target = "-1000003000002" })).Expect(409, "CHANNEL_CONNECTED");
        Assert.Single((await owner.GetAsync(Path)).Expect(200).Body!.AsArray());

        Assert.Equal("News", (await owner.PatchAsync($"{Path}/{id}", new { is_active = false, settings = new { label = "News" } })).Expect(200)["settings"]!["label"]!.ToString());
        (await owner.PostAsync("/api/v1/telegram/send", new { channel_id = id, text = "Too late" })).Expect(409, "CHANNEL_NOT_ACTIVE");
        (await owner.PatchAsync($"{Path}/{id}", new { is_active = true })).Expect(200);
        (await owner.PostAsync($"{Path}/{id}/check")).Expect(200);
        (await owner.DeleteAsync($"{Path}/{id}")).Expect(204);
        (await owner.GetAsync($"{Path}/{id}")).Expect(404, "NOT_FOUND");
        Assert.Empty((await owner.GetAsync(Path)).Expect(200).Body!.AsArray());
    }

    [Fact]
    public async Task Administrators_connect_operators_post_and_viewers_read()
    {
        var (tenant, id, _) = await ArrangeAsync();
        using var operators = host.User(2, "operator", tenant);
        using var viewer = host.User(3, "viewer", tenant);
        using var foreign = host.User(1, "owner", await host.AddTenantAsync());

        (await operators.PostAsync(Path, new { bot_id = id, target = "@town_news" })).Expect(403, "FORBIDDEN");
        (await operators.PatchAsync($"{Path}/{id}", new { is_active = false })).Expect(403, "FORBIDDEN");
        var post = (await operators.PostAsync("/api/v1/telegram/send", new { channel_id = id, text = "A post" })).Expect(202).Id();
        (await viewer.PostAsync("/api/v1/telegram/send", new { channel_id = id, text = "A post" })).Expect(403, "FORBIDDEN");
        Assert.Equal("A post", (await viewer.GetAsync($"{Path}/{id}/posts")).Expect(200).Body!["items"]![0]!["message"]!["text"]!.ToString());

        foreach (var address in new[] { $"{Path}/{id}", $"{Path}/{id}/posts", $"/api/v1/telegram/messages/{post}/changes" })
            (await foreign.GetAsync(address)).Expect(404, "NOT_FOUND");
        (await foreign.PostAsync("/api/v1/telegram/send", new { channel_id = id, text = "x" })).Expect(404, "NOT_FOUND");
        (await foreign.PostAsync($"{Path}/{id}/check")).Expect(404, "NOT_FOUND");
        (await foreign.DeleteAsync($"{Path}/{id}")).Expect(404, "NOT_FOUND");
        (await foreign.DeleteAsync($"/api/v1/telegram/messages/{post}")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_post_is_scheduled_changed_before_it_leaves_and_taken_back()
    {
        var (tenant, id, _) = await ArrangeAsync();
        using var user = host.User(2, "operator", tenant);
        var at = TimeProvider.System.GetUtcNow().AddHours(3);
        const string Send = "/api/v1/telegram/send";

        Assert.Equal(["send_at"], (await user.PostAsync(Send, new { channel_id = id, text = "x", send_at = "tomorrow" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["send_at"], (await user.PostAsync(Send, new { channel_id = id, text = "x", send_at = "2026-12-24T18:00:00" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["send_at"], (await user.PostAsync(Send, new { channel_id = id, text = "x", send_at = at.AddDays(366).ToString("O") })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["to"], (await user.PostAsync(Send, new { channel_id = id, to = new { username = "boris_example" }, text = "x" })).Expect(400, "VALIDATION_FAILED").ErrorFields);

        var accepted = (await user.PostAsync(Send, new { channel_id = id, text = "Later", send_at = at.ToString("O") })).Expect(202);
        Assert.Equal("scheduled", accepted.Text("status"));
        var post = accepted.Id();
        var edited = (await user.PostAsync($"/api/v1/telegram/messages/{post}/edit", new { text = "Later, corrected" })).Expect(202);
        Assert.Equal(("edit", "done"), (edited.Text("kind"), edited.Text("state")));
        var seen = (await user.GetAsync($"/api/v1/telegram/messages/{post}")).Expect(200);
        Assert.Equal(("scheduled", "Later, corrected"), (seen.Text("status"), seen.Text("text")));
        Assert.Equal(at, DateTimeOffset.Parse(seen.Text("scheduled_for")!, System.Globalization.CultureInfo.InvariantCulture), TimeSpan.FromMilliseconds(1));

        (await user.DeleteAsync($"/api/v1/telegram/messages/{post}")).Expect(202);
        var gone = (await user.GetAsync($"/api/v1/telegram/messages/{post}")).Expect(200);
        Assert.Equal(("failed", "MESSAGE_CANCELLED"), (gone.Text("status"), gone.Text("error_code")));
        (await user.DeleteAsync($"/api/v1/telegram/messages/{post}")).Expect(409, "MESSAGE_CANCELLED");
        Assert.Equal(["delete", "edit"], (await user.GetAsync($"/api/v1/telegram/messages/{post}/changes")).Expect(200).Body!.AsArray().Select(change => change!["kind"]!.ToString()));
        Assert.Equal(0L, await host.ScalarAsync<long>("select accepted - delivered - failed - in_flight from doors.message_balance() where tenant_id = $1", tenant));
    }

    [Fact]
    public async Task A_change_of_a_delivered_message_waits_for_the_worker_and_says_who_asked()
    {
        var (tenant, id, bot) = await ArrangeAsync();
        using var user = host.User(2, "operator", tenant);
        var post = (await user.PostAsync("/api/v1/telegram/send", new { channel_id = id, text = "A post" })).Expect(202).Id();
        await host.ExecuteAsync("update messages set status = 'delivered', telegram_message_id = 7 where id = $1", post);

        var pinned = (await user.PostAsync($"/api/v1/telegram/messages/{post}/pin")).Expect(202);

        Assert.Equal(("pin", "pending", 2), (pinned.Text("kind"), pinned.Text("state"), pinned["user_id"]!.GetValue<int>()));
        Assert.Equal("pin", (await user.GetAsync($"{Path}/{id}/posts")).Expect(200).Body!["items"]![0]!["change"]!["kind"]!.ToString());
        await host.ExecuteAsync("update messages set status = 'failed' where id = $1", post);
        (await user.PostAsync($"/api/v1/telegram/messages/{post}/unpin")).Expect(409, "MESSAGE_NOT_CHANGEABLE");
        await host.ExecuteAsync("update messages set status = 'delivered' where id = $1", post);
        await host.ExecuteAsync("update integrations set status = 'error' where id = $1", bot);
        (await user.PostAsync($"/api/v1/telegram/messages/{post}/unpin")).Expect(409, "BOT_NOT_ACTIVE");
    }

    /// <summary>A connected channel of a bot whose project has the users 2 and 3, and of which no update is heard.</summary>
    private async Task<(Guid Tenant, Guid Channel, Guid Bot)> ArrangeAsync()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        using (var operators = host.User(2, "operator", tenant))
            (await operators.GetAsync("/api/v1/auth/me")).Expect(200);
        using (var viewer = host.User(3, "viewer", tenant))
            (await viewer.GetAsync("/api/v1/auth/me")).Expect(200);
        var project = (await owner.PostAsync("/api/v1/projects", new { name = "Shop" })).Expect(201).Id();
        await host.ExecuteAsync("insert into project_members (tenant_id, project_id, user_id) values ($1, $2, 2), ($1, $2, 3)", tenant, project);
        var (bot, channel) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await host.ExecuteAsync(
            """
            with integration as (insert into integrations (id, tenant_id, user_id, project_id, integration_type, status) values ($1, $2, 1, $3, 'telegram_bot', 'active'))
               , bot as (insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, token_fingerprint, hook_id, hook_secret_hash)
                         values ($1, $2, 0, 'telegram', $5, sha256($1::text::bytea), $1::text, sha256($1::text::bytea)))
            insert into telegram_channels (id, tenant_id, user_id, bot_id, channel_id, title, type, can_post, rights)
            values ($4, $2, 1, $1, -1000000000077, 'News', 'channel', true, '{"status": "administrator", "post": true, "edit": false, "delete": false, "pin": false, "invite": false, "manage_topics": false}')
            """,
            bot, tenant, project, channel, Random.Shared.NextInt64(1, long.MaxValue));
        return (tenant, channel, bot);
    }
}
