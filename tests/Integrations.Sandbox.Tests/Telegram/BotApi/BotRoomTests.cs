using System.Text.Json;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Phone;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

/// <summary>Rooms as a bot sees them and people on the other side do: topics, rights, changes to what was said, buttons.</summary>
public sealed class BotRoomTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static readonly PeerRef Town = PeerRef.Channel(Seed.Town);
    private static readonly PeerRef News = PeerRef.Channel(Seed.News);
    private static readonly long TownId = ABot.Number(Seed.Town);
    private static readonly long NewsId = ABot.Number(Seed.News);

    private TelegramPhone Anna => host.Telegram.PhoneOf("anna");

    private TelegramPhone Boris => host.Telegram.PhoneOf("boris");

    [Fact]
    public async Task A_bot_that_may_opens_writes_in_closes_and_deletes_topics()
    {
        var bot = ABot.Make(host);
        MakeForum();
        Boris.Invite(Town, bot.Id);
        await bot.RefusedAsync(400, "Bad Request: not enough rights to create a topic", "createForumTopic", new { chat_id = TownId, name = "Orders" });
        Boris.Promote(Town, bot.Id, "can_manage_topics", "can_delete_messages");
        await bot.NewsAsync();

        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        var topic = await bot.AskAsync("createForumTopic", new { chat_id = TownId, name = "Orders", icon_color = 16766590 });
        var thread = topic.GetProperty("message_thread_id").GetInt32();
        Assert.Equal(("Orders", 16766590), (topic.GetProperty("name").GetString(), topic.GetProperty("icon_color").GetInt32()));
        var begun = Assert.IsType<MessageService>((await anna.NextAsync<UpdateNewChannelMessage>(update => update.Message is MessageService { Action: MessageActionTopicCreate })).Message);
        Assert.Equal((thread, "Orders"), (begun.Id, Assert.IsType<MessageActionTopicCreate>(begun.Action).Title));
        var created = Assert.Single(await bot.NewsAsync("message"));
        Assert.Equal("Orders", created.GetProperty("forum_topic_created").GetProperty("name").GetString());

        var sent = await bot.AskAsync("sendMessage", new { chat_id = TownId, message_thread_id = thread, text = "First order" });
        Assert.True(sent.GetProperty("is_topic_message").GetBoolean());
        Assert.Equal(thread, sent.GetProperty("message_thread_id").GetInt32());
        Assert.True(sent.GetProperty("chat").GetProperty("is_forum").GetBoolean());
        var seen = await HearAsync(anna, "First order");
        Assert.Equal(("First order", thread), (seen.MessageValue, ((MessageReplyHeader)seen.ReplyTo!).ReplyToMsgId));

        // What people write in the topic names it; in the general one nothing does.
        Boris.Send(Town, "In the topic", replyTo: sent.GetProperty("message_id").GetInt32());
        Boris.Send(Town, "In the general one");
        var told = await bot.NewsAsync("message");
        Assert.Equal(thread, told[0].GetProperty("message_thread_id").GetInt32());
        Assert.False(told[1].TryGetProperty("message_thread_id", out _) || told[1].TryGetProperty("is_topic_message", out _));
        await bot.RefusedAsync(400, "Bad Request: message thread not found", "sendMessage", new { chat_id = TownId, message_thread_id = 1, text = "x" });

        await bot.AskAsync("editForumTopic", new { chat_id = TownId, message_thread_id = thread, name = "Paid orders" });
        Assert.Equal("Paid orders", Assert.Single(await bot.NewsAsync("message")).GetProperty("forum_topic_edited").GetProperty("name").GetString());
        await bot.AskAsync("closeForumTopic", new { chat_id = TownId, message_thread_id = thread });
        Assert.True(Assert.Single(await bot.NewsAsync("message")).TryGetProperty("forum_topic_closed", out _));
        await bot.RefusedAsync(400, "Bad Request: TOPIC_NOT_MODIFIED", "closeForumTopic", new { chat_id = TownId, message_thread_id = thread });
        var plain = ABot.Make(host);
        Boris.Invite(Town, plain.Id);
        await plain.RefusedAsync(400, "Bad Request: TOPIC_CLOSED", "sendMessage", new { chat_id = TownId, message_thread_id = thread, text = "x" });
        await plain.RefusedAsync(400, "Bad Request: not enough rights to close or open the topic", "reopenForumTopic", new { chat_id = TownId, message_thread_id = thread });
        await bot.AskAsync("reopenForumTopic", new { chat_id = TownId, message_thread_id = thread });
        Assert.True(Assert.Single(await bot.NewsAsync("message")).TryGetProperty("forum_topic_reopened", out _));

        await bot.AskAsync("deleteForumTopic", new { chat_id = TownId, message_thread_id = thread });
        await bot.RefusedAsync(400, "Bad Request: message thread not found", "sendMessage", new { chat_id = TownId, message_thread_id = thread, text = "x" });
    }

    [Fact]
    public async Task The_general_topic_is_renamed_closed_and_hidden()
    {
        var bot = ABot.Make(host);
        MakeForum();
        Boris.Invite(Town, bot.Id);
        Boris.Promote(Town, bot.Id, "can_manage_topics");
        await bot.NewsAsync();

        await bot.AskAsync("editGeneralForumTopic", new { chat_id = TownId, name = "Hall" });
        await bot.AskAsync("closeGeneralForumTopic", new { chat_id = TownId });
        var plain = ABot.Make(host);
        Boris.Invite(Town, plain.Id);
        await plain.RefusedAsync(400, "Bad Request: TOPIC_CLOSED", "sendMessage", new { chat_id = TownId, text = "x" });
        await bot.AskAsync("reopenGeneralForumTopic", new { chat_id = TownId });
        await bot.AskAsync("hideGeneralForumTopic", new { chat_id = TownId });
        await bot.AskAsync("unhideGeneralForumTopic", new { chat_id = TownId });

        Assert.Equal(
            ["forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "forum_topic_closed", "general_forum_topic_unhidden"],
            (await bot.NewsAsync("message")).Select(message => message.EnumerateObject().Last().Name));
        await bot.AskAsync("reopenGeneralForumTopic", new { chat_id = TownId });
    }

    [Fact]
    public async Task A_channel_takes_posts_of_a_bot_that_may_post_and_of_no_other()
    {
        var bot = ABot.Make(host);
        await bot.RefusedAsync(403, "Forbidden: bot is not a member of the channel chat", "sendMessage", new { chat_id = "@town_news", text = "x" });
        Anna.Promote(News, bot.Id, "can_invite_users");
        await bot.RefusedAsync(400, "Bad Request: need administrator rights in the channel chat", "sendMessage", new { chat_id = "@town_news", text = "x" });
        Anna.Promote(News, bot.Id, "can_post_messages", "can_edit_messages");
        var changes = await bot.NewsAsync("my_chat_member");
        Assert.Equal(
            [("left", "administrator"), ("administrator", "administrator")],
            changes.Select(change => (Status(change, "old_chat_member"), Status(change, "new_chat_member"))));
        Assert.Equal((true, false), (Right(changes[1], "can_post_messages"), Right(changes[1], "can_invite_users")));

        var post = await bot.AskAsync("sendMessage", new { chat_id = "@town_news", text = "News of the bot" });
        Assert.Equal(("channel", NewsId), (post.GetProperty("chat").GetProperty("type").GetString(), post.GetProperty("sender_chat").GetProperty("id").GetInt64()));
        Assert.Contains(Boris.Messages(News), message => message.Text == "News of the bot");
        var mine = Anna.Send(News, "News of anna");
        Assert.Equal("News of anna", Assert.Single(await bot.NewsAsync("channel_post")).GetProperty("text").GetString());

        // It may edit what others posted, and hears when others edit.
        await bot.AskAsync("editMessageText", new { chat_id = NewsId, message_id = mine.Id, text = "News of anna, corrected" });
        Assert.Contains(Boris.Messages(News), message => message.Text == "News of anna, corrected");
        Assert.Equal("News of anna, corrected", Assert.Single(await bot.NewsAsync("edited_channel_post")).GetProperty("text").GetString());

        var me = await bot.AskAsync("getChatMember", new { chat_id = NewsId, user_id = bot.Id });
        Assert.Equal("administrator", me.GetProperty("status").GetString());
        foreach (var flag in new[]
        {
            "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
            "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories", "can_post_messages", "can_edit_messages",
        })
        {
            Assert.True(me.TryGetProperty(flag, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False, flag);
        }

        Assert.False(me.TryGetProperty("can_manage_topics", out _));
        Assert.Equal([Seed.Anna, bot.Id], (await bot.AskAsync("getChatAdministrators", new { chat_id = NewsId })).EnumerateArray()
            .Select(member => member.GetProperty("user").GetProperty("id").GetInt64()));

        Anna.Promote(News, bot.Id);
        await bot.RefusedAsync(400, "Bad Request: need administrator rights in the channel chat", "sendMessage", new { chat_id = NewsId, text = "x" });
        Anna.Ban(News, bot.Id);
        await bot.RefusedAsync(403, "Forbidden: bot was kicked from the channel chat", "sendMessage", new { chat_id = NewsId, text = "x" });
        Assert.Equal(["member", "kicked"], (await bot.NewsAsync("my_chat_member")).Select(change => Status(change, "new_chat_member")));
    }

    [Fact]
    public async Task A_bot_edits_pins_and_deletes_and_people_see_it()
    {
        var bot = ABot.Make(host);
        Boris.Invite(Town, bot.Id);
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        var sent = (await bot.AskAsync("sendMessage", new { chat_id = TownId, text = "*Draft*", parse_mode = "MarkdownV2" })).GetProperty("message_id").GetInt32();
        var first = await HearAsync(anna, "Draft");
        Assert.IsType<MessageEntityBold>(Assert.Single(first.Entities!));

        var edited = await bot.AskAsync("editMessageText", new { chat_id = TownId, message_id = sent, text = "<i>Final</i>", parse_mode = "HTML" });
        Assert.True(edited.GetProperty("edit_date").GetInt64() > 0);
        Assert.Equal("italic", Assert.Single(edited.GetProperty("entities").EnumerateArray()).GetProperty("type").GetString());
        await anna.NextAsync<UpdateEditChannelMessage>(update => update.Message is Message { MessageValue: "Final" });
        await bot.RefusedAsync(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            "editMessageText",
            new { chat_id = TownId, message_id = sent, text = "<i>Final</i>", parse_mode = "HTML" });
        await bot.RefusedAsync(400, "Bad Request: message to edit not found", "editMessageText", new { chat_id = TownId, message_id = 99_999, text = "x" });
        var foreign = Boris.Send(Town, "Mine");
        await bot.RefusedAsync(400, "Bad Request: message can't be edited", "editMessageText", new { chat_id = TownId, message_id = foreign.Id, text = "x" });

        await bot.RefusedAsync(
            400, "Bad Request: not enough rights to manage pinned messages in the chat", "pinChatMessage", new { chat_id = TownId, message_id = sent });
        await bot.RefusedAsync(400, "Bad Request: message can't be deleted for everyone", "deleteMessage", new { chat_id = TownId, message_id = foreign.Id });
        Boris.Promote(Town, bot.Id, "can_pin_messages", "can_delete_messages");
        await bot.NewsAsync();
        await bot.AskAsync("pinChatMessage", new { chat_id = TownId, message_id = sent });
        Assert.Equal(sent, Assert.Single((await anna.NextAsync<UpdatePinnedChannelMessages>()).Messages));
        Assert.Equal(sent, Assert.Single(await bot.NewsAsync("message")).GetProperty("pinned_message").GetProperty("message_id").GetInt32());
        var chat = await bot.AskAsync("getChat", new { chat_id = TownId });
        Assert.Equal(sent, chat.GetProperty("pinned_message").GetProperty("message_id").GetInt32());
        Assert.True(chat.GetProperty("permissions").GetProperty("can_send_messages").GetBoolean());
        await bot.AskAsync("unpinChatMessage", new { chat_id = TownId });
        Assert.False((await bot.AskAsync("getChat", new { chat_id = TownId })).TryGetProperty("pinned_message", out _));

        await bot.AskAsync("deleteMessages", new { chat_id = TownId, message_ids = new[] { sent, foreign.Id, 99_999 } });
        Assert.Equal([sent, foreign.Id], (await anna.NextAsync<UpdateDeleteChannelMessages>()).Messages);
        await bot.RefusedAsync(400, "Bad Request: message to delete not found", "deleteMessage", new { chat_id = TownId, message_id = sent });
    }

    [Fact]
    public async Task A_member_who_may_not_write_is_told_so_and_the_bot_hears_of_its_own_changes()
    {
        var bot = ABot.Make(host);
        Boris.Invite(Town, bot.Id);
        Boris.Restrict(Town, bot.Id, "can_send_photos");
        await bot.RefusedAsync(400, "Bad Request: not enough rights to send text messages to the chat", "sendMessage", new { chat_id = TownId, text = "x" });
        var member = await bot.AskAsync("getChatMember", new { chat_id = TownId, user_id = bot.Id });
        Assert.Equal(("restricted", false, true), (member.GetProperty("status").GetString(), member.GetProperty("can_send_messages").GetBoolean(), member.GetProperty("can_send_photos").GetBoolean()));
        Boris.Restrict(Town, bot.Id, "can_send_messages", "can_send_photos");
        await bot.AskAsync("sendMessage", new { chat_id = TownId, text = "Again" });
        Boris.Ban(Town, bot.Id);
        await bot.RefusedAsync(403, "Forbidden: bot was kicked from the supergroup chat", "sendMessage", new { chat_id = TownId, text = "x" });

        Assert.Equal(
            [("left", "member"), ("member", "restricted"), ("restricted", "restricted"), ("restricted", "kicked")],
            (await bot.NewsAsync("my_chat_member")).Select(change => (Status(change, "old_chat_member"), Status(change, "new_chat_member"))));
    }

    [Fact]
    public async Task A_pressed_button_is_told_to_its_bot_and_answered_to_its_presser()
    {
        var bot = ABot.Make(host);
        Anna.Send(bot.Chat, "/start");
        await bot.NewsAsync();
        var keyboard = new
        {
            inline_keyboard = new[] { new object[] { new { text = "Yes", callback_data = "answer:yes" }, new { text = "Site", url = "https://example.org/" } } },
        };
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        var sent = await bot.AskAsync("sendMessage", new { chat_id = Seed.Anna, text = "Sure?", reply_markup = keyboard });
        Assert.Equal("answer:yes", sent.GetProperty("reply_markup").GetProperty("inline_keyboard")[0][0].GetProperty("callback_data").GetString());
        var seen = await HearAsync(anna, "Sure?");
        var row = Assert.Single(Assert.IsType<ReplyInlineMarkup>(seen.ReplyMarkup).Rows);
        Assert.Equal("answer:yes"u8, ((KeyboardButtonCallback)row.Buttons[0]).Data);
        Assert.Equal("https://example.org/", ((KeyboardButtonUrl)row.Buttons[1]).Url);

        var pressing = Anna.PressAsync(bot.Chat, seen.Id, "answer:yes", TestContext.Current.CancellationToken);
        var query = Assert.Single(await bot.NewsAsync("callback_query"));
        Assert.Equal(("answer:yes", Seed.Anna), (query.GetProperty("data").GetString(), query.GetProperty("from").GetProperty("id").GetInt64()));
        Assert.Equal(sent.GetProperty("message_id").GetInt32(), query.GetProperty("message").GetProperty("message_id").GetInt32());
        var id = query.GetProperty("id").GetString();
        await bot.AskAsync("answerCallbackQuery", new { callback_query_id = id, text = "Noted", show_alert = true });
        Assert.Equal(new PhoneAnswer("Noted", true, null), await pressing);
        await bot.RefusedAsync(
            400, "Bad Request: query is too old and response timeout expired or query ID is invalid", "answerCallbackQuery", new { callback_query_id = id });

        // An edit without a keyboard takes it away.
        await bot.AskAsync("editMessageReplyMarkup", new { chat_id = Seed.Anna, message_id = sent.GetProperty("message_id").GetInt32() });
        Assert.Null(((Message)(await anna.NextAsync<UpdateEditMessage>()).Message).ReplyMarkup);
        var refused = await Assert.ThrowsAsync<TelegramRefusal>(() => Anna.PressAsync(bot.Chat, seen.Id, "answer:yes", TestContext.Current.CancellationToken));
        Assert.Equal("DATA_INVALID", refused.Name);
        var first = Anna.Send(bot.Chat, "Teh answer");
        await bot.NewsAsync();
        host.Telegram.World.Edit(Seed.Anna, bot.Chat, first.Id, new MessageChange("The answer", null, null, null), null);
        Assert.Equal("The answer", Assert.Single(await bot.NewsAsync("edited_message")).GetProperty("text").GetString());
    }

    private void MakeForum()
    {
        if (!host.Telegram.World.FindChannel(Seed.Town)!.Forum)
            Boris.ToggleForum(Town, enabled: true);
    }

    /// <summary>The message of this text; a client that has just begun also hears what was said before.</summary>
    private static async Task<Message> HearAsync(OurClient client, string text)
    {
        while (true)
        {
            if (await client.NextMessageAsync() is var message && message.MessageValue == text)
                return message;
        }
    }

    private static string? Status(JsonElement change, string which) => change.GetProperty(which).GetProperty("status").GetString();

    private static bool Right(JsonElement change, string name) => change.GetProperty("new_chat_member").GetProperty(name).GetBoolean();
}
