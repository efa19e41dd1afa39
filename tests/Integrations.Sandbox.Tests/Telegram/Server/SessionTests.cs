using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class SessionTests : ServerTest
{
    [Fact]
    public async Task A_new_session_is_announced_once()
    {
        var client = await ConnectAsync();
        var id = await client.SendAsync(new Ping { PingId = 1 });
        var created = await client.NextAsync<NewSessionCreated>();
        await client.SendAsync(new Ping { PingId = 2 });

        Assert.Equal(id, created.FirstMsgId);
        Assert.DoesNotContain(await client.RestAsync(), message => message.Read() is NewSessionCreated);
    }

    [Fact]
    public async Task An_answer_that_was_not_acknowledged_comes_again_on_the_next_connection_inside_a_container()
    {
        var client = await SignedInAsync(AnnasPhone);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.LoseAnswer, Method = "updates.getState" });
        var id = await client.StartAsync(new UpdatesGetState());
        Assert.Contains(id, (await client.NextAsync<MsgsAck>()).MsgIds);
        client.Abort();

        var again = Own(await client.ReconnectAsync());
        await again.SendAsync(new Ping { PingId = 5 });

        var answer = await again.NextAsync(message => message.Constructor == RpcResult.Id && BitConverter.ToInt64(message.Body, 4) == id);
        Assert.True(answer.InContainer);
    }

    [Fact]
    public async Task What_was_acknowledged_does_not_come_again()
    {
        var client = await SignedInAsync(AnnasPhone);
        var id = await client.StartAsync(new UpdatesGetState());
        var answer = await client.NextAsync(message => message.Constructor == RpcResult.Id && BitConverter.ToInt64(message.Body, 4) == id);
        await client.SendAsync(new MsgsAck { MsgIds = [answer.Id] }, isContent: false);
        await client.RestAsync();
        client.Abort();

        var again = Own(await client.ReconnectAsync());
        await again.SendAsync(new Ping { PingId = 5 });

        Assert.DoesNotContain(await again.RestAsync(), message => message.Id == answer.Id);
    }

    [Fact]
    public async Task An_update_that_came_while_the_client_was_away_waits_for_it()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        client.Abort();
        Boris.Send(PeerRef.User(Seed.Anna), "While you were away");

        var again = Own(await client.ReconnectAsync());
        await again.SendAsync(new Ping { PingId = 5 });

        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await again.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal("While you were away", ((Message)update.Message).MessageValue);
    }

    [Fact]
    public async Task After_a_long_absence_the_client_is_told_that_it_is_too_much()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new UpdatesGetState());
        var elsewhere = await SignedInAsync(AnnasPhone);
        client.Abort();
        for (var i = 0; i < 150; i++)
            Boris.Send(PeerRef.User(Seed.Anna), $"Message {i}");
        // What another device has been told of has been kept for this one too.
        while ((await elsewhere.NextAsync<UpdateShortMessage>()).Message != "Message 149")
        {
        }

        var again = Own(await client.ReconnectAsync());
        await again.SendAsync(new Ping { PingId = 5 });

        await again.NextAsync<UpdatesTooLong>();
    }

    [Fact]
    public async Task The_server_may_forget_a_session_and_then_announces_it_anew()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.NextAsync<NewSessionCreated>();
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.ForgetSessions });

        await client.InvokeAsync(new UpdatesGetState());

        await client.NextAsync<NewSessionCreated>();
    }

    [Fact]
    public async Task The_state_of_messages_is_told()
    {
        var client = await ConnectAsync();
        var received = await client.StartAsync(new HelpGetConfig());
        var between = client.Ids.Next();
        await client.SendAsync(new Ping { PingId = 1 });
        var future = client.Ids.Next() + (5L << 32);

        await client.SendAsync(new MsgsStateReq { MsgIds = [received, between, future] });

        var info = (await client.NextAsync<MsgsStateInfo>()).Info;
        Assert.Equal(4 | 8 | 64, info[0]);
        Assert.Equal([2, 3], info[1..]);
    }

    [Fact]
    public async Task Messages_are_sent_again_on_request()
    {
        var client = await ConnectAsync();
        var id = await client.StartAsync(new HelpGetNearestDc());
        var answer = await client.NextAsync(message => message.Constructor == RpcResult.Id);

        await client.SendAsync(new MsgResendReq { MsgIds = [answer.Id] });

        var again = await client.NextAsync(message => message.Constructor == RpcResult.Id);
        Assert.Equal((answer.Id, id, true), (again.Id, BitConverter.ToInt64(again.Body, 4), again.InContainer));
    }

    [Fact]
    public async Task An_answer_may_be_dropped()
    {
        var client = await ConnectAsync();
        var id = await client.StartAsync(new HelpGetNearestDc());
        var answer = await client.NextAsync(message => message.Constructor == RpcResult.Id);

        var drop = await client.SendAsync(new RpcDropAnswer { ReqMsgId = id });
        var dropped = Assert.IsType<RpcAnswerDropped>(TlRegistry.Read(await client.ResultBytesAsync(drop)));
        var again = await client.SendAsync(new RpcDropAnswer { ReqMsgId = id });

        Assert.Equal(answer.Id, dropped.MsgId);
        Assert.IsType<RpcAnswerUnknown>(TlRegistry.Read(await client.ResultBytesAsync(again)));
    }

    [Fact]
    public async Task Future_salts_are_given_and_work()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new GetFutureSalts { Num = 3 });

        var salts = await client.NextAsync<FutureSalts>();
        Assert.Equal(3, salts.Salts.Count);
        client.Salt = salts.Salts[0].Salt;
        await client.InvokeAsync(new HelpGetConfig());
    }

    [Fact]
    public async Task Another_session_of_the_key_is_destroyed_and_an_unknown_one_is_not()
    {
        var first = await ConnectAsync();
        await first.InvokeAsync(new HelpGetConfig());
        first.Abort();
        var second = Own(await first.ReconnectAsync(sameSession: false));

        await second.SendAsync(new DestroySession { SessionId = first.SessionId });
        await second.NextAsync<DestroySessionOk>();
        await second.SendAsync(new DestroySession { SessionId = first.SessionId });
        await second.NextAsync<DestroySessionNone>();
    }

    [Fact]
    public async Task A_destroyed_key_is_unknown()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.SendAsync(new DestroyAuthKey());
        await client.NextAsync<DestroyAuthKeyOk>();
        await client.SendAsync(new Ping { PingId = 1 });

        Assert.Equal(-404, await client.RefusalAsync());
        Assert.Empty(Anna.Devices);
    }

    [Fact]
    public async Task Without_another_ping_in_time_the_connection_is_closed()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new PingDelayDisconnect { PingId = 3, DisconnectDelay = 1 });

        Assert.Equal(3, (await client.NextAsync<Pong>()).PingId);
        await client.EndedAsync();
    }
}
