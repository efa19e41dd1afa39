using System.ComponentModel.DataAnnotations;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class FaultTests : ServerTest
{
    private static readonly PeerRef AnnasChat = PeerRef.User(Seed.Anna);

    [Fact]
    public async Task A_flood_wait_hits_its_method_and_person_as_often_as_asked()
    {
        var (anna, boris) = (await SignedInAsync(AnnasPhone), await SignedInAsync(BorissPhone));
        Break(new Fault { Kind = FaultKind.FloodWait, Person = Seed.Anna, Method = "messages.sendMessage", Seconds = 7, Times = 2 });

        await boris.InvokeAsync(Message(PeerOf(Seed.Boris, Seed.Anna), "Not me"));
        await anna.InvokeAsync(new UpdatesGetState());
        for (var i = 0; i < 2; i++)
            Assert.Equal(420, (await RefusedAsync("FLOOD_WAIT_7", anna.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Me")))).Code);
        await anna.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "At last"));
        Assert.Equal("At last", Assert.Single(Anna.Messages(PeerRef.User(Seed.Boris)), message => message.Out).Text);
    }

    [Fact]
    public async Task A_code_request_is_matched_by_the_person_whose_number_it_names()
    {
        var client = await ConnectAsync();
        Break(new Fault { Kind = FaultKind.FloodWait, Person = Seed.Anna, Method = "auth.sendCode", Seconds = 60 });

        await client.InvokeAsync(RawClient.SendCode(BorissPhone));
        await RefusedAsync("FLOOD_WAIT_60", client.InvokeAsync(RawClient.SendCode(AnnasPhone)));
    }

    [Theory]
    [InlineData(401, "AUTH_KEY_UNREGISTERED")]
    [InlineData(401, "USER_DEACTIVATED_BAN")]
    [InlineData(500, "INTERDC_2_CALL_ERROR")]
    [InlineData(-503, "Timeout")]
    public async Task Any_error_may_be_given_until_faults_are_cleared(int code, string name)
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.RpcError, Code = code, Error = name, Times = 0 });

        for (var i = 0; i < 3; i++)
            Assert.Equal(code, (await RefusedAsync(name, client.InvokeAsync(new UpdatesGetState()))).Code);
        Sandbox.Faults.Clear();
        await client.InvokeAsync(new UpdatesGetState());
    }

    [Fact]
    public async Task A_slow_mode_wait_is_named_so()
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.SlowmodeWait, Seconds = 3, Method = "messages.sendMessage" });

        await RefusedAsync("SLOWMODE_WAIT_3", client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Slowly")));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(444)]
    public async Task A_transport_error_is_sent_in_place_of_an_answer(int code)
    {
        var client = await ConnectAsync();
        Break(new Fault { Kind = FaultKind.TransportError, Code = code });
        await client.SendAsync(new Ping { PingId = 1 });

        Assert.Equal(-code, await client.RefusalAsync());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    [InlineData(35)]
    [InlineData(64)]
    public async Task Every_complaint_about_a_message_may_be_made_and_the_message_is_not_executed(int code)
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.BadMessage, Code = code, Person = Seed.Anna });
        var id = await client.StartAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Lost"));

        var bad = await client.NextAsync<BadMsgNotification>();
        Assert.Equal((id, code), (bad.BadMsgId, bad.ErrorCode));
        await client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Kept"));
        Assert.Equal("Kept", Assert.Single(Boris.Messages(AnnasChat)).Text);
    }

    [Fact]
    public async Task A_good_salt_may_be_refused_and_all_salts_may_be_rotated()
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.BadSalt });
        await client.SendAsync(new Ping { PingId = 1 });
        client.Salt = (await client.NextAsync<BadServerSalt>()).NewServerSalt;
        await client.InvokeAsync(new UpdatesGetState());

        Break(new Fault { Kind = FaultKind.RotateSalts });
        await client.SendAsync(new Ping { PingId = 2 });
        client.Salt = (await client.NextAsync<BadServerSalt>()).NewServerSalt;
        await client.InvokeAsync(new UpdatesGetState());
    }

    [Theory]
    [InlineData(FaultKind.CloseConnection)]
    [InlineData(FaultKind.ResetConnection)]
    public async Task Connections_may_be_ended_at_once_for_one_person(FaultKind kind)
    {
        var (anna, boris) = (await SignedInAsync(AnnasPhone), await SignedInAsync(BorissPhone));
        Break(new Fault { Kind = kind, Person = Seed.Anna });

        await anna.EndedAsync();
        await boris.InvokeAsync(new UpdatesGetState());
        var again = Own(await anna.ReconnectAsync());
        await again.InvokeAsync(new UpdatesGetState());
    }

    [Fact]
    public async Task A_connection_ended_before_a_call_leaves_it_undone_and_one_ended_after_it_leaves_the_answer_for_later()
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.ResetConnection, Method = "messages.sendMessage" });
        await client.StartAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Before"));
        await client.EndedAsync();
        Assert.Empty(Boris.Messages(AnnasChat));

        client = Own(await client.ReconnectAsync());
        Break(new Fault { Kind = FaultKind.ResetAfterExecution, Method = "messages.sendMessage" });
        var request = Message(PeerOf(Seed.Anna, Seed.Boris), "After");
        var id = await client.StartAsync(request);
        await client.EndedAsync();
        Assert.Single(Boris.Messages(AnnasChat));
        client = Own(await client.ReconnectAsync());
        await client.SendAsync(new Ping { PingId = 1 });
        Assert.IsType<UpdateShortSentMessage>(await client.ResultAsync(request, id));
    }

    [Fact]
    public async Task A_half_open_connection_says_nothing_any_more()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        Break(new Fault { Kind = FaultKind.HalfOpen, Person = Seed.Anna });
        await client.StartAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Into nowhere"));

        var again = Own(await client.ReconnectAsync());
        await again.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Heard"));

        Assert.Equal("Heard", Assert.Single(Boris.Messages(AnnasChat)).Text);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task New_connections_may_be_refused()
    {
        Break(new Fault { Kind = FaultKind.RefuseConnections, Dc = 2 });

        // The reset comes during the connect or just after it.
        var refused = await Record.ExceptionAsync(async () => await Own(await RawClient.OpenAsync(Sandbox)).EndedAsync());
        Assert.True(refused is null or System.Net.Sockets.SocketException, refused?.ToString());

        await (await ConnectAsync()).InvokeAsync(new HelpGetConfig());
    }

    [Fact]
    public async Task An_answer_may_be_lost_doubled_or_late()
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.DuplicateAnswer, Method = "updates.getState" });
        var id = await client.StartAsync(new UpdatesGetState());
        Assert.Equal(await client.ResultBytesAsync(id), await client.ResultBytesAsync(id));

        Break(new Fault { Kind = FaultKind.DelayAnswer, Method = "updates.getState", Milliseconds = 200 });
        id = await client.StartAsync(new UpdatesGetState());
        Assert.DoesNotContain(await client.RestAsync(), message => message.Constructor == RpcResult.Id);
        await client.ResultBytesAsync(id);

        Break(new Fault { Kind = FaultKind.LoseAnswer, Method = "updates.getState" });
        id = await client.StartAsync(new UpdatesGetState());
        Assert.DoesNotContain(await client.RestAsync(), message => message.Constructor == RpcResult.Id);
        await client.SendAsync(new MsgsStateReq { MsgIds = [id] });
        Assert.Equal(64, Assert.Single((await client.NextAsync<MsgsStateInfo>()).Info) & 64);
    }

    [Fact]
    public async Task An_update_may_be_lost_and_a_difference_still_has_it()
    {
        var client = await SignedInAsync(AnnasPhone);
        var state = await client.InvokeAsync(new UpdatesGetState());
        Break(new Fault { Kind = FaultKind.LoseUpdate, Person = Seed.Anna });
        Boris.Send(AnnasChat, "Lost on the way");
        Boris.Send(AnnasChat, "Arrived");

        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await client.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal(("Arrived", state.Pts + 2), (((Message)update.Message).MessageValue, update.Pts));
        var difference = (UpdatesDifference)await client.InvokeAsync(new UpdatesGetDifference { Pts = state.Pts, Date = state.Date, Qts = 0 });
        Assert.Equal(2, difference.NewMessages.Count);
    }

    [Fact]
    public async Task Updates_may_come_twice_and_in_the_wrong_order()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        await client.InvokeAsync(new ContactsGetContacts { Hash = 0 });
        Break(new Fault { Kind = FaultKind.DuplicateUpdate, Person = Seed.Anna });
        Boris.Send(AnnasChat, "Twice");
        // The session's own person is known to it only after a first full update.
        Assert.Equal((await client.NextAsync<UpdateShortMessage>()).Pts, (await client.NextAsync<UpdateShortMessage>()).Pts);

        Break(new Fault { Kind = FaultKind.SwapUpdates, Person = Seed.Anna });
        Boris.Send(AnnasChat, "First");
        Boris.Send(AnnasChat, "Second");
        Assert.Equal("Second", (await client.NextAsync<UpdateShortMessage>()).Message);
        Assert.Equal("First", (await client.NextAsync<UpdateShortMessage>()).Message);
    }

    [Fact]
    public async Task Differences_may_be_sliced_and_too_long()
    {
        var client = await SignedInAsync(AnnasPhone);
        var state = await client.InvokeAsync(new UpdatesGetState());
        Boris.Send(AnnasChat, "One");
        Boris.Send(AnnasChat, "Two");
        var request = new UpdatesGetDifference { Pts = state.Pts, Date = state.Date, Qts = 0 };
        Break(new Fault { Kind = FaultKind.DifferenceSlices, Count = 1, Times = 0 });
        Assert.Single(((UpdatesDifferenceSlice)await client.InvokeAsync(request)).NewMessages);
        Sandbox.Faults.Clear();

        Break(new Fault { Kind = FaultKind.DifferenceTooLong });
        Assert.Equal(state.Pts + 2, ((UpdatesDifferenceTooLong)await client.InvokeAsync(request)).Pts);
    }

    [Fact]
    public async Task A_channel_may_be_too_long_and_shows_its_newest_messages()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        Break(new Fault { Kind = FaultKind.ChannelTooLong, Person = Seed.Anna });
        Boris.Send(PeerRef.Channel(Seed.Town), "Too much");

        Assert.IsType<UpdateChannelTooLong>(Assert.Single((await client.NextAsync<Updates>()).UpdatesValue));
        var answer = (UpdatesChannelDifferenceTooLong)await client.InvokeAsync(new UpdatesGetChannelDifference
        {
            Channel = ChannelOf(Seed.Anna, Seed.Town),
            Filter = new ChannelMessagesFilterEmpty(),
            Pts = 1,
            Limit = 100,
        });
        Assert.NotNull(((Dialog)answer.Dialog).Pts);
        Assert.Equal("Too much", ((Message)answer.Messages[0]).MessageValue);
    }

    [Fact]
    public async Task The_servers_clock_may_be_wrong()
    {
        var client = await ConnectAsync();
        Break(new Fault { Kind = FaultKind.ClockSkew, Seconds = 600, Times = 0 });
        await client.SendAsync(new Ping { PingId = 1 });

        Assert.Equal(16, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
        client.Ids.Offset = TimeSpan.FromSeconds(600);
        await client.SendAsync(new Ping { PingId = 2 });
        var pong = await client.NextAsync(message => message.Constructor is 0x347773c5 or 0xedab447b);
        Assert.True((pong.Id >> 32) > DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 500);
    }

    [Fact]
    public async Task A_person_may_be_signed_out_behind_the_clients_back()
    {
        var client = await SignedInAsync(AnnasPhone);
        Break(new Fault { Kind = FaultKind.SignOut, Person = Seed.Anna });

        await RefusedAsync("AUTH_KEY_UNREGISTERED", client.InvokeAsync(new UpdatesGetState()));
    }

    [Fact]
    public void A_fault_that_lacks_what_its_kind_needs_is_refused()
    {
        foreach (var kind in new[] { FaultKind.FloodWait, FaultKind.RpcError, FaultKind.BadMessage, FaultKind.DifferenceSlices, FaultKind.SignOut })
            Assert.Throws<ValidationException>(() => Break(new Fault { Kind = kind }));
        Assert.Empty(Sandbox.Faults.Active);
    }

    private void Break(Fault fault) => Sandbox.Faults.Add(fault);
}
