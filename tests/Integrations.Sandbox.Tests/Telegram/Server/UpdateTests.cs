using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class UpdateTests : ServerTest
{
    private static readonly PeerRef AnnasChat = PeerRef.User(Seed.Anna);

    [Fact]
    public async Task A_message_is_pushed_in_full_at_first_and_in_short_once_its_sender_is_known()
    {
        var client = await SignedInAsync(AnnasPhone);
        var before = (await client.InvokeAsync(new UpdatesGetState())).Pts;
        Boris.Send(AnnasChat, "First");
        Boris.Send(AnnasChat, "Second");

        var full = await client.NextAsync<Updates>();
        var message = (Message)Assert.IsType<UpdateNewMessage>(Assert.Single(full.UpdatesValue)).Message;
        Assert.Equal(("First", Seed.Boris), (message.MessageValue, ((PeerUser)message.PeerId).UserId));
        Assert.Null(message.FromId);
        Assert.Contains(full.Users, user => user is User { Id: Seed.Boris, AccessHash: not null });
        var brief = await client.NextAsync<UpdateShortMessage>();
        Assert.Equal(("Second", Seed.Boris, before + 2, 1), (brief.Message, brief.UserId, brief.Pts, brief.PtsCount));
    }

    [Fact]
    public async Task A_message_reaches_the_other_sessions_of_its_sender_but_not_its_own()
    {
        var (sender, other) = (await SignedInAsync(AnnasPhone), await SignedInAsync(AnnasPhone));
        await other.InvokeAsync(new UpdatesGetState());
        var sent = (UpdateShortSentMessage)await sender.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "From me", randomId: 42));

        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await other.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal((sent.Id, sent.Pts), (((Message)update.Message).Id, update.Pts));
        Assert.True(((Message)update.Message).Out);
        Assert.DoesNotContain(await sender.RestAsync(), message => message.Read() is UpdatesBase);
        Assert.Equal("42", Anna.Messages(PeerRef.User(Seed.Boris))[^1].RandomId);
    }

    [Fact]
    public async Task Nothing_is_pushed_to_a_session_that_asked_for_no_updates()
    {
        var client = await SignedInAsync(AnnasPhone);
        client.Abort();
        var quiet = Own(await client.ReconnectAsync(sameSession: false));
        await quiet.StartAsync(new InvokeWithoutUpdates { Query = new UpdatesGetState() });
        await quiet.RestAsync();

        Boris.Send(AnnasChat, "Not for you");

        Assert.DoesNotContain(await quiet.RestAsync(), message => message.Read() is UpdatesBase);
    }

    [Fact]
    public async Task A_random_id_is_sent_once()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Once", randomId: 7));

        await RefusedAsync("RANDOM_ID_DUPLICATE", client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Once", randomId: 7)));
        Assert.Single(Boris.Messages(AnnasChat));
    }

    [Fact]
    public async Task The_difference_has_what_was_missed_with_the_random_id_of_own_messages()
    {
        var client = await SignedInAsync(AnnasPhone);
        var state = await client.InvokeAsync(new UpdatesGetState());
        Boris.Send(AnnasChat, "From Boris");
        await client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "From Anna", randomId: 99));
        Boris.Read(AnnasChat);

        var difference = (UpdatesDifference)await client.InvokeAsync(new UpdatesGetDifference { Pts = state.Pts, Date = state.Date, Qts = 0 });

        Assert.Equal(["From Boris", "From Anna"], difference.NewMessages.Cast<Message>().Select(message => message.MessageValue));
        Assert.Contains(difference.OtherUpdates, update => update is UpdateMessageID { RandomId: 99 });
        Assert.Contains(difference.OtherUpdates, update => update is UpdateReadHistoryOutbox);
        Assert.Equal(state.Pts + 3, difference.State.Pts);
        Assert.IsType<UpdatesDifferenceEmpty>(
            await client.InvokeAsync(new UpdatesGetDifference { Pts = difference.State.Pts, Date = state.Date, Qts = 0 }));
    }

    [Fact]
    public async Task A_difference_over_the_clients_limit_is_too_long()
    {
        var client = await SignedInAsync(AnnasPhone);
        var state = await client.InvokeAsync(new UpdatesGetState());
        for (var i = 0; i < 5; i++)
            Boris.Send(AnnasChat, $"Message {i}");

        var slice = (UpdatesDifferenceSlice)await client.InvokeAsync(
            new UpdatesGetDifference { Pts = state.Pts, PtsLimit = 2, Date = state.Date, Qts = 0 });
        var tooLong = (UpdatesDifferenceTooLong)await client.InvokeAsync(
            new UpdatesGetDifference { Pts = state.Pts, PtsTotalLimit = 3, Date = state.Date, Qts = 0 });

        Assert.Equal((2, state.Pts + 2), (slice.NewMessages.Count, slice.IntermediateState.Pts));
        Assert.Equal(state.Pts + 5, tooLong.Pts);
    }

    [Fact]
    public async Task A_post_in_a_supergroup_is_pushed_to_its_members_with_the_channels_own_pts()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        Boris.Send(PeerRef.Channel(Seed.Town), "To all");

        var updates = await client.NextAsync<Updates>();
        var update = Assert.IsType<UpdateNewChannelMessage>(Assert.Single(updates.UpdatesValue));
        Assert.Equal("To all", ((Message)update.Message).MessageValue);
        Assert.Contains(updates.Chats, chat => chat is Channel { Id: Seed.Town, Megagroup: true });
        var difference = (UpdatesChannelDifference)await client.InvokeAsync(new UpdatesGetChannelDifference
        {
            Channel = ChannelOf(Seed.Anna, Seed.Town),
            Filter = new ChannelMessagesFilterEmpty(),
            Pts = update.Pts - 1,
            Limit = 100,
        });
        Assert.True(difference.Final);
        Assert.Equal(update.Pts, difference.Pts);
        Assert.Equal("To all", ((Message)Assert.Single(difference.NewMessages)).MessageValue);
    }

    [Fact]
    public async Task Sending_to_a_supergroup_answers_with_the_message_and_its_number()
    {
        var client = await SignedInAsync(AnnasPhone);
        var channel = ChannelOf(Seed.Anna, Seed.Town);
        var peer = new InputPeerChannel { ChannelId = channel.ChannelId, AccessHash = channel.AccessHash };

        var updates = (Updates)await client.InvokeAsync(Message(peer, "Hello town", randomId: 11));

        var numbered = Assert.IsType<UpdateMessageID>(updates.UpdatesValue[0]);
        var message = (Message)Assert.IsType<UpdateNewChannelMessage>(updates.UpdatesValue[1]).Message;
        Assert.Equal((11, message.Id, true), (numbered.RandomId, numbered.Id, message.Out));
    }

    [Fact]
    public async Task Reading_tells_the_writer_and_the_readers_other_sessions()
    {
        var (anna, boris) = (await SignedInAsync(AnnasPhone), await SignedInAsync(BorissPhone));
        var reader = await SignedInAsync(BorissPhone);
        await boris.InvokeAsync(new UpdatesGetState());
        await reader.InvokeAsync(new UpdatesGetState());
        var sent = (UpdateShortSentMessage)await anna.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Read me"));
        var got = (Message)((UpdateNewMessage)(await reader.NextAsync<Updates>()).UpdatesValue[0]).Message;

        await reader.InvokeAsync(new MessagesReadHistory { Peer = PeerOf(Seed.Boris, Seed.Anna), MaxId = got.Id });

        var outbox = await NextUpdateAsync<UpdateReadHistoryOutbox>(anna);
        Assert.Equal(sent.Id, outbox.MaxId);
        Assert.Equal(got.Id, (await NextUpdateAsync<UpdateReadHistoryInbox>(boris)).MaxId);
    }

    [Fact]
    public async Task Typing_is_shown_to_the_other_side()
    {
        var (anna, boris) = (await SignedInAsync(AnnasPhone), await SignedInAsync(BorissPhone));
        await boris.InvokeAsync(new UpdatesGetState());
        await anna.InvokeAsync(new MessagesSetTyping { Peer = PeerOf(Seed.Anna, Seed.Boris), Action = new SendMessageTypingAction() });

        Assert.Equal(Seed.Anna, Assert.IsType<UpdateUserTyping>((await boris.NextAsync<UpdateShort>()).Update).UserId);
    }

    [Fact]
    public async Task An_access_hash_of_somebody_else_opens_nothing()
    {
        var client = await SignedInAsync(AnnasPhone);
        await RefusedAsync("PEER_ID_INVALID", client.InvokeAsync(Message(PeerOf(Seed.Vera, Seed.Boris), "Hello?")));
        await RefusedAsync("PEER_ID_INVALID", client.InvokeAsync(Message(PeerOf(Seed.Anna, 5), "Hello?")));
        await RefusedAsync("CHANNEL_INVALID", client.InvokeAsync(new ChannelsGetFullChannel { Channel = ChannelOf(Seed.Vera, Seed.Town) }));
    }

    [Fact]
    public async Task People_are_found_by_name_number_and_in_the_phone_book()
    {
        var client = await SignedInAsync(AnnasPhone);
        var byName = await client.InvokeAsync(new ContactsResolveUsername { Username = "boris" });
        var byNumber = await client.InvokeAsync(new ContactsResolvePhone { Phone = "+9996610004" });
        var contacts = (ContactsContacts)await client.InvokeAsync(new ContactsGetContacts { Hash = 0 });

        Assert.Equal(Seed.Boris, ((PeerUser)byName.Peer).UserId);
        Assert.Equal(Seed.Gleb, ((PeerUser)byNumber.Peer).UserId);
        Assert.Equal([Seed.Boris, Seed.Vera], contacts.Contacts.Select(contact => contact.UserId));
        await RefusedAsync("USERNAME_NOT_OCCUPIED", client.InvokeAsync(new ContactsResolveUsername { Username = "nobody_here" }));
        await RefusedAsync("USERNAME_INVALID", client.InvokeAsync(new ContactsResolveUsername { Username = "a b" }));
        await RefusedAsync("PHONE_NOT_OCCUPIED", client.InvokeAsync(new ContactsResolvePhone { Phone = "9996629999" }));
    }

    [Fact]
    public async Task Dialogs_and_history_show_what_the_phone_shows()
    {
        var client = await SignedInAsync(AnnasPhone);
        Boris.Send(AnnasChat, "One");
        Boris.Send(AnnasChat, "Two");

        var dialogs = (MessagesDialogs)await client.InvokeAsync(new MessagesGetDialogs { OffsetPeer = new InputPeerEmpty(), OffsetDate = 0, OffsetId = 0, Limit = 50, Hash = 0 });
        var page = (MessagesDialogsSlice)await client.InvokeAsync(new MessagesGetDialogs { OffsetPeer = new InputPeerEmpty(), OffsetDate = 0, OffsetId = 0, Limit = 1, Hash = 0 });
        var history = (MessagesMessagesSlice)await client.InvokeAsync(
            new MessagesGetHistory { Peer = PeerOf(Seed.Anna, Seed.Boris), OffsetId = 0, OffsetDate = 0, AddOffset = 0, Limit = 1, MaxId = 0, MinId = 0, Hash = 0 });

        Assert.Equal(2, ((Dialog)dialogs.Dialogs.Single(dialog => ((Dialog)dialog).Peer is PeerUser { UserId: Seed.Boris })).UnreadCount);
        Assert.Equal(dialogs.Dialogs.Count, page.Count);
        Assert.Equal((2, "Two"), (history.Count, ((Message)Assert.Single(history.Messages)).MessageValue));
    }

    private static async Task<T> NextUpdateAsync<T>(RawClient client)
        where T : Update
    {
        while (true)
        {
            if ((await client.NextAsync<Updates>()).UpdatesValue.OfType<T>().FirstOrDefault() is { } found)
                return found;
        }
    }
}
