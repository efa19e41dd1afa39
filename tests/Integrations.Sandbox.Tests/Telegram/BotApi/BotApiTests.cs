using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Phone;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

public sealed class BotApiTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static int _lastBot;
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    private TelegramPhone Anna => host.Telegram.PhoneOf("anna");

    private TelegramPhone Boris => host.Telegram.PhoneOf("boris");

    [Fact]
    public async Task A_bot_is_made_knows_itself_and_another_token_ends_the_first()
    {
        using var made = await host.PostAsync($"/sandbox/people/{Seed.Anna}/bots", new { name = "Shop helper", username = "shop_helper_bot" });
        var card = await APhoneHost.ReadAsync(made);
        var token = card.GetProperty("token").GetString()!;

        var me = await ResultAsync(token, "getMe");
        Assert.Equal(card.GetProperty("id").GetInt64(), me.GetProperty("id").GetInt64());
        Assert.True(me.GetProperty("is_bot").GetBoolean());
        Assert.Equal("shop_helper_bot", me.GetProperty("username").GetString());
        Assert.Matches(@"^\d+:[\w-]+$", token);

        await RefusedAsync(token, "noSuchMethod", null, 404, "Not Found: method not found");
        await RefusedAsync(token[..^1] + "!", "getMe", null, 401, "Unauthorized");
        using var taken = await host.PostAsync($"/sandbox/people/{Seed.Boris}/bots", new { name = "Another", username = "Shop_Helper_Bot" });
        Assert.Equal("USERNAME_OCCUPIED", (await APhoneHost.ReadAsync(taken)).GetProperty("code").GetString());

        var changed = Anna.ChangeBot(card.GetProperty("id").GetInt64(), revokeToken: true);
        await RefusedAsync(token, "getMe", null, 401, "Unauthorized");
        Assert.Equal("shop_helper_bot", (await ResultAsync(changed.Token, "getMe")).GetProperty("username").GetString());
        Assert.DoesNotContain(host.Telegram.People, person => person.Id == changed.Id);
    }

    [Fact]
    public async Task A_webhook_is_set_by_Telegrams_rules()
    {
        var bot = NewBot();
        await RefusedAsync(bot.Token, "setWebhook", new { url = "ftp://example.org/hook" }, 400, "Bad Request: bad webhook: invalid webhook URL specified");
        await RefusedAsync(bot.Token, "setWebhook", new { url = "https://example.org/hook", secret_token = "no spaces" }, 400, "Bad Request: secret token contains unallowed characters");

        var set = await CallAsync(bot.Token, "setWebhook", new { url = "http://127.0.0.1:1/hook", max_connections = 5, allowed_updates = new[] { "message" } });
        Assert.Equal(200, set.Status);
        var again = await CallAsync(bot.Token, "setWebhook", new { url = "http://127.0.0.1:1/hook" });
        Assert.Equal((429, 1, "1"), (again.Status, again.Body.GetProperty("parameters").GetProperty("retry_after").GetInt32(), again.RetryAfter));

        var info = await ResultAsync(bot.Token, "getWebhookInfo");
        Assert.Equal("http://127.0.0.1:1/hook", info.GetProperty("url").GetString());
        Assert.Equal(5, info.GetProperty("max_connections").GetInt32());
        Assert.Equal("message", info.GetProperty("allowed_updates")[0].GetString());
        await RefusedAsync(bot.Token, "getUpdates", null, 409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
        await ResultAsync(bot.Token, "deleteWebhook");
        Assert.Equal("", (await ResultAsync(bot.Token, "getWebhookInfo")).GetProperty("url").GetString());
    }

    [Fact]
    public async Task Updates_come_in_order_per_chat_and_one_chat_that_fails_keeps_no_other_waiting()
    {
        var bot = NewBot();
        await using var webhook = await AWebhook.StartAsync();
        var broken = true;
        webhook.Answer = delivery => (Volatile.Read(ref broken) && delivery.Chat == Seed.Anna ? 500 : 200, null);
        await ResultAsync(bot.Token, "setWebhook", new { url = webhook.Address, secret_token = "s-1" });

        Anna.Send(PeerRef.User(bot.Id), "first");
        Anna.Send(PeerRef.User(bot.Id), "second");
        // Tried, and once more at once.
        Assert.Equal(("first", "s-1"), await NextAsync(webhook));
        Assert.Equal(("first", "s-1"), await NextAsync(webhook));
        Boris.Send(PeerRef.User(bot.Id), "from boris");
        Assert.Equal(["first", "from boris"], (await UntilAsync(webhook, "from boris")).Prepend("first").Distinct());

        await EventuallyAsync(async () => await PendingAsync(bot) == 2);
        var info = await ResultAsync(bot.Token, "getWebhookInfo");
        Assert.Equal("Wrong response from the webhook: 500 Internal Server Error", info.GetProperty("last_error_message").GetString());

        Volatile.Write(ref broken, false);
        Assert.Equal(["first", "second"], (await UntilAsync(webhook, "second")).Distinct());
        await EventuallyAsync(async () => await PendingAsync(bot) == 0);
    }

    [Fact]
    public async Task A_method_in_the_answer_to_a_webhook_is_executed()
    {
        var bot = NewBot();
        await using var webhook = await AWebhook.StartAsync();
        webhook.Answer = delivery => (200, new { method = "sendMessage", chat_id = delivery.Chat, text = $"You said {delivery.Text}" });
        await ResultAsync(bot.Token, "setWebhook", new { url = webhook.Address });

        Anna.Send(PeerRef.User(bot.Id), "hello");

        await webhook.NextAsync();
        await EventuallyAsync(() => Task.FromResult(Anna.Messages(PeerRef.User(bot.Id)) is [.., { Out: false, Text: "You said hello" }]));
    }

    [Fact]
    public async Task Updates_are_fetched_until_they_are_confirmed()
    {
        var bot = NewBot();
        var waiting = ResultAsync(bot.Token, "getUpdates", new { timeout = 30 });
        Anna.Send(PeerRef.User(bot.Id), "/start now");

        var update = Assert.Single((await waiting).EnumerateArray());
        var message = update.GetProperty("message");
        Assert.Equal("private", message.GetProperty("chat").GetProperty("type").GetString());
        Assert.Equal(Seed.Anna, message.GetProperty("from").GetProperty("id").GetInt64());
        var entity = Assert.Single(message.GetProperty("entities").EnumerateArray());
        Assert.Equal(("bot_command", 0, 6), (entity.GetProperty("type").GetString(), entity.GetProperty("offset").GetInt32(), entity.GetProperty("length").GetInt32()));

        var again = Assert.Single((await ResultAsync(bot.Token, "getUpdates")).EnumerateArray());
        Assert.Equal(update.GetProperty("update_id").GetInt32(), again.GetProperty("update_id").GetInt32());
        Assert.Empty((await ResultAsync(bot.Token, "getUpdates", new { offset = update.GetProperty("update_id").GetInt32() + 1 })).EnumerateArray());
    }

    [Fact]
    public async Task A_bot_writes_only_to_those_who_wrote_to_it_and_replies_to_what_they_said()
    {
        var bot = NewBot();
        await RefusedAsync(bot.Token, "sendMessage", new { chat_id = Seed.Egor, text = "hi" }, 400, "Bad Request: chat not found");
        var asked = Boris.Send(PeerRef.User(bot.Id), "Are you there?");

        // The three ways to give parameters.
        await ResultAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "Yes", reply_parameters = new { message_id = 1 } });
        using (var form = await host.Http.PostAsync(
            Path(bot.Token, "sendMessage"), new FormUrlEncodedContent([new("chat_id", $"{Seed.Boris}"), new("text", "by form")]), _cancel))
        {
            Assert.Equal(HttpStatusCode.OK, form.StatusCode);
        }

        using (var query = await host.Http.GetAsync(Path(bot.Token, $"SendMessage?chat_id={Seed.Boris}&text=by%20query"), _cancel))
            Assert.Equal(HttpStatusCode.OK, query.StatusCode);

        var read = Boris.Messages(PeerRef.User(bot.Id));
        Assert.Equal(["Are you there?", "Yes", "by form", "by query"], read.Select(message => message.Text));
        Assert.Equal(asked.Id, read[1].ReplyTo);
        await RefusedAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "" }, 400, "Bad Request: message text is empty");
        await RefusedAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = new string('x', 4097) }, 400, "Bad Request: message is too long");
        await RefusedAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "x", reply_parameters = new { message_id = 999 } }, 400, "Bad Request: message to be replied not found");
        await RefusedAsync(bot.Token, "sendMessage", new { text = "x" }, 400, "Bad Request: chat_id is empty");
    }

    [Fact]
    public async Task In_a_group_a_private_bot_hears_what_is_meant_for_it_and_an_open_one_everything()
    {
        var (kept, open) = (NewBot(), NewBot());
        Anna.ChangeBot(open.Id, readsAllGroupMessages: true);
        var town = PeerRef.Channel(Seed.Town);
        foreach (var bot in new[] { kept, open })
        {
            using var invited = await host.PostAsync($"/sandbox/people/{Seed.Boris}/chats/c{Seed.Town}/members", new { user_id = bot.Id });
            Assert.Equal(HttpStatusCode.NoContent, invited.StatusCode);
            var joined = Assert.Single((await ResultAsync(bot.Token, "getUpdates")).EnumerateArray()).GetProperty("my_chat_member");
            Assert.Equal(("left", "member"), (Status(joined, "old_chat_member"), Status(joined, "new_chat_member")));
        }

        Boris.Send(town, "just talking");
        Boris.Send(town, $"/help@{kept.Username}");
        Boris.Send(town, "/help@somebody_else_bot");

        Assert.Equal([$"/help@{kept.Username}"], await TextsAsync(kept));
        Assert.Equal(["just talking", $"/help@{kept.Username}", "/help@somebody_else_bot"], await TextsAsync(open));
        var chat = await ResultAsync(kept.Token, "getChat", new { chat_id = -1_000_000_000_000 - Seed.Town });
        Assert.Equal(("supergroup", "town_square"), (chat.GetProperty("type").GetString(), chat.GetProperty("username").GetString()));
        Assert.Equal("creator", (await ResultAsync(kept.Token, "getChatMember", new { chat_id = "@town_square", user_id = Seed.Boris })).GetProperty("status").GetString());
        Assert.Equal(Seed.Boris, Assert.Single((await ResultAsync(kept.Token, "getChatAdministrators", new { chat_id = "@town_square" })).EnumerateArray()).GetProperty("user").GetProperty("id").GetInt64());

        // One bot hears no other, and twenty messages a minute are all that a group takes.
        for (var i = 1; i <= 20; i++)
            await ResultAsync(kept.Token, "sendMessage", new { chat_id = "@town_square", text = $"number {i}" });
        var refused = await CallAsync(kept.Token, "sendMessage", new { chat_id = "@town_square", text = "one too many" });
        Assert.Equal(429, refused.Status);
        Assert.InRange(refused.Body.GetProperty("parameters").GetProperty("retry_after").GetInt32(), 1, 60);
        Assert.DoesNotContain(await TextsAsync(open), text => text.StartsWith("number", StringComparison.Ordinal));
        await ResultAsync(kept.Token, "leaveChat", new { chat_id = "@town_square" });
        await RefusedAsync(kept.Token, "sendMessage", new { chat_id = "@town_news", text = "x" }, 403, "Forbidden: bot is not a member of the channel chat");
    }

    [Fact]
    public async Task Faults_are_answered_in_the_words_of_the_Bot_API()
    {
        var bot = NewBot();
        Boris.Send(PeerRef.User(bot.Id), "hello");
        host.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Person = bot.Id, Method = "sendMessage", Seconds = 35 });
        var flood = await CallAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "x" });
        Assert.Equal((429, "Too Many Requests: retry after 35", "35"), (flood.Status, flood.Body.GetProperty("description").GetString(), flood.RetryAfter));

        host.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Person = bot.Id, Code = 403, Error = "Forbidden: bot was blocked by the user" });
        await RefusedAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "x" }, 403, "Forbidden: bot was blocked by the user");
        await ResultAsync(bot.Token, "sendMessage", new { chat_id = Seed.Boris, text = "x" });
    }

    private BotCard NewBot() =>
        Anna.MakeBot("Some bot", string.Create(CultureInfo.InvariantCulture, $"some{Interlocked.Increment(ref _lastBot)}_bot"));

    private async Task<int> PendingAsync(BotCard bot) => (await ResultAsync(bot.Token, "getWebhookInfo")).GetProperty("pending_update_count").GetInt32();

    /// <summary>What is delivered up to a text; what fails comes more than once.</summary>
    private static async Task<List<string>> UntilAsync(AWebhook webhook, string text)
    {
        var texts = new List<string>();
        while (texts is not [.., var last] || last != text)
            texts.Add((await webhook.NextAsync()).Text);
        return texts;
    }

    private static async Task<(string Text, string? Secret)> NextAsync(AWebhook webhook)
    {
        var delivery = await webhook.NextAsync();
        return (delivery.Text, delivery.Secret);
    }

    private static string? Status(JsonElement change, string which) => change.GetProperty(which).GetProperty("status").GetString();

    private async Task<string[]> TextsAsync(BotCard bot) =>
        [.. (await ResultAsync(bot.Token, "getUpdates")).EnumerateArray().Where(update => update.TryGetProperty("message", out _)).Select(update => update.GetProperty("message").GetProperty("text").GetString()!)];

    private async Task RefusedAsync(string token, string method, object? parameters, int status, string description)
    {
        var answer = await CallAsync(token, method, parameters);
        Assert.Equal((status, description), (answer.Status, answer.Body.GetProperty("description").GetString()));
        Assert.Equal(status, answer.Body.GetProperty("error_code").GetInt32());
    }

    private async Task<JsonElement> ResultAsync(string token, string method, object? parameters = null)
    {
        var answer = await CallAsync(token, method, parameters);
        Assert.True(answer.Status == 200, answer.Body.ToString());
        return answer.Body.GetProperty("result");
    }

    private async Task<(int Status, JsonElement Body, string? RetryAfter)> CallAsync(string token, string method, object? parameters)
    {
        using var response = await host.Http.PostAsJsonAsync(Path(token, method), parameters ?? new { }, _cancel);
        return ((int)response.StatusCode, await APhoneHost.ReadAsync(response), response.Headers.RetryAfter?.ToString());
    }

    private static Uri Path(string token, string method) => APhoneHost.Path($"/bot{token}/{method}");

    /// <summary>Looks again after every change of the world or answer of the server, which must lead there within the test's time.</summary>
    private async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await isSo())
            limit.Token.ThrowIfCancellationRequested();
    }
}
