using System.Text.Json;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Phone;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

/// <summary>Copies and forwards, groups that become supergroups, and all the ways in which a bot is told that it may not.</summary>
public sealed class BotElsewhereTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static readonly PeerRef Office = PeerRef.Group(Seed.Office);
    private static readonly PeerRef Town = PeerRef.Channel(Seed.Town);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TelegramPhone Anna => host.Telegram.PhoneOf("anna");

    private TelegramPhone Boris => host.Telegram.PhoneOf("boris");

    private TelegramPhone Egor => host.Telegram.PhoneOf("egor");

    [Fact]
    public async Task A_message_is_forwarded_with_its_origin_and_copied_without()
    {
        var bot = ABot.Make(host);
        Anna.Send(bot.Chat, "Pass it on");
        Boris.Send(bot.Chat, "/start");
        var id = (await bot.NewsAsync("message"))[0].GetProperty("message_id").GetInt32();
        await using var boris = await OurClient.SignedInAsync(host.Telegram, "boris");
        await boris.ReceiveAsync();

        var forwarded = await bot.AskAsync("forwardMessage", new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_id = id });
        var origin = forwarded.GetProperty("forward_origin");
        Assert.Equal(("user", Seed.Anna), (origin.GetProperty("type").GetString(), origin.GetProperty("sender_user").GetProperty("id").GetInt64()));
        var seen = await boris.NextMessageAsync();
        Assert.Equal(("Pass it on", Seed.Anna), (seen.MessageValue, ((PeerUser)seen.FwdFrom!.FromId!).UserId));

        var copied = await bot.AskAsync("copyMessage", new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_id = id });
        Assert.Equal(["message_id"], copied.EnumerateObject().Select(field => field.Name));
        seen = await boris.NextMessageAsync();
        Assert.Equal("Pass it on", seen.MessageValue);
        Assert.Null(seen.FwdFrom);

        var post = Anna.Send(PeerRef.Channel(Seed.News), "Posted");
        var several = await bot.AskAsync(
            "forwardMessages", new { chat_id = Seed.Boris, from_chat_id = "@town_news", message_ids = new[] { post.Id, 99_999 } });
        Assert.Single(several.EnumerateArray());
        // First the post itself, for boris reads the channel too.
        Assert.Null((await boris.NextMessageAsync()).FwdFrom);
        Assert.Equal(post.Id, (await boris.NextMessageAsync()).FwdFrom!.ChannelPost);
        Assert.Single((await bot.AskAsync("copyMessages", new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_ids = new[] { id, 99_999 } })).EnumerateArray());
        await bot.RefusedAsync(400, "Bad Request: message to copy not found", "copyMessage", new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_id = 99_999 });
        await bot.RefusedAsync(400, "Bad Request: message to forward not found", "forwardMessage", new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_id = 99_999 });
        await bot.RefusedAsync(
            400, "Bad Request: message identifiers must be in a strictly increasing order", "copyMessages",
            new { chat_id = Seed.Boris, from_chat_id = Seed.Anna, message_ids = new[] { id, 0 } });
    }

    [Fact]
    public async Task A_group_that_became_a_supergroup_sends_its_bot_there()
    {
        var bot = ABot.Make(host);
        Anna.Invite(Office, bot.Id);
        var told = await bot.NewsAsync();
        Assert.Equal("member", told[0].GetProperty("my_chat_member").GetProperty("new_chat_member").GetProperty("status").GetString());
        Assert.Equal(bot.Id, told[1].GetProperty("message").GetProperty("new_chat_members")[0].GetProperty("id").GetInt64());
        var before = await bot.AskAsync("sendMessage", new { chat_id = -Seed.Office, text = "Good morning" });
        Assert.Equal("group", before.GetProperty("chat").GetProperty("type").GetString());
        var removed = ABot.Make(host);
        Boris.Invite(Office, removed.Id);
        Anna.Ban(Office, removed.Id);
        await removed.RefusedAsync(403, "Forbidden: bot was kicked from the group chat", "sendMessage", new { chat_id = -Seed.Office, text = "x" });
        var left = ABot.Make(host);
        Boris.Invite(Office, left.Id);
        await left.AskAsync("leaveChat", new { chat_id = -Seed.Office });
        await left.RefusedAsync(403, "Forbidden: bot is not a member of the group chat", "sendMessage", new { chat_id = -Seed.Office, text = "x" });
        await bot.NewsAsync();

        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        var answer = (Updates)await anna.Client.InvokeAsync(new MessagesMigrateChat { ChatId = Seed.Office }, Token);

        var room = answer.Chats.OfType<Channel>().Single();
        var group = answer.Chats.OfType<Chat>().Single();
        Assert.Equal(room.Id, ((InputChannel)group.MigratedTo!).ChannelId);
        var gone = await anna.NextAsync<UpdateNewMessage>(update => update.Message is MessageService { Action: MessageActionChatMigrateTo });
        Assert.Equal(room.Id, ((MessageActionChatMigrateTo)((MessageService)gone.Message).Action).ChannelId);
        var messages = await bot.NewsAsync("message");
        Assert.Equal(
            [(-Seed.Office, "migrate_to_chat_id", ABot.Number(room.Id)), (ABot.Number(room.Id), "migrate_from_chat_id", -Seed.Office)],
            messages.Select(message => (message.GetProperty("chat").GetProperty("id").GetInt64(), message.EnumerateObject().Last().Name, message.EnumerateObject().Last().Value.GetInt64())));

        var (status, refusal) = await bot.CallAsync("sendMessage", new { chat_id = -Seed.Office, text = "Good evening" });
        Assert.Equal((400, "Bad Request: group chat was upgraded to a supergroup chat"), (status, refusal.GetProperty("description").GetString()));
        var to = refusal.GetProperty("parameters").GetProperty("migrate_to_chat_id").GetInt64();
        Assert.Equal("supergroup", (await bot.AskAsync("sendMessage", new { chat_id = to, text = "Good evening" })).GetProperty("chat").GetProperty("type").GetString());
        Assert.Contains(Boris.Messages(PeerRef.Channel(room.Id)), message => message.Text == "Good evening");
    }

    [Fact]
    public async Task Who_blocks_a_bot_or_leaves_Telegram_gets_nothing_and_the_bot_is_told_why()
    {
        var bot = ABot.Make(host);
        Boris.Send(bot.Chat, "/start");
        Egor.Send(bot.Chat, "/start");
        await bot.NewsAsync();

        Boris.Block(bot.Id, blocked: true);
        await bot.RefusedAsync(403, "Forbidden: bot was blocked by the user", "sendMessage", new { chat_id = Seed.Boris, text = "x" });
        Boris.Block(bot.Id, blocked: false);
        await bot.AskAsync("sendMessage", new { chat_id = Seed.Boris, text = "Welcome back" });
        var changes = await bot.NewsAsync("my_chat_member");
        Assert.Equal(["kicked", "member"], changes.Select(change => change.GetProperty("new_chat_member").GetProperty("status").GetString()));
        Assert.All(changes, change => Assert.Equal("private", change.GetProperty("chat").GetProperty("type").GetString()));

        host.Telegram.World.DeleteAccount(Seed.Egor);
        await bot.RefusedAsync(403, "Forbidden: user is deactivated", "sendMessage", new { chat_id = Seed.Egor, text = "x" });
        var other = ABot.Make(host);
        await bot.RefusedAsync(403, "Forbidden: the bot can't send messages to the bot", "sendMessage", new { chat_id = other.Id, text = "x" });
    }

    [Fact]
    public async Task Who_fetches_updates_ends_the_one_who_waits_for_them()
    {
        var bot = ABot.Make(host);
        var waiting = bot.CallAsync("getUpdates", new { timeout = 50 });
        // The second may overtake the first; one of the two is ended in any case, and the third ends whoever is left.
        var second = bot.CallAsync("getUpdates", new { timeout = 50 });
        var ended = await await Task.WhenAny(waiting, second).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(
            (409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"),
            (ended.Status, ended.Body.GetProperty("description").GetString()));
        await bot.AskAsync("getUpdates");
        Assert.Equal([409, 409], (await Task.WhenAll(waiting, second)).Select(answer => answer.Status));
    }

    [Fact]
    public async Task A_client_promotes_a_bot_and_presses_its_buttons_over_the_protocol()
    {
        var bot = ABot.Make(host);
        await using var boris = await OurClient.SignedInAsync(host.Telegram, "boris");
        var town = new InputChannel { ChannelId = Seed.Town, AccessHash = host.Telegram.World.AccessHash(Seed.Boris, Town) };
        var user = new InputUser { UserId = bot.Id, AccessHash = host.Telegram.World.AccessHash(Seed.Boris, bot.Chat) };
        await boris.Client.InvokeAsync(new ChannelsInviteToChannel { Channel = town, Users = [user] }, Token);
        await boris.Client.InvokeAsync(
            new ChannelsEditAdmin { Channel = town, UserId = user, AdminRights = new ChatAdminRights { PinMessages = true, Other = true }, Rank = "Clerk" }, Token);
        var me = await bot.AskAsync("getChatMember", new { chat_id = "@town_square", user_id = bot.Id });
        Assert.Equal(("administrator", true, "Clerk"), (me.GetProperty("status").GetString(), me.GetProperty("can_pin_messages").GetBoolean(), me.GetProperty("custom_title").GetString()));
        var keyboard = new { inline_keyboard = new[] { new[] { new { text = "Yes", callback_data = "yes" } } } };
        var sent = (await bot.AskAsync("sendMessage", new { chat_id = "@town_square", text = "Sure?", reply_markup = keyboard })).GetProperty("message_id").GetInt32();

        var pressing = boris.Client.InvokeAsync(
            new MessagesGetBotCallbackAnswer { Peer = new InputPeerChannel { ChannelId = town.ChannelId, AccessHash = town.AccessHash }, MsgId = sent, Data = "yes"u8.ToArray() },
            Token);
        JsonElement query;
        do
        {
            query = (await bot.AskAsync("getUpdates", new { timeout = 20, allowed_updates = new[] { "callback_query" } })).EnumerateArray()
                .FirstOrDefault(update => update.TryGetProperty("callback_query", out _));
        }
        while (query.ValueKind is JsonValueKind.Undefined);
        await bot.AskAsync("answerCallbackQuery", new { callback_query_id = query.GetProperty("callback_query").GetProperty("id").GetString(), text = "Noted" });
        Assert.Equal("Noted", (await pressing).Message);

        await boris.Client.InvokeAsync(
            new ChannelsEditBanned
            {
                Channel = town,
                Participant = new InputPeerUser { UserId = user.UserId, AccessHash = user.AccessHash },
                BannedRights = new ChatBannedRights { ViewMessages = true, UntilDate = 0 },
            },
            Token);
        await bot.RefusedAsync(403, "Forbidden: bot was kicked from the supergroup chat", "sendMessage", new { chat_id = "@town_square", text = "x" });
    }
}
