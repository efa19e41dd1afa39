extern alias sandbox;
using Integrations.Api.Tests.Host;
using sandbox::Integrations.Sandbox.Telegram.World;

namespace Integrations.Api.Tests.WorkingGroups;

/// <summary>From a project without anything to one that mirrors into the sandbox's town square, which is boris's.</summary>
[Collection(ApiCollection.Name)]
public sealed class WorkingGroupTests(ApiHost host)
{
    private const long Town = 3_000_001;
    private const long Chat = -1_000_000_000_000 - Town;

    private static readonly PeerRef Square = PeerRef.Channel(Town);

    [Fact]
    public async Task Mirroring_is_switched_on_step_by_step_and_only_when_nothing_is_missing()
    {
        var tenant = await host.AddTenantAsync();
        using var admin = host.User(1, "admin", tenant);
        var project = (await admin.PostAsync("/api/v1/projects", new { name = "Shop" })).Expect(201).Id();
        var path = $"/api/v1/projects/{project}/working-group";
        var made = host.Telegram.MakeBot();
        var bot = (await admin.PostAsync("/api/v1/telegram/bots", new { bot_token = made.Token })).Expect(201).Id();
        Assert.Equal("""["managing_bot","working_group"]""", (await admin.GetAsync(path)).Expect(200)["missing"]!.ToJsonString());

        // The bot alone, then a group that it is not in.
        Assert.Equal("""["working_group"]""", (await admin.PutAsync(path, new { bots = new[] { bot } })).Expect(200)["missing"]!.ToJsonString());
        (await admin.PatchAsync($"/api/v1/projects/{project}", new { mirroring = true })).Expect(409, "PROJECT_NOT_READY");
        (await admin.PutAsync(path, new { bots = new[] { bot }, chat = "-1003000009999" })).Expect(422, "WORKING_GROUP_NOT_FOUND");

        var boris = host.Telegram.PhoneOf("boris");
        boris.Invite(Square, made.Id);
        var set = (await admin.PutAsync(path, new { bots = new[] { bot }, chat = "https://t.me/town_square", language = "ru" })).Expect(200);
        Assert.Equal(("""["topics_off","right:can_manage_topics"]""", $"{Chat}", "Town square", "ru"), (set["missing"]!.ToJsonString(), set.Text("chat_id"), set.Text("title"), set.Text("language")));
        (await admin.PatchAsync($"/api/v1/projects/{project}", new { mirroring = true })).Expect(409, "PROJECT_NOT_READY");

        boris.ToggleForum(Square, true);
        boris.Promote(Square, made.Id, "can_manage_topics");
        Assert.Equal("[]", (await admin.PostAsync($"{path}/check")).Expect(200)["missing"]!.ToJsonString());
        (await admin.PatchAsync($"/api/v1/projects/{project}", new { mirroring = true })).Expect(200);
        Assert.Equal(("true", "0", "0"), await QueueAsync(admin, path));
        Assert.Equal($"{Chat}", (await admin.GetAsync(path)).Expect(200)["found"]![0]!["chat_id"]!.ToString());

        // What the group's members read there is no dialog with anybody.
        await host.ExecuteAsync(
            $"""
             insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id, title)
             select gen_random_uuid(), id, 'telegram_bot', $1, o.kind, o.peer, o.title from tenants, (values ('channel', {Town}, 'Town square'), ('user', 77, 'Gleb')) o (kind, peer, title)
              where id = (select tenant_id from telegram_bots where id = $1)
             """,
            bot);
        Assert.Equal(["Gleb"], await TitlesAsync(admin));

        // While it mirrors, nothing of it can be taken away; and what is taken away in Telegram shows, and holds logins back.
        (await admin.DeleteAsync(path)).Expect(409, "CONFLICT");
        (await admin.PutAsync(path, new { bots = Array.Empty<Guid>() })).Expect(409, "CONFLICT");
        boris.Promote(Square, made.Id);
        (await admin.PostAsync($"{path}/check")).Expect(200);
        Assert.Equal("""["right:can_manage_topics"]""", (await admin.GetAsync($"/api/v1/projects/{project}")).Expect(200)["missing"]!.ToJsonString());
        (await admin.PostAsync("/api/personal-telegram-accounts/login", new { project_id = project })).Expect(409, "PROJECT_NOT_READY");

        // Another tenant finds nothing of it, and a bot works for one project.
        using var foreign = host.User(1, "owner", await host.AddTenantAsync());
        (await foreign.GetAsync(path)).Expect(404, "NOT_FOUND");
        (await foreign.PutAsync(path, new { bots = Array.Empty<Guid>() })).Expect(404, "NOT_FOUND");
        (await foreign.PostAsync($"{path}/check")).Expect(404, "NOT_FOUND");
        (await foreign.DeleteAsync(path)).Expect(404, "NOT_FOUND");
        var other = (await admin.PostAsync("/api/v1/projects", new { name = "Other" })).Expect(201).Id();
        (await admin.PutAsync($"/api/v1/projects/{other}/working-group", new { bots = new[] { bot } })).Expect(409, "BOT_TAKEN");

        (await admin.PatchAsync($"/api/v1/projects/{project}", new { mirroring = false })).Expect(200);
        Assert.Equal(2, (await TitlesAsync(admin)).Length);
        (await admin.DeleteAsync(path)).Expect(204);
        (await admin.DeleteAsync(path)).Expect(204);
        Assert.Equal("""["managing_bot","working_group"]""", (await admin.GetAsync(path)).Expect(200)["missing"]!.ToJsonString());
        boris.ToggleForum(Square, false);
    }

    [Theory]
    [InlineData("""{"chat":"-100123"}""", "bots")]
    [InlineData("""{"bots":[],"chat":"-100123"}""", "chat")]
    [InlineData("""{"bots":["0198c3a2-7d10-7c3e-9a51-2f6d1c0b8e44"],"chat":"no group at all"}""", "chat")]
    [InlineData("""{"bots":[],"language":"de"}""", "language")]
    public async Task What_cannot_be_a_working_group_is_refused_with_the_field(string body, string field)
    {
        using var admin = host.User(1, "admin", await host.AddTenantAsync());
        var project = (await admin.PostAsync("/api/v1/projects", new { name = "Shop" })).Expect(201).Id();

        var refused = (await admin.PutAsync($"/api/v1/projects/{project}/working-group", System.Text.Json.JsonDocument.Parse(body).RootElement)).Expect(400, "VALIDATION_FAILED");

        Assert.NotNull(refused[$"errors.{field}"]);
    }

    private static async Task<string[]> TitlesAsync(TestClient client) =>
        [.. (await client.GetAsync("/api/v1/telegram/dialogs")).Expect(200)["items"]!.AsArray().Select(dialog => dialog!["title"]!.ToString())];

    private static async Task<(string, string, string)> QueueAsync(TestClient client, string path)
    {
        var group = (await client.GetAsync(path)).Expect(200);
        return (group.Text("mirroring"), group["queue"]!["waiting"]!.ToString(), group["queue"]!["failed"]!.ToString());
    }
}
