using System.IO.Pipelines;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Session;

/// <summary>Ways in which a call could wait for ever.</summary>
public sealed class EndlessWaitTests : SessionTest
{
    /// <summary>No ping and no timeout comes between.</summary>
    private static readonly SessionTimings Patient = new()
    {
        PingInterval = TimeSpan.FromDays(1),
        PongTimeout = TimeSpan.FromDays(1),
        SilenceBeforePing = TimeSpan.FromDays(1),
        SaltRequestInterval = TimeSpan.FromDays(1),
    };

    [Fact]
    public async Task An_id_that_the_session_before_used_for_another_call_is_of_this_one_only()
    {
        // The clock stands still, so that the session after the correction numbers its messages as the one before did.
        var (first, received) = await CallAsync();
        var (second, _) = await CallAsync();
        await Server.RejectAsync(received.MessageId, 17);
        var again = await Server.NextAsync<UpdatesGetState>();
        var andAgain = await Server.NextAsync<UpdatesGetState>();
        Assert.NotEqual(received.SessionId, again.SessionId);

        await Server.AnswerAsync(andAgain, AState);
        await second.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await Server.AnswerAsync(again, AState);

        await first.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(0, Session.PendingCalls);
    }

    [Fact]
    public async Task A_call_that_the_server_has_and_never_answers_is_sent_again_after_two_minutes()
    {
        Start(options => options.Timings = Patient with { StatePoll = TimeSpan.FromSeconds(10) });
        var (call, received) = await CallAsync();
        for (var poll = 0; poll < 12; poll++)
        {
            await PassAsync(TimeSpan.FromSeconds(10));
            var asked = await Server.NextAsync<MsgsStateReq>();
            await Server.SendAsync(new MsgsStateInfo { ReqMsgId = asked.MessageId, Info = [4] }, contentRelated: false, answer: true);
        }

        var again = await Server.NextAsync<UpdatesGetState>();
        Assert.NotEqual(received.MessageId, again.MessageId);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_connection_that_takes_nothing_any_more_is_left()
    {
        // A cable is pulled while the window is full: the write never ends, and no ping can be written behind it.
        var connections = 0;
        var full = new Pipe(new PipeOptions(pauseWriterThreshold: 16, resumeWriterThreshold: 8, useSynchronizationContext: false));
        await using var session = Server.CreateSession(options => options.Connect = async ct =>
        {
            if (Interlocked.Increment(ref connections) > 1)
                return await Server.ConnectAsync(ct);
            return FrameConnection.Connect(new Deaf(new Pipe().Reader, full.Writer), TransportFormat.Abridged, false, new SeededRandom(1));
        });
        session.Start();
        var call = session.InvokeAsync(new UpdatesGetState(), Token);

        // The window is full from here on: what was sent is looked at and not taken.
        var sent = await full.Reader.ReadAsync(Token);
        full.Reader.AdvanceTo(sent.Buffer.Start);
        await PassAsync(TimeSpan.FromSeconds(60));

        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task A_clock_that_jumps_ten_minutes_ahead_costs_one_rejection_and_no_call()
    {
        var wall = new WallClock(Clock);
        Start(options => options.Time = wall);
        var (call, received) = await CallAsync();
        wall.Ahead = TimeSpan.FromMinutes(10);

        // The answer seems ten minutes old; the question was asked before the jump, so that nothing contradicts it.
        await Server.AnswerAsync(received, AState);
        var (second, late) = await CallAsync();
        await Server.RejectAsync(late.MessageId, 17);

        for (var i = 0; i < 2; i++)
            await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await second.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(TimeSpan.FromMinutes(-10), Session.ClockOffset);
    }

    [Fact]
    public async Task A_clock_that_jumps_ten_minutes_back_is_put_right_by_the_next_message()
    {
        var wall = new WallClock(Clock);
        Start(options => options.Time = wall);
        var (call, received) = await CallAsync();
        wall.Ahead = TimeSpan.FromMinutes(-10);

        await Server.AnswerAsync(received, AState);

        await call.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(TimeSpan.FromMinutes(10), Session.ClockOffset);
        var (second, next) = await CallAsync();
        Assert.True(next.MessageId > received.MessageId);
        await Server.AnswerAsync(next, AState);
        await second;
    }

    [Fact]
    public async Task Salts_that_ran_out_during_a_sleep_cost_one_rejection()
    {
        var now = Clock.GetUtcNow().ToUnixTimeSeconds();
        var wall = new WallClock(Clock);
        Start(options =>
        {
            options.Time = wall;
            options.Salts = [new ServerSalt(11, now - 60, now + 1800), new ServerSalt(12, now + 1700, now + 3600)];
        });
        var (call, received) = await CallAsync();
        Assert.Equal(11, received.Salt);
        await Server.AnswerAsync(received, AState);
        await call;

        // The machine sleeps for a day, which the clock that timers go by does not count.
        wall.Ahead = Server.Ids.Offset = TimeSpan.FromDays(1);
        var (second, late) = await CallAsync();
        await Server.SendAsync(
            new BadServerSalt { BadMsgId = late.MessageId, BadMsgSeqno = late.SequenceNumber, ErrorCode = 48, NewServerSalt = 99 }, contentRelated: false);
        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(99, again.Salt);
        await Server.AnswerAsync(again, AState);
        await second;
    }

    [Fact]
    public async Task One_packet_inflates_to_no_more_than_the_limit_altogether()
    {
        Start(options => options.MaxInflated = 10_000);
        var (call, received) = await CallAsync();
        var update = new UpdateShortMessage { Id = 1, UserId = 2, Message = new string('a', 6_000), Pts = 3, PtsCount = 1, Date = 4 };
        var packed = GzipPacked.Of(update.ToBytes()).ToBytes();
        ContainedMessage Next(int seqno) => new(Server.Ids.Next(Mtproto.Envelope.MessageIdKind.ServerNotice), seqno, packed);

        await Server.SendAsync(new MsgContainer { Messages = [Next(1), Next(3)] }, contentRelated: false);

        Assert.IsType<UpdatesReceived>(await NoticeAsync());
        Assert.Equal(new UpdatesMissed(MissReason.Unreadable), await NoticeAsync());
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task A_server_that_asks_without_end_is_answered_within_bounds()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(new MsgsStateReq { MsgIds = [.. Enumerable.Range(0, 20_000).Select(i => (long)i)] }, contentRelated: true);

        var answer = Assert.IsType<MsgsStateInfo>((await Server.NextAsync<MsgsStateInfo>()).Body);

        Assert.Equal(8192, answer.Info.Length);
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task Copies_inside_copies_do_not_reach_for_the_end_of_the_stack()
    {
        var (call, received) = await CallAsync();
        var body = new UpdatesTooLong().ToBytes();
        for (var depth = 0; depth < 500; depth++)
            body = new MsgCopy { OrigMessage = new ContainedMessage(Server.Ids.Next(Mtproto.Envelope.MessageIdKind.ServerNotice), 1, body) }.ToBytes();

        await Server.SendAsync(new UpdatesTooLong(), contentRelated: false, raw: body);

        Assert.Equal(new UpdatesMissed(MissReason.Unreadable), await NoticeAsync());
        await Server.AnswerAsync(received, AState);
        await call;
    }

    /// <summary>What the machine's clock shows; timers go by another one.</summary>
    private sealed class WallClock(TestClock clock) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Ahead;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class Deaf(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
