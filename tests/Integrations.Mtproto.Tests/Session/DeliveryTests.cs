using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Session;

public sealed class DeliveryTests : SessionTest
{
    [Fact]
    public async Task Every_content_related_message_is_acknowledged_with_what_goes_out_next()
    {
        var (call, received) = await CallAsync();
        var answer = await Server.AnswerAsync(received.MessageId, AState.ToBytes());
        await call;
        var update = await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);
        var silent = await Server.SendAsync(new UpdatesTooLong(), contentRelated: false);
        await NoticeAsync();
        await NoticeAsync();

        await CallAsync();

        Assert.Contains(answer, Server.Acknowledged);
        Assert.Contains(update, Server.Acknowledged);
        Assert.DoesNotContain(silent, Server.Acknowledged);
    }

    [Fact]
    public async Task Acknowledgements_go_alone_after_a_while()
    {
        var (call, received) = await CallAsync();
        var answer = await Server.AnswerAsync(received.MessageId, AState.ToBytes());
        await call;

        await PassAsync(TimeSpan.FromSeconds(15));
        await Server.NextAsync<MsgsAck>();

        Assert.Equal([answer], Server.Acknowledged);
    }

    [Fact]
    public async Task Sixteen_acknowledgements_go_at_once()
    {
        var (call, received) = await CallAsync();
        var ids = new List<long>();
        for (var i = 0; i < 15; i++)
            ids.Add(await Server.SendAsync(new UpdatesTooLong(), contentRelated: true));
        ids.Add(await Server.AnswerAsync(received.MessageId, AState.ToBytes()));
        await call;

        await Server.NextAsync<MsgsAck>();

        Assert.Equal(ids, Server.Acknowledged);
    }

    [Fact]
    public async Task A_repeated_message_is_acknowledged_again_and_acted_upon_once()
    {
        var (call, received) = await CallAsync();
        var update = await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true, messageId: update);
        await Server.AnswerAsync(received, AState);
        await call;
        await CallAsync();

        Assert.IsType<UpdatesReceived>(await NoticeAsync());
        Assert.Equal(2, Server.Acknowledged.Count(id => id == update));
        var other = await Server.SendAsync(new UpdateShort { Update = new UpdateConfig(), Date = 1 }, contentRelated: true);
        Assert.IsType<UpdateShort>(Assert.IsType<UpdatesReceived>(await NoticeAsync()).Updates);
        Assert.NotEqual(update, other);
    }

    [Fact]
    public async Task A_second_answer_to_one_call_is_ignored()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await Server.RefuseAsync(received, 500, "LATE");

        Assert.Equal(AState.Pts, (await call).Pts);
    }

    [Fact]
    public async Task A_message_from_long_ago_is_ignored()
    {
        var (call, received) = await CallAsync();
        var id = MessageIdSource.FromTime(Clock.GetUtcNow() - TimeSpan.FromSeconds(301)) | 3;
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true, messageId: id);
        await Server.SendAsync(new UpdateShort { Update = new UpdateConfig(), Date = 1 }, contentRelated: true);
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.IsType<UpdateShort>(Assert.IsType<UpdatesReceived>(await NoticeAsync()).Updates);
    }

    [Fact]
    public async Task An_answer_made_before_its_question_sets_the_clock_back()
    {
        Start(options => options.ClockOffset = TimeSpan.FromMinutes(2));
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.Equal(TimeSpan.Zero, Session.ClockOffset);
    }

    [Fact]
    public async Task A_server_ahead_of_us_moves_our_clock_forward()
    {
        Server.Ids.Offset = TimeSpan.FromMinutes(7);
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.Equal(TimeSpan.FromMinutes(7), Session.ClockOffset);
    }

    [Fact]
    public async Task Updates_beyond_the_limit_are_told_as_missed()
    {
        Start(options => options.MaxNotices = 2);
        var (call, received) = await CallAsync();
        for (var i = 0; i < 5; i++)
            await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.IsType<UpdatesReceived>(await NoticeAsync());
        Assert.IsType<UpdatesReceived>(await NoticeAsync());
        Assert.Equal(new UpdatesMissed(MissReason.Overflow), await NoticeAsync());
    }

    [Fact]
    public async Task An_unreadable_message_is_told_as_missed_and_the_connection_lives_on()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true, raw: Hex.Bytes("deadbeef"));
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.Equal(new UpdatesMissed(MissReason.Unreadable), await NoticeAsync());
        Assert.Equal(1, Server.Connections);
    }

    [Fact]
    public async Task A_container_inside_a_container_is_refused()
    {
        var (call, received) = await CallAsync();
        var inner = new MsgContainer { Messages = [new ContainedMessage(Server.Ids.Next(MessageIdKind.ServerNotice), 1, new UpdatesTooLong().ToBytes())] };
        await Server.SendAsync(
            new MsgContainer { Messages = [new ContainedMessage(Server.Ids.Next(MessageIdKind.ServerNotice), 0, inner.ToBytes())] }, contentRelated: false);
        await Server.AnswerAsync(received, AState);
        await call;

        Assert.Equal(new UpdatesMissed(MissReason.Unreadable), await NoticeAsync());
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task A_call_without_an_answer_is_asked_after_and_sent_again_when_the_server_lacks_it(byte state, bool again)
    {
        var (call, received) = await CallAsync();
        // The first ping's pong must have been heard, or the leap of the clock makes it late and the connection dead.
        await SettleAsync();
        await PassAsync(TimeSpan.FromSeconds(10));
        var poll = await Server.NextAsync<MsgsStateReq>();
        Assert.Equal([received.MessageId], ((MsgsStateReq)poll.Body).MsgIds);
        await Server.SendAsync(new MsgsStateInfo { ReqMsgId = poll.MessageId, Info = [state] }, contentRelated: false);

        if (again)
        {
            var repeated = await Server.NextAsync<UpdatesGetState>();
            Assert.NotEqual(received.MessageId, repeated.MessageId);
            received = repeated;
        }

        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task An_answer_said_to_exist_that_never_comes_is_asked_for_by_a_new_call()
    {
        var (call, received) = await CallAsync();
        for (var i = 0; i < 2; i++)
        {
            await SettleAsync();
            await PassAsync(TimeSpan.FromSeconds(10));
            var poll = await Server.NextAsync<MsgsStateReq>();
            await Server.SendAsync(new MsgsStateInfo { ReqMsgId = poll.MessageId, Info = [4 + 64] }, contentRelated: false);
        }

        var again = await Server.NextAsync<UpdatesGetState>();
        Assert.NotEqual(received.MessageId, again.MessageId);
        await Server.AnswerAsync(again, AState);
        await call;
    }
}
