using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Session;

public sealed class ServiceMessageTests : SessionTest
{
    [Fact]
    public async Task A_bad_salt_is_replaced_and_the_call_goes_again_under_a_new_id()
    {
        var told = new TaskCompletionSource<IReadOnlyList<ServerSalt>>();
        Start(options => options.SaltsChanged = salts => told.TrySetResult(salts));
        var (call, received) = await CallAsync();
        await Server.SendAsync(
            new BadServerSalt { BadMsgId = received.MessageId, BadMsgSeqno = received.SequenceNumber, ErrorCode = 48, NewServerSalt = 4711 },
            contentRelated: false,
            answer: true);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal((77, 4711), (received.Salt, again.Salt));
        Assert.True(again.MessageId > received.MessageId);
        Assert.Equal(received.SessionId, again.SessionId);
        Assert.Contains(await told.Task, salt => salt.Value == 4711);
        Assert.Contains(Session.ExportSalts(), salt => salt.Value == 4711);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Theory]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    [InlineData(35)]
    [InlineData(64)]
    public async Task A_fault_of_our_numbering_begins_a_new_session_and_sends_again(int code)
    {
        var (call, received) = await CallAsync();
        await Server.RejectAsync(received.MessageId, code);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.NotEqual(received.SessionId, again.SessionId);
        Assert.Equal(1, again.SequenceNumber);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_message_too_old_to_be_known_is_sent_again_in_the_same_session()
    {
        var (call, received) = await CallAsync();
        await Server.RejectAsync(received.MessageId, 20);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(received.SessionId, again.SessionId);
        Assert.NotEqual(received.MessageId, again.MessageId);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task Code_16_moves_the_clock_forward_and_keeps_the_session()
    {
        Server.Ids.Offset = TimeSpan.FromMinutes(10);
        var (call, received) = await CallAsync();
        await Server.RejectAsync(received.MessageId, 16);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(received.SessionId, again.SessionId);
        Assert.Equal(Clock.GetUtcNow() + TimeSpan.FromMinutes(10), MessageIdSource.ToTime(again.MessageId));
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task Code_17_moves_the_clock_back_in_a_new_session()
    {
        Server.Ids.Offset = TimeSpan.FromMinutes(-10);
        Server.AnswersPings = false;
        var (call, received) = await CallAsync();
        await Server.RejectAsync(received.MessageId, 17);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.NotEqual(received.SessionId, again.SessionId);
        Assert.Equal(Clock.GetUtcNow() - TimeSpan.FromMinutes(10), MessageIdSource.ToTime(again.MessageId));
        Assert.True(again.MessageId < received.MessageId);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_rejection_of_something_we_never_sent_changes_nothing()
    {
        var (call, received) = await CallAsync();
        await Server.RejectAsync(received.MessageId + 4000, 32);
        await Server.SendAsync(
            new BadServerSalt { BadMsgId = received.MessageId + 4000, BadMsgSeqno = 1, ErrorCode = 48, NewServerSalt = 4711 }, contentRelated: false);
        await Server.AnswerAsync(received, AState);
        await call;

        var (second, secondReceived) = await CallAsync();
        Assert.Equal((received.SessionId, 77), (secondReceived.SessionId, secondReceived.Salt));
        await Server.AnswerAsync(secondReceived, AState);
        await second;
    }

    [Fact]
    public async Task A_rejected_container_sends_all_its_messages_again()
    {
        await using var session = Server.CreateSession();
        var calls = Enumerable.Range(0, 3).Select(_ => session.InvokeAsync(new UpdatesGetState(), Token)).ToArray();
        session.Start();
        var first = new List<ClientMessage>();
        for (var i = 0; i < 3; i++)
            first.Add(await Server.NextAsync<UpdatesGetState>());

        await Server.RejectAsync(first[0].PacketId, 20);

        for (var i = 0; i < 3; i++)
        {
            var again = await Server.NextAsync<UpdatesGetState>();
            Assert.DoesNotContain(again.MessageId, first.Select(message => message.MessageId));
            await Server.AnswerAsync(again, AState);
        }

        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task A_call_that_is_rejected_for_ever_fails_in_the_end()
    {
        var call = Call();
        while (!call.IsCompleted)
        {
            var received = Server.NextAsync<UpdatesGetState>();
            if (await Task.WhenAny(call, received) == call)
                break;
            await Server.RejectAsync((await received).MessageId, 20);
        }

        Assert.Equal(20, (await Assert.ThrowsAsync<MessageRejectedException>(() => call)).Code);
    }

    [Fact]
    public async Task A_new_session_of_the_server_sends_again_what_it_never_had()
    {
        var (lost, lostReceived) = await CallAsync();
        var (kept, keptReceived) = await CallAsync();
        await Server.SendAsync(NewSession(keptReceived.PacketId, uniqueId: 1), contentRelated: true);

        var again = await Server.NextAsync<UpdatesGetState>();
        await Server.AnswerAsync(keptReceived, AState);
        await Server.AnswerAsync(again, AState);

        Assert.NotEqual(lostReceived.MessageId, again.MessageId);
        Assert.Equal(909, again.Salt);
        Assert.Equal(new UpdatesMissed(MissReason.ServerSessionCreated), await NoticeAsync());
        await Task.WhenAll(lost, kept);
    }

    [Fact]
    public async Task The_same_new_session_told_twice_counts_once()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(NewSession(received.PacketId, uniqueId: 1), contentRelated: true);
        Assert.Equal(new UpdatesMissed(MissReason.ServerSessionCreated), await NoticeAsync());
        await Server.SendAsync(NewSession(received.PacketId + 4, uniqueId: 1), contentRelated: true);
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);

        Assert.IsType<UpdatesReceived>(await NoticeAsync());
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task States_of_our_received_messages_are_told()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await call;
        var known = await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);
        await NoticeAsync();
        var request = await Server.SendAsync(new MsgsStateReq { MsgIds = [known, known + 4000] }, contentRelated: false);

        var info = (MsgsStateInfo)(await Server.NextAsync<MsgsStateInfo>()).Body;

        Assert.Equal(request, info.ReqMsgId);
        Assert.Equal([4, 3], info.Info);
    }

    [Fact]
    public async Task An_answer_that_we_lack_is_asked_for_and_one_that_we_have_is_acknowledged()
    {
        var (call, received) = await CallAsync();
        var answerId = Server.Ids.Next(MessageIdKind.ServerAnswer);
        await Server.SendAsync(
            new MsgDetailedInfo { MsgId = received.MessageId, AnswerMsgId = answerId, Bytes = 100, Status = 0 }, contentRelated: false);

        var resend = (MsgResendReq)(await Server.NextAsync<MsgResendReq>()).Body;
        Assert.Equal([answerId], resend.MsgIds);

        await Server.SendAsync(
            new RpcResult { ReqMsgId = received.MessageId, Result = AState.ToBytes() }, contentRelated: true, messageId: answerId);
        await call;
        await CallAsync();
        await Server.SendAsync(new MsgNewDetailedInfo { AnswerMsgId = answerId, Bytes = 100, Status = 0 }, contentRelated: false);
        await SettleAsync();
        await CallAsync();

        Assert.Equal(2, Server.Acknowledged.Count(id => id == answerId));
    }

    [Fact]
    public async Task A_call_that_the_server_wants_again_is_sent_again()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(new MsgResendReq { MsgIds = [received.MessageId] }, contentRelated: false);

        var again = await Server.NextAsync<UpdatesGetState>();
        Assert.NotEqual(received.MessageId, again.MessageId);
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task Salts_to_come_are_asked_for_and_used_in_their_time()
    {
        Start(options => options.Salts = []);
        var call = Call();
        var asked = await Server.NextAsync<GetFutureSalts>();
        var received = await Server.NextAsync<UpdatesGetState>();
        Assert.Equal(0, received.Salt);
        var now = (int)Clock.GetUtcNow().ToUnixTimeSeconds();
        await Server.SendAsync(
            new FutureSalts
            {
                ReqMsgId = asked.MessageId,
                Now = now,
                Salts =
                [
                    new FutureSalt { ValidSince = now - 60, ValidUntil = now + 1800, Salt = 11 },
                    new FutureSalt { ValidSince = now + 1700, ValidUntil = now + 3600, Salt = 12 },
                ],
            },
            contentRelated: false);
        await Server.AnswerAsync(received, AState);
        await call;

        var (second, secondReceived) = await CallAsync();
        Assert.Equal(11, secondReceived.Salt);
        await Server.AnswerAsync(secondReceived, AState);
        await second;

        Clock.Jump(TimeSpan.FromSeconds(1750));
        var (third, thirdReceived) = await CallAsync();
        Assert.Equal(12, thirdReceived.Salt);
        await Server.AnswerAsync(thirdReceived, AState);
        await third;
    }

    private static NewSessionCreated NewSession(long firstMessageId, long uniqueId) =>
        new() { FirstMsgId = firstMessageId, UniqueId = uniqueId, ServerSalt = 909 };
}
