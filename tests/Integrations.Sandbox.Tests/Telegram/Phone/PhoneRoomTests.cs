using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>Groups, channels, topics and rights over HTTP.</summary>
public sealed class PhoneRoomTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_with_topics_is_made_and_a_bot_that_is_promoted_makes_topics_in_it()
    {
        var bot = host.Telegram.PhoneOf("anna").MakeBot("Clerk", "room_clerk_bot");
        var room = await MadeAsync(Seed.Anna, new { kind = "supergroup", title = "Orders", about = "What is ordered", topics = true });
        var peer = room.GetProperty("peer").GetString();
        var path = $"/sandbox/people/{Seed.Anna}/chats/{peer}";
        Assert.Equal(("supergroup", true, "creator"), (Text(room, "kind"), room.GetProperty("has_topics").GetBoolean(), Text(room, "rank")));

        using var invited = await host.PostAsync(path + "/members", new { username = "@room_clerk_bot" });
        Assert.Equal(HttpStatusCode.NoContent, invited.StatusCode);
        using var again = await host.PostAsync(path + "/members", new { username = "@nobody_of_this_name" });
        await ProblemAsync(again, HttpStatusCode.NotFound, "USERNAME_NOT_OCCUPIED");
        Assert.Equal(400, await BotAsync(bot.Token, "createForumTopic", new { chat_id = ChatId(peer), name = "By the bot" }));

        using var promoted = await PatchAsync($"{path}/members/{bot.Id}", new { rights = new[] { "can_manage_topics", "can_delete_messages" } });
        Assert.Equal(HttpStatusCode.NoContent, promoted.StatusCode);
        Assert.Equal(200, await BotAsync(bot.Token, "createForumTopic", new { chat_id = ChatId(peer), name = "By the bot" }));
        var member = (await host.GetAsync(path + "/members")).EnumerateArray().Single(one => one.GetProperty("id").GetInt64() == bot.Id);
        Assert.Equal(("administrator", true), (Text(member, "rank"), member.GetProperty("is_bot").GetBoolean()));
        Assert.Equal(["can_delete_messages", "can_manage_topics"], member.GetProperty("rights").EnumerateArray().Select(right => right.GetString()!).Order());

        var topics = (await host.GetAsync(path + "/topics")).EnumerateArray().Select(topic => Text(topic, "title")).ToArray();
        Assert.Equal(["By the bot", "General"], topics.Order());
        using var demoted = await PatchAsync($"{path}/members/{bot.Id}", new { rights = Array.Empty<string>() });
        Assert.Equal(HttpStatusCode.NoContent, demoted.StatusCode);
        Assert.Equal(400, await BotAsync(bot.Token, "createForumTopic", new { chat_id = ChatId(peer), name = "No more" }));
        using var unknown = await PatchAsync($"{path}/members/{bot.Id}", new { rights = new[] { "can_fly" } });
        await ProblemAsync(unknown, HttpStatusCode.BadRequest, "VALIDATION");
    }

    [Fact]
    public async Task Topics_are_begun_renamed_closed_reopened_and_deleted_and_messages_stay_in_theirs()
    {
        var room = await MadeAsync(Seed.Boris, new { kind = "supergroup", title = "Talk", topics = true, members = new[] { Seed.Vera } });
        var peer = room.GetProperty("peer").GetString();
        var path = $"/sandbox/people/{Seed.Boris}/chats/{peer}";
        var veras = $"/sandbox/people/{Seed.Vera}/chats/{peer}";
        using var made = await host.PostAsync(path + "/topics", new { title = "Weather" });
        var topic = (await APhoneHost.ReadAsync(made)).GetProperty("id").GetInt32();

        using var inTopic = await host.PostAsync(veras + "/messages", new { text = "Rain", topic });
        using var inGeneral = await host.PostAsync(veras + "/messages", new { text = "Hello" });
        Assert.Equal(["Rain"], await TextsAsync($"{path}/messages?topic={topic}"));
        Assert.Equal(["Hello"], await TextsAsync($"{path}/messages?topic=1"));
        using var read = await host.PostAsync($"{path}/read?topic={topic}", new { });
        var unread = (await host.GetAsync(path + "/topics")).EnumerateArray().ToDictionary(one => Text(one, "title"), one => one.GetProperty("unread").GetInt32());
        Assert.Equal((0, 1), (unread["Weather"], unread["General"]));

        using var renamed = await PatchAsync($"{path}/topics/{topic}", new { title = "Sun", closed = true });
        Assert.Equal(HttpStatusCode.NoContent, renamed.StatusCode);
        using var shut = await host.PostAsync(veras + "/messages", new { text = "Still rain", topic });
        await ProblemAsync(shut, HttpStatusCode.Forbidden, "TOPIC_CLOSED");
        var seen = (await host.GetAsync(veras + "/topics")).EnumerateArray().Single(one => one.GetProperty("id").GetInt32() == topic);
        Assert.Equal(("Sun", true, false, false), (Text(seen, "title"), Flag(seen, "closed"), Flag(seen, "may_write"), Flag(seen, "may_change")));
        using var forbidden = await PatchAsync($"{veras}/topics/{topic}", new { closed = false });
        await ProblemAsync(forbidden, HttpStatusCode.Forbidden, "CHAT_ADMIN_REQUIRED");
        using var reopened = await PatchAsync($"{path}/topics/{topic}", new { closed = false });
        using var after = await host.PostAsync(veras + "/messages", new { text = "Sun indeed", topic });
        Assert.Equal(HttpStatusCode.Created, after.StatusCode);

        using var deleted = await host.Http.DeleteAsync(APhoneHost.Path($"{path}/topics/{topic}"), _cancel);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(["General"], (await host.GetAsync(path + "/topics")).EnumerateArray().Select(one => Text(one, "title")));
        using var general = await host.Http.DeleteAsync(APhoneHost.Path($"{path}/topics/1"), _cancel);
        await ProblemAsync(general, HttpStatusCode.NotFound, "TOPIC_ID_INVALID");
    }

    [Fact]
    public async Task In_a_channel_only_those_write_who_may_post_and_the_others_see_it_under_its_name()
    {
        var room = await MadeAsync(Seed.Gleb, new { kind = "channel", title = "Gleb's news", members = new[] { Seed.Dana, Seed.Egor } });
        var peer = room.GetProperty("peer").GetString();
        Assert.Equal(3, room.GetProperty("members").GetInt32());
        Assert.DoesNotContain("can_manage_topics", room.GetProperty("grantable").EnumerateArray().Select(right => right.GetString()));

        using var posted = await host.PostAsync($"/sandbox/people/{Seed.Gleb}/chats/{peer}/messages", new { text = "First" });
        using var refused = await host.PostAsync($"/sandbox/people/{Seed.Dana}/chats/{peer}/messages", new { text = "Me too" });
        await ProblemAsync(refused, HttpStatusCode.Forbidden, "CHAT_WRITE_FORBIDDEN");
        var seen = (await host.GetAsync($"/sandbox/people/{Seed.Dana}/chats/{peer}/messages")).EnumerateArray().Last();
        Assert.Equal(("First", "Gleb's news"), (Text(seen, "text"), Text(seen, "from_name")));
        // A subscriber does not see who the others are.
        Assert.Equal([Seed.Gleb, Seed.Dana], (await host.GetAsync($"/sandbox/people/{Seed.Dana}/chats/{peer}/members")).EnumerateArray().Select(one => one.GetProperty("id").GetInt64()));

        using var promoted = await PatchAsync($"/sandbox/people/{Seed.Gleb}/chats/{peer}/members/{Seed.Dana}", new { rights = new[] { "can_post_messages" } });
        using var now = await host.PostAsync($"/sandbox/people/{Seed.Dana}/chats/{peer}/messages", new { text = "Me too" });
        Assert.Equal(HttpStatusCode.Created, now.StatusCode);
        using var others = await PatchAsync($"/sandbox/people/{Seed.Dana}/chats/{peer}/members/{Seed.Egor}", new { rights = new[] { "can_post_messages" } });
        await ProblemAsync(others, HttpStatusCode.Forbidden, "CHAT_ADMIN_REQUIRED");
    }

    [Fact]
    public async Task A_member_is_restricted_removed_and_comes_back_only_when_it_is_added()
    {
        var room = await MadeAsync(Seed.Anna, new { kind = "supergroup", title = "House", members = new[] { Seed.Zoya } });
        var peer = room.GetProperty("peer").GetString();
        var path = $"/sandbox/people/{Seed.Anna}/chats/{peer}";
        var zoyas = $"/sandbox/people/{Seed.Zoya}/chats/{peer}";
        using var linked = await host.PostAsync(path + "/invite", new { });
        var link = Text(await APhoneHost.ReadAsync(linked), "link");

        using var muted = await PatchAsync($"{path}/members/{Seed.Zoya}", new { may_write = false });
        using var silent = await host.PostAsync(zoyas + "/messages", new { text = "?" });
        Assert.Equal(HttpStatusCode.Forbidden, silent.StatusCode);
        Assert.False(await MayWriteAsync(Seed.Zoya, peer));
        using var unmuted = await PatchAsync($"{path}/members/{Seed.Zoya}", new { may_write = true });
        using var loud = await host.PostAsync(zoyas + "/messages", new { text = "!" });
        Assert.Equal(HttpStatusCode.Created, loud.StatusCode);
        Assert.True(await MayWriteAsync(Seed.Zoya, peer));

        using var removed = await host.Http.DeleteAsync(APhoneHost.Path($"{path}/members/{Seed.Zoya}"), _cancel);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        using var gone = await host.PostAsync(zoyas + "/messages", new { text = "?" });
        await ProblemAsync(gone, HttpStatusCode.NotFound, "CHANNEL_PRIVATE");
        using var back = await host.PostAsync($"/sandbox/people/{Seed.Zoya}/joined", new { link });
        await ProblemAsync(back, HttpStatusCode.Forbidden, "USER_BANNED_IN_CHANNEL");
        using var added = await host.PostAsync(path + "/members", new { user_id = Seed.Zoya });
        using var again = await host.PostAsync(zoyas + "/messages", new { text = "Here again" });
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
    }

    [Theory]
    [InlineData("group")]
    [InlineData("supergroup")]
    [InlineData("channel")]
    public async Task People_join_by_a_link_and_leave(string kind)
    {
        var room = await MadeAsync(Seed.Boris, new { kind, title = $"Door of a {kind}" });
        var peer = room.GetProperty("peer").GetString();
        using var before = await host.PostAsync($"/sandbox/people/{Seed.Mila}/chats/{peer}/messages", new { text = "?" });
        Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);
        using var linked = await host.PostAsync($"/sandbox/people/{Seed.Boris}/chats/{peer}/invite", new { });
        var link = Text(await APhoneHost.ReadAsync(linked), "link");
        Assert.Equal(link, Text(await host.GetAsync($"/sandbox/people/{Seed.Boris}/chats/{peer}"), "invite_link"));

        using var joined = await host.PostAsync($"/sandbox/people/{Seed.Mila}/joined", new { link });
        var seen = await APhoneHost.ReadAsync(joined);
        Assert.Equal(("member", 2), (Text(seen, "rank"), seen.GetProperty("members").GetInt32()));
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("invite_link").ValueKind);
        using var twice = await host.PostAsync($"/sandbox/people/{Seed.Mila}/joined", new { link });
        await ProblemAsync(twice, HttpStatusCode.Conflict, "USER_ALREADY_PARTICIPANT");
        using var left = await host.Http.DeleteAsync(APhoneHost.Path($"/sandbox/people/{Seed.Mila}/chats/{peer}/members/{Seed.Mila}"), _cancel);
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        Assert.Equal(1, (await host.GetAsync($"/sandbox/people/{Seed.Boris}/chats/{peer}")).GetProperty("members").GetInt32());
        using var bad = await host.PostAsync($"/sandbox/people/{Seed.Mila}/joined", new { link = "https://t.me/+AAAA" });
        await ProblemAsync(bad, HttpStatusCode.NotFound, "INVITE_HASH_INVALID");
    }

    [Fact]
    public async Task A_basic_group_takes_in_and_puts_out_and_a_room_needs_a_name()
    {
        var room = await MadeAsync(Seed.Egor, new { kind = "group", title = "Small", members = new[] { Seed.Gleb } });
        var path = $"/sandbox/people/{Seed.Egor}/chats/{room.GetProperty("peer").GetString()}";
        using var added = await host.PostAsync(path + "/members", new { user_id = Seed.Dana });
        using var twice = await host.PostAsync(path + "/members", new { user_id = Seed.Dana });
        await ProblemAsync(twice, HttpStatusCode.Conflict, "USER_ALREADY_PARTICIPANT");
        Assert.Equal(["creator", "member", "member"], (await host.GetAsync(path + "/members")).EnumerateArray().Select(one => Text(one, "rank")));
        using var stranger = await host.Http.DeleteAsync(APhoneHost.Path(path.Replace($"{Seed.Egor}", $"{Seed.Gleb}", StringComparison.Ordinal) + $"/members/{Seed.Dana}"), _cancel);
        await ProblemAsync(stranger, HttpStatusCode.Forbidden, "CHAT_ADMIN_REQUIRED");
        using var removed = await host.Http.DeleteAsync(APhoneHost.Path($"{path}/members/{Seed.Dana}"), _cancel);
        Assert.Equal(2, (await host.GetAsync(path)).GetProperty("members").GetInt32());
        using var nameless = await host.PostAsync($"/sandbox/people/{Seed.Egor}/rooms", new { kind = "channel", title = " " });
        await ProblemAsync(nameless, HttpStatusCode.BadRequest, "CHAT_TITLE_EMPTY");
    }

    [Fact]
    public async Task People_bots_and_public_rooms_are_found_by_a_piece_of_their_name()
    {
        var found = (await host.GetAsync($"/sandbox/people/{Seed.Anna}/find?name=tow")).EnumerateArray().ToArray();
        Assert.Equal([$"c{Seed.Town}", $"c{Seed.News}"], found.Select(one => Text(one, "peer")));
        Assert.All(found, one => Assert.True(Flag(one, "is_member")));
        var father = Assert.Single((await host.GetAsync($"/sandbox/people/{Seed.Anna}/find?name=%40botfather")).EnumerateArray());
        Assert.Equal(("BotFather", true), (Text(father, "title"), Flag(father, "is_bot")));
        Assert.DoesNotContain((await host.GetAsync($"/sandbox/people/{Seed.Anna}/find?name=a")).EnumerateArray(), one => Text(one, "peer") == $"{Seed.Anna}");
    }

    [Fact]
    public async Task A_button_of_a_bot_is_pressed_and_the_bots_answer_comes_back()
    {
        var anna = host.Telegram.PhoneOf("anna");
        var bot = anna.MakeBot("Asks", "asks_twice_bot");
        anna.Send(PeerRef.User(bot.Id), "/start");
        object keyboard = new { inline_keyboard = new[] { new object[] { new { text = "Yes", callback_data = "yes" }, new { text = "Look", url = "https://example.org/" } } } };
        Assert.Equal(200, await BotAsync(bot.Token, "sendMessage", new { chat_id = Seed.Anna, text = "Sure?", reply_markup = keyboard }));
        var path = $"/sandbox/people/{Seed.Anna}/chats/{bot.Id}/messages";
        var asked = (await host.GetAsync(path)).EnumerateArray().Last();
        Assert.Equal(["Yes", "Look"], asked.GetProperty("buttons")[0].EnumerateArray().Select(button => Text(button, "text")));

        var pressing = host.PostAsync($"{path}/{asked.GetProperty("id").GetInt32()}/press", new { data = "yes" });
        var query = await QueryAsync(bot.Token);
        Assert.Equal("yes", Text(query, "data"));
        Assert.Equal(200, await BotAsync(bot.Token, "answerCallbackQuery", new { callback_query_id = Text(query, "id"), text = "Noted", show_alert = true }));
        using var pressed = await pressing;
        var answer = await APhoneHost.ReadAsync(pressed);
        Assert.Equal(("Noted", true), (Text(answer, "text"), Flag(answer, "show_alert")));
        using var none = await host.PostAsync($"{path}/{asked.GetProperty("id").GetInt32()}/press", new { data = "no" });
        await ProblemAsync(none, HttpStatusCode.NotFound, "DATA_INVALID");
    }

    private async Task<JsonElement> QueryAsync(string token)
    {
        using var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        using var response = await http.PostAsJsonAsync(APhoneHost.Path($"/bot{token}/getUpdates"), new { timeout = 30, offset = -1, allowed_updates = new[] { "callback_query" } }, _cancel);
        var updates = (await APhoneHost.ReadAsync(response)).GetProperty("result");
        return updates.EnumerateArray().Last() is var last && last.TryGetProperty("callback_query", out var query) ? query : await QueryAsync(token);
    }

    private async Task<JsonElement> MadeAsync(long person, object body)
    {
        using var made = await host.PostAsync($"/sandbox/people/{person}/rooms", body);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        return await APhoneHost.ReadAsync(made);
    }

    private async Task<bool> MayWriteAsync(long person, string? peer) =>
        Flag((await host.GetAsync($"/sandbox/people/{person}/chats")).EnumerateArray().Single(chat => Text(chat, "peer") == peer), "may_write");

    private async Task<string[]> TextsAsync(string path) =>
        [.. (await host.GetAsync(path)).EnumerateArray().Where(message => message.GetProperty("action").ValueKind == JsonValueKind.Null).Select(message => Text(message, "text"))];

    private Task<HttpResponseMessage> PatchAsync(string path, object body) => host.Http.PatchAsJsonAsync(APhoneHost.Path(path), body, _cancel);

    private async Task<int> BotAsync(string token, string method, object body)
    {
        using var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        using var response = await http.PostAsJsonAsync(APhoneHost.Path($"/bot{token}/{method}"), body, _cancel);
        return (int)response.StatusCode;
    }

    private static long ChatId(string? peer) => PeerRef.TryParse(peer, out var room) ? BotChatId.From(room) : throw new ArgumentException(peer, nameof(peer));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static bool Flag(JsonElement element, string name) => element.GetProperty(name).GetBoolean();

    private static async Task ProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var problem = await APhoneHost.ReadAsync(response);
        Assert.Equal((status, code), (response.StatusCode, problem.GetProperty("code").GetString()));
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
    }
}
