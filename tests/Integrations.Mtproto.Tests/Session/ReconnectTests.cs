using System.Net;
using System.Net.Sockets;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Transport;
using Channel = System.Threading.Channels.Channel;

namespace Integrations.Mtproto.Tests.Session;

public sealed class ReconnectTests : SessionTest
{
    [Fact]
    public async Task A_call_under_way_survives_the_connection_under_a_new_id_in_the_same_session()
    {
        var (call, received) = await CallAsync();
        Server.Drop();

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(2, again.Connection);
        Assert.Equal(received.SessionId, again.SessionId);
        Assert.True(again.MessageId > received.MessageId);
        await Server.AnswerAsync(again, AState);
        await call;
        Assert.Equal(new UpdatesMissed(MissReason.Reconnected), await NoticeAsync());
    }

    [Fact]
    public async Task The_answer_to_the_first_sending_is_as_good()
    {
        var (call, received) = await CallAsync();
        Server.Drop();
        await Server.NextAsync<UpdatesGetState>();

        await Server.AnswerAsync(received, AState);

        Assert.Equal(AState.Pts, (await call).Pts);
    }

    [Fact]
    public async Task An_acknowledged_call_is_not_repeated_but_asked_after()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(new MsgsAck { MsgIds = [received.MessageId] }, contentRelated: false);
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true);
        await NoticeAsync();
        Server.Drop();

        var poll = await Server.NextAsync<MsgsStateReq>();

        Assert.Equal([received.MessageId], ((MsgsStateReq)poll.Body).MsgIds);
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task Calls_made_without_a_connection_wait_for_one()
    {
        var (first, firstReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived, AState);
        await first;
        Server.Drop();

        var (second, secondReceived) = await CallAsync();

        await Server.AnswerAsync(secondReceived, AState);
        await second;
    }

    [Fact]
    public async Task Pings_go_out_regularly_and_keep_the_connection()
    {
        Start();
        await Server.NextAsync<PingDelayDisconnect>();
        await SettleAsync();
        for (var i = 0; i < 3; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(60));
            var ping = (PingDelayDisconnect)(await Server.NextAsync<PingDelayDisconnect>()).Body;
            Assert.Equal(75, ping.DisconnectDelay);
            await SettleAsync();
        }

        Assert.Equal(1, Server.Connections);
    }

    [Fact]
    public async Task A_missing_pong_means_a_new_connection()
    {
        Server.AnswersPings = false;
        Start();
        await Server.NextAsync<PingDelayDisconnect>();

        await PassAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(2, (await Server.NextAsync<PingDelayDisconnect>()).Connection);
    }

    [Fact]
    public async Task A_silent_server_with_a_call_waiting_is_found_dead_within_seconds()
    {
        // States are not asked after here, so that pings alone find out.
        Start(options => options.Timings = new SessionTimings { StatePoll = TimeSpan.FromHours(1) });
        var (first, firstReceived) = await CallAsync();
        await Server.AnswerAsync(firstReceived, AState);
        await first;
        await SettleAsync();
        Server.AnswersPings = false;

        var (call, _) = await CallAsync();
        await PassAsync(TimeSpan.FromSeconds(5));
        await Server.NextAsync<PingDelayDisconnect>();
        await PassAsync(TimeSpan.FromSeconds(10));

        var again = await Server.NextAsync<UpdatesGetState>();
        Assert.Equal(2, again.Connection);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task One_answer_that_the_key_is_unknown_is_not_believed()
    {
        Server.Greetings.Enqueue(TransportError.KeyUnknown);
        Start();

        var (call, received) = await CallAsync();

        Assert.Equal(2, received.Connection);
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task Two_of_them_in_a_row_end_the_session_with_every_call()
    {
        Server.Greetings.Enqueue(TransportError.KeyUnknown);
        Server.Greetings.Enqueue(TransportError.KeyUnknown);
        var call = Call();

        var error = await Assert.ThrowsAsync<SessionClosedException>(() => call);
        Assert.IsType<AuthKeyUnknownException>(error.InnerException);
        await Assert.ThrowsAsync<AuthKeyUnknownException>(() => Session.Completion);
        Assert.Equal(new UpdatesMissed(MissReason.Reconnected), await NoticeAsync());
        await Assert.ThrowsAsync<AuthKeyUnknownException>(() => NoticeAsync());
    }

    [Fact]
    public async Task The_wrong_data_centre_ends_the_session()
    {
        Server.Greetings.Enqueue(TransportError.WrongDc);
        Start();

        var error = await Assert.ThrowsAsync<TransportErrorException>(() => Session.Completion);
        Assert.Equal(TransportError.WrongDc, error.Code);
    }

    [Fact]
    public async Task After_a_flood_error_the_next_connection_waits_longer()
    {
        Server.Greetings.Enqueue(TransportError.Flood);
        var changes = Channel.CreateUnbounded<SessionState>();
        Start(options => options.StateChanged = state => changes.Writer.TryWrite(state));
        Assert.Equal(SessionState.Connected, await changes.Reader.ReadAsync(Token));
        Assert.Equal(SessionState.Connecting, await changes.Reader.ReadAsync(Token));

        await Clock.WhenTimerAsync(TimeSpan.FromSeconds(12), Token);
        Clock.Advance(TimeSpan.FromSeconds(7.9));
        Assert.Equal(1, Server.Connections);
        Clock.Advance(TimeSpan.FromSeconds(4.2));

        var (call, received) = await CallAsync();
        Assert.Equal(2, received.Connection);
        await Server.AnswerAsync(received, AState);
        await call;
    }

    [Fact]
    public async Task A_packet_that_does_not_open_ends_the_connection_and_not_the_session()
    {
        var (call, _) = await CallAsync();
        await Server.WriteAsync(new byte[88]);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(2, again.Connection);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_message_of_a_foreign_session_ends_the_connection()
    {
        var (call, received) = await CallAsync();
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: true, sessionId: received.SessionId + 1);

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(2, again.Connection);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_fallen_fence_ends_the_session_for_good()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var fence = true;
        await using var session = new MtprotoSession(new MtprotoSessionOptions
        {
            AuthKey = Server.Key,
            Time = Clock,
            ConnectAsync = async token => FrameConnection.Connect(
                await SocketPipe.ConnectAsync("127.0.0.1", port, () => Volatile.Read(ref fence), token),
                TransportFormat.Abridged,
                obfuscated: false,
                SystemRandomSource.Instance),
        });
        session.Start();
        using var socket = await listener.AcceptSocketAsync(Token);
        Assert.NotEqual(0, await socket.ReceiveAsync(new byte[4096], Token));

        Volatile.Write(ref fence, false);
        var call = session.InvokeAsync(new UpdatesGetState(), Token);

        var error = await Assert.ThrowsAsync<SessionClosedException>(() => call);
        Assert.IsType<WriteFencedException>(error.InnerException);
        await Assert.ThrowsAsync<WriteFencedException>(() => session.Completion);
        await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[4096], Token));
    }

    [Fact]
    public async Task Connecting_is_tried_again_with_growing_waits_and_each_try_has_a_limit()
    {
        var attempts = 0;
        var hanging = new TaskCompletionSource();
        await using var session = new MtprotoSession(new MtprotoSessionOptions
        {
            AuthKey = Server.Key,
            Time = Clock,
            Random = new ConstantRandom(0x80),
            ConnectAsync = async token =>
            {
                // The first try is refused, the second hangs, the third works.
                switch (Interlocked.Increment(ref attempts))
                {
                    case 1:
                        throw new SocketException((int)SocketError.ConnectionRefused);
                    case 2:
                        hanging.SetResult();
                        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                        break;
                }

                return await Server.ConnectAsync(token);
            },
        });
        session.Start();
        var call = session.InvokeAsync(new UpdatesGetState(), Token);
        await hanging.Task.WaitAsync(Token);
        Clock.Advance(TimeSpan.FromSeconds(15));
        await PassAsync(TimeSpan.FromSeconds(1.3));

        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
        Assert.Equal(3, attempts);
    }
}
