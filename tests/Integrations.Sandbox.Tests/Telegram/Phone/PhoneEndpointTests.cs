using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

public sealed class PhoneEndpointTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private TelegramWorld World => host.Telegram.World;

    [Fact]
    public async Task The_card_tells_who_lives_here_and_how_to_join()
    {
        var card = await host.GetAsync("/sandbox/telegram");

        Assert.Equal(2, card.GetProperty("dc_id").GetInt32());
        var anna = card.GetProperty("people")[0];
        Assert.Equal(Seed.Anna, anna.GetProperty("id").GetInt64());
        Assert.Equal("9996620001", anna.GetProperty("phone").GetString());
        Assert.Equal("22222", anna.GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, anna.GetProperty("password").ValueKind);
        Assert.Contains(card.GetProperty("people").EnumerateArray(), person => person.GetProperty("password").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task A_scan_answers_ok_then_already_used_and_a_stray_link_is_refused()
    {
        World.AddKey(901, new byte[256], 2, 1);
        var token = World.ExportQrToken(901, 2, 1, [], new DeviceInfo()).Token!.Token;
        var url = "tg://login?token=" + Base64Url.EncodeToString(token);

        using var first = await host.PostAsync("/sandbox/people/1000001/scan", new { url });
        using var second = await host.PostAsync("/sandbox/people/1000001/scan", new { url });
        using var stray = await host.PostAsync("/sandbox/people/1000001/scan", new { url = "tg://login?token=AAAA" });
        using var nobody = await host.PostAsync("/sandbox/people/5/scan", new { url });

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await AssertProblemAsync(second, HttpStatusCode.Conflict, "AUTH_TOKEN_ALREADY_ACCEPTED");
        await AssertProblemAsync(stray, HttpStatusCode.BadRequest, "AUTH_TOKEN_INVALID");
        await AssertProblemAsync(nobody, HttpStatusCode.NotFound, "USER_ID_INVALID");
    }

    [Fact]
    public async Task Devices_are_listed_and_ended()
    {
        World.AddKey(902, new byte[256], 2, 1);
        var code = World.SendCode("9996620006", 1, 2);
        World.SignIn(902, 2, "9996620006", code.Hash, code.Code, new DeviceInfo { DeviceModel = "Laptop", ApiId = 7, AppVersion = "1.0" });

        var codes = await host.GetAsync("/sandbox/people/1000006/codes");
        var device = Assert.Single((await host.GetAsync("/sandbox/people/1000006/devices")).EnumerateArray());
        var hash = device.GetProperty("hash").GetString();
        using var ended = await host.Http.DeleteAsync(
            APhoneHost.Path($"/sandbox/people/1000006/devices/{hash}"), TestContext.Current.CancellationToken);
        using var again = await host.Http.DeleteAsync(
            APhoneHost.Path($"/sandbox/people/1000006/devices/{hash}"), TestContext.Current.CancellationToken);

        Assert.Equal(code.Code, codes[0].GetProperty("code").GetString());
        Assert.Equal("Laptop", device.GetProperty("device_model").GetString());
        Assert.Equal(2, device.GetProperty("dc_id").GetInt32());
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await AssertProblemAsync(again, HttpStatusCode.NotFound, "HASH_INVALID");
        Assert.Empty((await host.GetAsync("/sandbox/people/1000006/devices")).EnumerateArray());
    }

    [Fact]
    public async Task A_message_typed_here_reaches_the_other_phone_with_its_reply()
    {
        using var sent = await host.PostAsync("/sandbox/people/1000007/chats/1000002/messages", new { text = "Hello Boris" });
        var sentId = (await APhoneHost.ReadAsync(sent)).GetProperty("id").GetInt32();
        var seen = (await host.GetAsync("/sandbox/people/1000002/chats/1000007/messages?after=0"))[0];
        using var answer = await host.PostAsync(
            "/sandbox/people/1000002/chats/1000007/messages", new { text = "Hello Zoya", reply_to = seen.GetProperty("id").GetInt32() });
        var got = await host.GetAsync($"/sandbox/people/1000007/chats/1000002/messages?after={sentId}");

        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        Assert.Equal((1000007, false, "Hello Boris"), (seen.GetProperty("from_id").GetInt64(), seen.GetProperty("out").GetBoolean(), seen.GetProperty("text").GetString()));
        var reply = Assert.Single(got.EnumerateArray());
        Assert.Equal("Hello Zoya", reply.GetProperty("text").GetString());
        Assert.Equal(sentId, reply.GetProperty("reply_to").GetInt32());
    }

    [Fact]
    public async Task Groups_and_channels_are_written_to_by_letter_and_number()
    {
        using var group = await host.PostAsync($"/sandbox/people/1000001/chats/g{Seed.Office}/messages", new { text = "To the group" });
        using var town = await host.PostAsync($"/sandbox/people/1000001/chats/c{Seed.Town}/messages", new { text = "To the town" });
        using var news = await host.PostAsync($"/sandbox/people/1000002/chats/c{Seed.News}/messages", new { text = "Not mine" });
        using var nowhere = await host.PostAsync("/sandbox/people/1000001/chats/x1/messages", new { text = "?" });
        var kinds = (await host.GetAsync("/sandbox/people/1000001/chats")).EnumerateArray().Select(chat => chat.GetProperty("kind").GetString());

        Assert.Equal(HttpStatusCode.Created, group.StatusCode);
        Assert.Equal(HttpStatusCode.Created, town.StatusCode);
        await AssertProblemAsync(news, HttpStatusCode.Forbidden, "CHAT_WRITE_FORBIDDEN");
        await AssertProblemAsync(nowhere, HttpStatusCode.NotFound, "PEER_ID_INVALID");
        Assert.Superset(new HashSet<string?> { "group", "supergroup", "channel" }, kinds.ToHashSet());
    }

    [Fact]
    public async Task A_change_ends_the_wait_for_it()
    {
        var version = (await host.GetAsync("/sandbox/changes")).GetProperty("version").GetInt64();
        var next = host.GetAsync($"/sandbox/changes?after={version}");
        using var sent = await host.PostAsync("/sandbox/people/1000006/chats/1000007/messages", new { text = "News" });
        var changes = await next;

        Assert.True(changes.GetProperty("version").GetInt64() > version);
        Assert.True(changes.GetProperty("unread").GetProperty("1000007").GetInt32() > 0);
    }

    [Fact]
    public async Task A_chat_tells_what_was_read_who_is_in_it_and_whether_one_may_write()
    {
        using var sent = await host.PostAsync("/sandbox/people/1000004/chats/1000006/messages", new { text = "Read this" });
        var id = (await APhoneHost.ReadAsync(sent)).GetProperty("id").GetInt32();
        var before = await ChatAsync(1000004, "1000006");
        using var read = await host.PostAsync("/sandbox/people/1000006/chats/1000004/read", new { });
        var after = await ChatAsync(1000004, "1000006");
        var office = await ChatAsync(1000005, $"g{Seed.Office}");
        var news = await ChatAsync(1000004, $"c{Seed.News}");

        Assert.True(before.GetProperty("read_up_to").GetInt32() < id);
        Assert.Equal(id, after.GetProperty("read_up_to").GetInt32());
        Assert.Equal(4, office.GetProperty("members").GetInt32());
        Assert.False(news.GetProperty("may_write").GetBoolean());
        Assert.True(after.GetProperty("may_write").GetBoolean());
    }

    [Fact]
    public async Task An_empty_message_and_an_unknown_field_are_refused()
    {
        using var empty = await host.PostAsync("/sandbox/people/1000001/chats/1000002/messages", new { text = " " });
        using var unknown = await host.PostAsync("/sandbox/people/1000001/chats/1000002/messages", new { text = "x", colour = "red" });

        await AssertProblemAsync(empty, HttpStatusCode.BadRequest, "MESSAGE_EMPTY");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [Fact]
    public async Task Faults_are_added_listed_and_cleared()
    {
        using var added = await host.PostAsync("/sandbox/faults", new { kind = "flood_wait", seconds = 30, method = "messages.sendMessage", person = 1000001 });
        var listed = await host.GetAsync("/sandbox/faults");
        using var broken = await host.PostAsync("/sandbox/faults", new { kind = "flood_wait" });
        using var unknown = await host.PostAsync("/sandbox/faults", new { kind = "earthquake" });
        using var cleared = await host.Http.DeleteAsync(APhoneHost.Path("/sandbox/faults"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        Assert.Equal("flood_wait", Assert.Single(listed.EnumerateArray()).GetProperty("fault").GetProperty("kind").GetString());
        await AssertProblemAsync(broken, HttpStatusCode.BadRequest, "VALIDATION");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Empty((await host.GetAsync("/sandbox/faults")).EnumerateArray());
        Assert.Equal(JsonValueKind.Array, (await host.GetAsync("/sandbox/violations")).ValueKind);
    }

    [Fact]
    public async Task The_description_names_every_endpoint()
    {
        var paths = (await host.GetAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(path => path.Name).ToHashSet();

        Assert.Superset(
            new HashSet<string>
            {
                "/sandbox/telegram", "/sandbox/people", "/sandbox/people/{id}", "/sandbox/people/{id}/scan", "/sandbox/people/{id}/devices",
                "/sandbox/people/{id}/devices/{hash}", "/sandbox/people/{id}/codes", "/sandbox/people/{id}/emails",
                "/sandbox/people/{id}/chats", "/sandbox/people/{id}/chats/{peer}/messages", "/sandbox/faults", "/sandbox/violations",
            },
            paths);
    }

    private async Task<JsonElement> ChatAsync(long person, string peer) =>
        (await host.GetAsync($"/sandbox/people/{person}/chats")).EnumerateArray().Single(chat => chat.GetProperty("peer").GetString() == peer);

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await APhoneHost.ReadAsync(response);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
    }
}
