using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>What people do with messages, rooms and topics, as our client does it and another one of ours sees it.</summary>
public sealed class OurClientConversationTests : ServerTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_formatted_text_is_sent_answered_changed_read_and_deleted()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var toBoris = Person(Seed.Anna, Seed.Boris);
        var toAnna = Person(Seed.Boris, Seed.Anna);

        var text = FormattedText.FromHtml("Good <b>day</b>, <a href=\"tg://user?id=1000001\">me</a>");
        var sent = await anna.Client.SendTextAsync(toBoris, text, new SendOptions { RandomId = 1 }, Token);
        var received = await boris.NextMessageAsync();
        Assert.Equal("Good day, me", received.MessageValue);
        Assert.Collection(
            received.Entities!,
            entity => Assert.IsType<MessageEntityBold>(entity),
            entity => Assert.Equal(Seed.Anna, Assert.IsType<MessageEntityMentionName>(entity).UserId));

        await boris.Client.SetTypingAsync(toAnna, null, new SendMessageTypingAction(), Token);
        Assert.Equal(Seed.Boris, (await anna.NextAsync<UpdateUserTyping>()).UserId);
        await boris.Client.MarkReadAsync(toAnna, received.Id, Token);
        Assert.Equal(sent.MessageId, (await anna.NextAsync<UpdateReadHistoryOutbox>()).MaxId);

        await boris.Client.SendTextAsync(toAnna, FormattedText.Plain("And to you"), new SendOptions { RandomId = 2, ReplyTo = received.Id }, Token);
        var answer = (Message)(await anna.NextAsync<UpdateNewMessage>(update => update.Message is Message { Out: false })).Message;
        Assert.Equal(sent.MessageId, Assert.IsType<MessageReplyHeader>(answer.ReplyTo).ReplyToMsgId);

        await anna.Client.EditTextAsync(toBoris, sent.MessageId, FormattedText.FromMarkdown("Good _evening_"), Token);
        var edited = (Message)(await boris.NextAsync<UpdateEditMessage>()).Message;
        Assert.Equal((received.Id, "Good evening"), (edited.Id, edited.MessageValue));
        Assert.NotNull(edited.EditDate);
        await RefusedAsync("MESSAGE_NOT_MODIFIED", anna.Client.EditTextAsync(toBoris, sent.MessageId, FormattedText.FromMarkdown("Good _evening_"), Token));
        await RefusedAsync("MESSAGE_AUTHOR_REQUIRED", boris.Client.EditTextAsync(toAnna, received.Id, FormattedText.Plain("Mine"), Token));

        await anna.Client.DeleteMessagesAsync(toBoris, [sent.MessageId], forEverybody: true, Token);
        Assert.Equal([received.Id], (await boris.NextAsync<UpdateDeleteMessages>()).Messages);
        Assert.IsType<MessageEmpty>(Assert.Single(await boris.Client.GetMessagesAsync(toAnna, [received.Id], Token)));
        // Each position was taken from the results and updates alone: nothing had to be asked for.
        var state = await anna.Client.GetStateAsync(Token);
        await anna.Client.SendTextAsync(toBoris, FormattedText.Plain("Last"), new SendOptions { RandomId = 3 }, Token);
        await anna.NextAsync<UpdateNewMessage>(update => update.Message is Message { MessageValue: "Last" });
        Assert.Equal(state.Pts + 1, anna.State!.Pts);
    }

    [Fact]
    public async Task Messages_are_forwarded_with_and_without_their_author()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        Anna.Send(PeerRef.User(Seed.Boris), "Pass it on");
        var original = await boris.NextMessageAsync();
        await using var vera = await OurClient.SignedInAsync(Sandbox, "vera");
        await vera.ReceiveAsync();

        await boris.Client.ForwardAsync(Person(Seed.Boris, Seed.Anna), [original.Id], [1], Person(Seed.Boris, Seed.Vera), null, withoutAuthor: false, Token);
        var first = await vera.NextMessageAsync();
        await boris.Client.ForwardAsync(Person(Seed.Boris, Seed.Anna), [original.Id], [2], Person(Seed.Boris, Seed.Vera), null, withoutAuthor: true, Token);
        var second = await vera.NextMessageAsync();

        Assert.Equal(("Pass it on", Seed.Anna), (first.MessageValue, Assert.IsType<PeerUser>(Assert.IsType<MessageFwdHeader>(first.FwdFrom).FromId).UserId));
        Assert.Equal(("Pass it on", null), (second.MessageValue, second.FwdFrom));
        await RefusedAsync(
            "RANDOM_ID_DUPLICATE",
            boris.Client.ForwardAsync(Person(Seed.Boris, Seed.Anna), [original.Id], [2], Person(Seed.Boris, Seed.Vera), null, withoutAuthor: true, Token));
    }

    [Fact]
    public async Task A_message_is_pinned_by_whoever_may_and_the_room_says_so()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        var sent = await boris.Client.SendTextAsync(Room(Seed.Boris, Seed.Town), FormattedText.Plain("Read this"), new SendOptions { RandomId = 1 }, Token);

        await boris.Client.PinMessageAsync(Room(Seed.Boris, Seed.Town), sent.MessageId, pinned: true, silently: true, Token);

        var pinned = await anna.NextAsync<UpdatePinnedChannelMessages>();
        Assert.Equal((true, sent.MessageId), (pinned.Pinned, pinned.Messages.Single()));
        var full = (ChannelFull)(await anna.Client.GetFullChatAsync(Room(Seed.Anna, Seed.Town), Token)).FullChat;
        Assert.Equal(sent.MessageId, full.PinnedMsgId);
        await RefusedAsync("CHAT_ADMIN_REQUIRED", anna.Client.PinMessageAsync(Room(Seed.Anna, Seed.Town), sent.MessageId, pinned: false, silently: true, Token));
        await boris.Client.UnpinAllAsync(Room(Seed.Boris, Seed.Town), null, Token);
        Assert.False((await anna.NextAsync<UpdatePinnedChannelMessages>()).Pinned);
    }

    [Fact]
    public async Task A_scheduled_message_waits_is_listed_taken_back_and_sent_before_its_time()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var toBoris = Person(Seed.Anna, Seed.Boris);
        var later = TimeProvider.System.GetUtcNow().AddHours(1);

        var first = await anna.Client.SendTextAsync(toBoris, FormattedText.Plain("Later"), new SendOptions { RandomId = 1, ScheduledFor = later }, Token);
        var second = await anna.Client.SendTextAsync(toBoris, FormattedText.Plain("Never"), new SendOptions { RandomId = 2, ScheduledFor = later }, Token);
        Assert.Equal(["Later", "Never"], (await anna.Client.GetScheduledAsync(toBoris, Token)).OfType<Message>().Select(message => message.MessageValue).Order());
        Assert.Empty(Boris.Messages(PeerRef.User(Seed.Anna)));

        await anna.Client.DeleteScheduledAsync(toBoris, [second.MessageId], Token);
        await anna.Client.SendScheduledNowAsync(toBoris, [first.MessageId], Token);

        Assert.Equal("Later", (await boris.NextMessageAsync()).MessageValue);
        Assert.Empty(await anna.Client.GetScheduledAsync(toBoris, Token));
    }

    [Fact]
    public async Task A_room_is_left_and_joined_again_by_its_link_and_by_its_name()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        var link = await boris.Client.MakeInviteAsync(Room(Seed.Boris, Seed.Town), Token);
        Assert.IsType<ChatInviteAlready>(await anna.Client.CheckInviteAsync(link, Token));

        await anna.Client.LeaveAsync(Room(Seed.Anna, Seed.Town), Token);
        var invite = Assert.IsType<ChatInvite>(await anna.Client.CheckInviteAsync(link, Token));
        Assert.Equal(("Town square", true), (invite.Title, invite.Megagroup));
        Assert.Equal(Seed.Town, Assert.IsType<Channel>(await anna.Client.JoinByInviteAsync(link, Token)).Id);
        await RefusedAsync("USER_ALREADY_PARTICIPANT", anna.Client.JoinByInviteAsync(link, Token));
        await RefusedAsync("INVITE_HASH_INVALID", anna.Client.JoinByInviteAsync("https://t.me/+unknown", Token));

        await anna.Client.LeaveAsync(Room(Seed.Anna, Seed.Town), Token);
        Assert.Equal(Seed.Town, Assert.IsType<Channel>(await anna.Client.JoinAsync(Room(Seed.Anna, Seed.Town), Token)).Id);
        await boris.Client.LeaveAsync(new PeerAddress(new PeerKey(PeerKind.Chat, Seed.Office), null), Token);
        Assert.DoesNotContain(Seed.Boris, Sandbox.World.MembersOf(PeerRef.Group(Seed.Office)));
    }

    [Fact]
    public async Task Dialogs_members_and_rights_are_told()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        var dialogs = new List<DialogBase>();
        await foreach (var page in boris.Client.GetDialogsAsync(Token))
            dialogs.AddRange(((MessagesDialogs)page).Dialogs);
        Assert.Equal(3, dialogs.Count);

        var members = new List<ChannelParticipantBase>();
        await foreach (var page in boris.Client.GetParticipantsAsync(Room(Seed.Boris, Seed.Town), new ChannelParticipantsRecent(), Token))
            members.AddRange(page.Participants);
        Assert.Equal(8, members.Count);

        Assert.True((await boris.Client.GetOwnRightsAsync(Room(Seed.Boris, Seed.Town), Token))!.PinMessages);
        Assert.Null(await boris.Client.GetOwnRightsAsync(Room(Seed.Boris, Seed.News), Token));
    }

    [Fact]
    public async Task A_forum_has_topics_that_are_begun_changed_written_to_read_and_deleted()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        var (town, hers) = (Room(Seed.Boris, Seed.Town), Room(Seed.Anna, Seed.Town));
        await RefusedAsync("CHANNEL_FORUM_MISSING", boris.Client.CreateTopicAsync(town, "Roads", null, 1, Token));
        await boris.Client.ToggleForumAsync(town, enabled: true, Token);

        var topic = (await boris.Client.CreateTopicAsync(town, "Roads", 0x6fb9f0, 1, Token)).MessageId;
        var begun = (MessageService)(await anna.NextAsync<UpdateNewChannelMessage>(update => update.Message is MessageService)).Message;
        Assert.Equal((topic, "Roads"), (begun.Id, Assert.IsType<MessageActionTopicCreate>(begun.Action).Title));

        var sent = await anna.Client.SendTextAsync(hers, FormattedText.Plain("A hole"), new SendOptions { RandomId = 2, TopicId = topic }, Token);
        var received = await boris.NextMessageAsync();
        var header = Assert.IsType<MessageReplyHeader>(received.ReplyTo);
        Assert.Equal((true, topic), (header.ForumTopic, header.ReplyToMsgId));
        await anna.Client.SendTextAsync(hers, FormattedText.Plain("In general"), new SendOptions { RandomId = 3 }, Token);

        var topics = await TopicsAsync(boris, town);
        Assert.Equal(["General", "Roads"], topics.Select(found => found.Title).Order());
        Assert.Equal((1, sent.MessageId), topics.Where(found => found.Id == topic).Select(found => (found.UnreadCount, found.TopMessage)).Single());
        await boris.Client.MarkTopicReadAsync(town, topic, sent.MessageId, Token);
        Assert.Equal(0, (await TopicsAsync(boris, town)).Single(found => found.Id == topic).UnreadCount);

        await boris.Client.EditTopicAsync(town, topic, "Streets", closed: true, hidden: null, Token);
        await RefusedAsync("TOPIC_CLOSED", anna.Client.SendTextAsync(hers, FormattedText.Plain("Another"), new SendOptions { RandomId = 4, TopicId = topic }, Token));
        await boris.Client.PinTopicAsync(town, topic, pinned: true, Token);
        var changed = Assert.IsType<ForumTopic>(Assert.Single((await anna.Client.GetTopicsByIdAsync(hers, [topic], Token)).Topics));
        Assert.Equal(("Streets", true, true), (changed.Title, changed.Closed, changed.Pinned));

        await boris.Client.DeleteTopicAsync(town, topic, Token);
        Assert.IsType<ForumTopicDeleted>(Assert.Single((await anna.Client.GetTopicsByIdAsync(hers, [topic], Token)).Topics));
        Assert.Contains(sent.MessageId, (await anna.NextAsync<UpdateDeleteChannelMessages>()).Messages);
    }

    private static async Task<List<ForumTopic>> TopicsAsync(OurClient client, PeerAddress room)
    {
        var topics = new List<ForumTopic>();
        await foreach (var page in client.Client.GetTopicsAsync(room, null, Token))
            topics.AddRange(page.Topics.OfType<ForumTopic>());
        return topics;
    }

    private static async Task RefusedAsync<T>(string name, T call)
        where T : Task =>
        Assert.Equal(name, (await Assert.ThrowsAsync<RpcException>(() => call)).Name);

    private PeerAddress Person(long viewer, long person) =>
        new(new PeerKey(PeerKind.User, person), Sandbox.World.AccessHash(viewer, PeerRef.User(person)));

    private PeerAddress Room(long viewer, long channel) =>
        new(new PeerKey(PeerKind.Channel, channel), Sandbox.World.AccessHash(viewer, PeerRef.Channel(channel)));
}
