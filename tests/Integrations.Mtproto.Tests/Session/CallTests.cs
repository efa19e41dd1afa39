using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Session;

public sealed class CallTests : SessionTest
{
    [Fact]
    public async Task A_call_is_answered()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);

        Assert.Equal(AState.Pts, (await call).Pts);
        Assert.Equal(1, received.SequenceNumber & 1);
        Assert.Equal(77, received.Salt);
        Assert.Equal(0, Session.PendingCalls);
    }

    [Fact]
    public async Task A_refusal_is_thrown_with_its_name_parsed()
    {
        var (call, received) = await CallAsync();
        await Server.RefuseAsync(received, 420, "FLOOD_WAIT_42");

        var error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal((420, "FLOOD_WAIT", 42, "updates.getState"), (error.Code, error.Type, error.Argument, error.Method));
    }

    [Fact]
    public async Task Answers_may_come_in_any_order_and_in_one_container()
    {
        var (first, firstReceived) = await CallAsync();
        var (second, secondReceived) = await CallAsync();
        var answers = new[] { (secondReceived, 2), (firstReceived, 1) }.Select(pair => new ContainedMessage(
            Server.Ids.Next(Mtproto.Envelope.MessageIdKind.ServerAnswer),
            1,
            new RpcResult { ReqMsgId = pair.Item1.MessageId, Result = State(pair.Item2).ToBytes() }.ToBytes()));
        await Server.SendAsync(new MsgContainer { Messages = [.. answers] }, contentRelated: false);

        Assert.Equal((1, 2), ((await first).Pts, (await second).Pts));
    }

    [Fact]
    public async Task A_caller_that_blocks_does_not_hold_up_those_whose_answers_came_with_his()
    {
        var (first, firstReceived) = await CallAsync();
        var (second, secondReceived) = await CallAsync();
        using var secondWentOn = new ManualResetEventSlim();
        var blocked = BlocksUntil(secondWentOn, first);
        _ = second.ContinueWith(_ => secondWentOn.Set(), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await AnswerTogetherAsync(firstReceived, secondReceived);

        while (await Task.WhenAny(blocked, Clock.WhenTimerAsync(AnswerQueue.Patience, Token)) != blocked)
            Clock.Advance(AnswerQueue.Patience);

        Assert.True(await blocked);
    }

    [Fact]
    public async Task What_a_caller_asks_next_goes_out_though_the_one_after_him_blocks()
    {
        var (first, firstReceived) = await CallAsync();
        var (second, secondReceived) = await CallAsync();
        using var nextWentOut = new ManualResetEventSlim();
        _ = first.ContinueWith(
            _ => Session.InvokeAsync(new UpdatesGetState(), Token), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var blocked = BlocksUntil(nextWentOut, second);
        await AnswerTogetherAsync(firstReceived, secondReceived);

        var next = Server.NextAsync<UpdatesGetState>();
        while (await Task.WhenAny(next, Clock.WhenTimerAsync(AnswerQueue.Patience, Token)) != next)
            Clock.Advance(AnswerQueue.Patience);
        nextWentOut.Set();

        Assert.True(await blocked);
    }

    [Fact]
    public async Task The_end_of_the_session_lets_those_go_on_who_are_behind_a_caller_that_blocks()
    {
        var (first, firstReceived) = await CallAsync();
        var (second, secondReceived) = await CallAsync();
        using var secondWentOn = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = first.ContinueWith(_ => began.SetResult(), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var blocked = BlocksUntil(secondWentOn, first);
        _ = second.ContinueWith(_ => secondWentOn.Set(), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await AnswerTogetherAsync(firstReceived, secondReceived);
        await began.Task;

        await Session.DisposeAsync();

        Assert.True(await blocked);
    }

    private static Task<bool> BlocksUntil(ManualResetEventSlim happened, Task call) =>
        call.ContinueWith(
            _ => happened.Wait(TimeSpan.FromSeconds(60), Token), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task AnswerTogetherAsync(params ClientMessage[] calls)
    {
        var answers = calls.Select(call => new ContainedMessage(
            Server.Ids.Next(Mtproto.Envelope.MessageIdKind.ServerAnswer), 1, new RpcResult { ReqMsgId = call.MessageId, Result = AState.ToBytes() }.ToBytes()));
        await Server.SendAsync(new MsgContainer { Messages = [.. answers] }, contentRelated: false);
    }

    [Fact]
    public async Task Neither_request_nor_answer_is_kept_once_the_caller_has_it()
    {
        var (request, answer) = await AskAsync();
        await SettleAsync();
        // Off the stack that let the caller go on, where code that is not optimised yet keeps what it no longer needs.
        await Task.Yield();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The packet that carried the call is still remembered, for the server may complain of it.
        Assert.False(request.IsAlive);
        Assert.False(answer.IsAlive);

        async Task<(WeakReference Request, WeakReference Answer)> AskAsync()
        {
            var state = new UpdatesGetState();
            var call = Session.InvokeAsync(state, Token);
            await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), State(3));
            return (new WeakReference(state), new WeakReference(await call));
        }
    }

    [Fact]
    public async Task Compressed_answers_are_inflated_in_both_places()
    {
        var (first, firstReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived.MessageId, GzipPacked.Of(AState.ToBytes()).ToBytes());
        var (second, secondReceived) = await CallAsync();
        var result = new RpcResult { ReqMsgId = secondReceived.MessageId, Result = AState.ToBytes() };
        await Server.SendAsync(GzipPacked.Of(result.ToBytes()), contentRelated: true);

        Assert.Equal(AState.Pts, (await first).Pts);
        Assert.Equal(AState.Pts, (await second).Pts);
    }

    [Fact]
    public async Task A_compressed_refusal_is_a_refusal()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(
            received.MessageId, GzipPacked.Of(new RpcError { ErrorCode = 400, ErrorMessage = "PEER_ID_INVALID" }.ToBytes()).ToBytes());

        Assert.Equal("PEER_ID_INVALID", (await Assert.ThrowsAsync<RpcException>(() => call)).Type);
    }

    [Fact]
    public async Task Large_calls_go_out_compressed_and_small_ones_do_not()
    {
        var large = Session.InvokeAsync(Message(new string('a', 4000)), Token);
        var small = Session.InvokeAsync(Message("a"), Token);

        var largeReceived = await Server.NextAsync<MessagesSendMessage>();
        var smallReceived = await Server.NextAsync<MessagesSendMessage>();
        Assert.True(largeReceived.Packed);
        Assert.False(smallReceived.Packed);
        await Server.RefuseAsync(largeReceived, 400, "X");
        await Server.RefuseAsync(smallReceived, 400, "X");
        await Assert.ThrowsAsync<RpcException>(() => large);
        await Assert.ThrowsAsync<RpcException>(() => small);
    }

    [Fact]
    public async Task Calls_made_together_travel_in_one_container_under_rising_ids()
    {
        // Nothing is sent before the session starts, so all of them wait for the first packet.
        await using var session = Server.CreateSession();
        var calls = Enumerable.Range(0, 5).Select(_ => session.InvokeAsync(new UpdatesGetState(), Token)).ToArray();
        session.Start();

        var received = new List<ClientMessage>();
        for (var i = 0; i < 5; i++)
            received.Add(await Server.NextAsync<UpdatesGetState>());

        Assert.Single(received.Select(message => message.PacketId).Distinct());
        Assert.Equal(received.Select(message => message.MessageId).Order(), received.Select(message => message.MessageId));
        Assert.True(received[^1].MessageId < received[0].PacketId);
        Assert.Equal([1, 3, 5, 7, 9], received.Select(message => message.SequenceNumber));
        foreach (var message in received)
            await Server.AnswerAsync(message, AState);
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task More_than_a_container_holds_is_spread_over_several()
    {
        await using var session = Server.CreateSession();
        var calls = Enumerable.Range(0, 1500).Select(_ => session.InvokeAsync(new UpdatesGetState(), Token)).ToArray();
        session.Start();

        var packets = new Dictionary<long, int>();
        for (var i = 0; i < calls.Length; i++)
        {
            var message = await Server.NextAsync<UpdatesGetState>();
            packets[message.PacketId] = packets.GetValueOrDefault(message.PacketId) + 1;
            await Server.AnswerAsync(message, AState);
        }

        await Task.WhenAll(calls);
        Assert.True(packets.Count >= 2);
        Assert.All(packets.Values, count => Assert.InRange(count, 1, 1024));
    }

    [Fact]
    public async Task A_cancelled_call_asks_the_server_to_drop_the_answer_and_a_late_one_does_no_harm()
    {
        using var cancel = new CancellationTokenSource();
        var (call, received) = await CallAsync(cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        var drop = await Server.NextAsync<RpcDropAnswer>();
        Assert.Equal(received.MessageId, ((RpcDropAnswer)drop.Body).ReqMsgId);
        await Server.AnswerAsync(drop, new RpcAnswerDropped { MsgId = 1, SeqNo = 1, Bytes = 0 });
        await Server.AnswerAsync(received, AState);
        await WorksAsync();
    }

    [Fact]
    public async Task A_call_cancelled_before_it_was_sent_never_is()
    {
        await using var session = Server.CreateSession();
        using var cancel = new CancellationTokenSource();
        var cancelled = session.InvokeAsync(new HelpGetConfig(), cancel.Token);
        var kept = session.InvokeAsync(new UpdatesGetState(), Token);
        await cancel.CancelAsync();
        session.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await kept;
    }

    [Fact]
    public async Task An_unreadable_answer_fails_its_call_alone()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received.MessageId, Hex.Bytes("deadbeef"));

        await Assert.ThrowsAsync<TlException>(() => call);
        await WorksAsync();
    }

    [Fact]
    public async Task The_introduction_precedes_calls_until_the_server_has_answered_one()
    {
        Start(options => options.Introduction = Introduction());

        var (first, firstReceived) = await CallAsync();
        var (second, secondReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived, AState);
        await first;
        var (third, thirdReceived) = await CallAsync();
        await Server.AnswerAsync(secondReceived, AState);
        await Server.AnswerAsync(thirdReceived, AState);

        Assert.Equal((true, true, false), (firstReceived.Introduced, secondReceived.Introduced, thirdReceived.Introduced));
        await Task.WhenAll(second, third);
    }

    [Fact]
    public async Task The_introduction_is_made_again_on_each_connection()
    {
        Start(options => options.Introduction = Introduction());
        var (first, firstReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived, AState);
        await first;

        Server.Drop();
        var (second, secondReceived) = await CallAsync();

        Assert.True(secondReceived.Introduced);
        Assert.Equal(2, secondReceived.Connection);
        await Server.AnswerAsync(secondReceived, AState);
        await second;
    }

    [Theory]
    [InlineData("CONNECTION_NOT_INITED")]
    [InlineData("CONNECTION_LAYER_INVALID")]
    public async Task A_server_that_forgot_the_introduction_gets_it_again(string error)
    {
        Start(options => options.Introduction = Introduction());
        var (first, firstReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived, AState);
        await first;
        var (second, secondReceived) = await CallAsync();

        await Server.RefuseAsync(secondReceived, 400, error);
        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.True(again.Introduced);
        Assert.NotEqual(secondReceived.MessageId, again.MessageId);
        await Server.AnswerAsync(again, AState);
        await second;
    }

    [Fact]
    public async Task Disposal_fails_the_calls_that_wait()
    {
        var (call, _) = await CallAsync();

        await Session.DisposeAsync();

        await Assert.ThrowsAsync<SessionClosedException>(() => call);
        await Assert.ThrowsAsync<SessionClosedException>(() => Call());
        Assert.Null(await Session.NextNoticeAsync(Token));
        Assert.Equal(SessionState.Closed, Session.State);
    }

    [Fact]
    public async Task An_abort_ends_the_session_at_once_and_may_be_repeated()
    {
        var (call, _) = await CallAsync();

        Session.Abort();
        Session.Abort();

        await Assert.ThrowsAsync<SessionClosedException>(() => call);
        await Session.DisposeAsync();
        Session.Abort();
    }

    private async Task WorksAsync()
    {
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await call;
    }

    private static UpdatesState State(int pts) => new() { Pts = pts, Qts = 0, Date = 0, Seq = 0, UnreadCount = 0 };

    private static MessagesSendMessage Message(string text) =>
        new() { Peer = new InputPeerSelf(), Message = text, RandomId = 1 };
}
