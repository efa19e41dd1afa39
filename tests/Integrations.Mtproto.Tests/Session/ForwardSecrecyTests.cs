using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Session;

/// <summary>Temporary keys: made, bound, renewed and lost, while the permanent one stays what it was.</summary>
public sealed class ForwardSecrecyTests : SessionTest
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(1000);
    private static readonly TimeSpan RenewedBy = TimeSpan.FromSeconds(850);

    /// <summary>No ping and no question comes between.</summary>
    private static readonly SessionTimings Patient = new()
    {
        PingInterval = TimeSpan.FromDays(1),
        PongTimeout = TimeSpan.FromDays(1),
        SilenceBeforePing = TimeSpan.FromDays(1),
        StatePoll = TimeSpan.FromDays(1),
        SaltRequestInterval = TimeSpan.FromDays(1),
    };

    private static readonly byte[] Yes = BitConverter.GetBytes(0x997275b5);
    private static readonly byte[] No = BitConverter.GetBytes(0xbc799737);

    [Fact]
    public async Task Nothing_is_called_before_the_temporary_key_is_bound_and_nothing_goes_out_under_the_permanent_one()
    {
        StartSecretly();
        var call = Call();
        var binding = await BindingAsync();

        Assert.Equal(binding.MessageId, binding.PacketId);
        Assert.False(binding.Introduced);
        await SettleAsync();
        var second = Call();
        await SettleAsync();
        Assert.DoesNotContain(Server.Log, message => message.Body is UpdatesGetState);

        await Server.AnswerAsync(binding.MessageId, Yes);
        foreach (var waiting in new[] { call, second })
        {
            var received = await Server.NextAsync<UpdatesGetState>();
            Assert.True(received.Introduced);
            await Server.AnswerAsync(received, AState);
        }

        await Task.WhenAll(call, second);
        Assert.DoesNotContain(Server.Log, message => message.KeyId == Server.Key.Id);
    }

    [Fact]
    public async Task The_key_says_when_it_ends_by_the_clock_of_the_server()
    {
        // Ours is a day and a half ahead.
        StartSecretly(time: new SetClock(Clock) { Ahead = TimeSpan.FromHours(36) });

        var binding = await BindingAsync();

        Assert.Equal(Clock.GetUtcNow() + Life, DateTimeOffset.FromUnixTimeSeconds(((AuthBindTempAuthKey)binding.Body).ExpiresAt));
        Assert.Equal(Clock.GetUtcNow(), MessageIdSource.ToTime(binding.MessageId));
    }

    [Fact]
    public async Task A_refused_binding_is_followed_by_another_temporary_key()
    {
        StartSecretly();
        var call = Call();
        var first = await BindingAsync();
        await Server.RefuseAsync(first, 400, "ENCRYPTED_MESSAGE_INVALID");

        var second = await BoundAsync();

        Assert.NotEqual(first.KeyId, second.KeyId);
        Assert.NotEqual(first.Connection, second.Connection);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_binding_that_gets_another_answer_than_yes_does_not_leave_the_session_mute(bool isReadable)
    {
        StartSecretly();
        var call = Call();
        var first = await BindingAsync();
        await Server.AnswerAsync(first.MessageId, isReadable ? No : [1, 2, 3, 4]);

        await BoundAsync();

        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    [Fact]
    public async Task A_permanent_key_is_given_up_only_when_its_bindings_were_refused_for_a_minute()
    {
        StartSecretly(Patient with { BindingPatience = TimeSpan.FromSeconds(60) });
        var call = Call();

        // At once, then after 1, 2, 4, 8, 16 and 30 seconds, each 20 % more or less.
        var refused = TimeSpan.Zero;
        foreach (var wait in new[] { 0, 0, 1, 2, 4, 8, 16, 30, 30 })
        {
            if (wait > 0)
            {
                var longest = TimeSpan.FromSeconds(wait * 1.2);
                await PassAsync(longest);
                refused += longest;
            }

            Assert.False(call.IsCompleted);
            await Server.RefuseAsync(await BindingAsync(), 400, "ENCRYPTED_MESSAGE_INVALID");
            if (refused >= TimeSpan.FromSeconds(60))
                break;
        }

        await Assert.ThrowsAsync<SessionClosedException>(() => call.WaitAsync(TimeSpan.FromSeconds(60), Token));
        await Assert.ThrowsAsync<AuthKeyUnknownException>(() => Session.Completion.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task A_binding_whose_salt_is_refused_is_made_anew_for_the_message_that_it_goes_out_in()
    {
        var told = 0;
        StartSecretly(saltsChanged: _ => Interlocked.Increment(ref told));
        var call = Call();
        var first = await BindingAsync();
        await Server.SendAsync(
            new BadServerSalt { BadMsgId = first.MessageId, BadMsgSeqno = first.SequenceNumber, ErrorCode = 48, NewServerSalt = 99 },
            contentRelated: false,
            answer: true);

        var second = await BoundAsync();

        Assert.Equal((first.KeyId, 99), (second.KeyId, second.Salt));
        Assert.NotEqual(first.MessageId, second.MessageId);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;

        // The salts of a temporary key must not be stored as those of the permanent one.
        Assert.Equal(0, told);
    }

    [Fact]
    public async Task A_session_that_begins_anew_before_it_is_bound_proves_the_new_one()
    {
        StartSecretly();
        var call = Call();
        var first = await BindingAsync();
        await Server.RejectAsync(first.MessageId, 32);

        var second = await BoundAsync();

        Assert.NotEqual(first.SessionId, second.SessionId);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    [Fact]
    public async Task A_key_that_the_server_says_is_bound_to_none_is_bound_again_and_the_call_repeated()
    {
        StartSecretly();
        var first = await BoundAsync();
        var (call, received) = await CallAsync();
        await Server.RefuseAsync(received, 401, "AUTH_KEY_PERM_EMPTY");

        var second = await BoundAsync();

        Assert.Equal(first.KeyId, second.KeyId);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    [Fact]
    public async Task A_temporary_key_that_the_server_lost_is_replaced_however_often_it_says_so()
    {
        StartSecretly();
        var first = await BoundAsync();
        var (call, _) = await CallAsync();
        Server.ForgetTemporaryKeys();

        // One for the old key, which is dropped for it; two while the next one is made.
        for (var i = 0; i < 3; i++)
            Server.Greetings.Enqueue(TransportError.KeyUnknown);
        Server.Drop();
        await PassAsync(TimeSpan.FromSeconds(1.2));
        await PassAsync(TimeSpan.FromSeconds(2.4));
        await PassAsync(TimeSpan.FromSeconds(4.8));

        var second = await BoundAsync();
        Assert.NotEqual(first.KeyId, second.KeyId);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    [Fact]
    public async Task A_lost_connection_goes_on_under_the_same_temporary_key_without_another_binding()
    {
        StartSecretly();
        var first = await BoundAsync();
        var (call, _) = await CallAsync();
        Server.Drop();

        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal((first.KeyId, first.SessionId), (again.KeyId, again.SessionId));
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task The_next_key_is_made_while_the_old_one_is_good_and_calls_under_way_are_answered_under_it()
    {
        StartSecretly();
        var first = await BoundAsync();
        var (call, received) = await CallAsync();
        await PassAsync(RenewedBy);
        await WhileDrainingAsync();
        var late = Call();
        Assert.Equal(2, Server.TemporaryKeys.Count);

        await Server.AnswerAsync(received, AState);
        await call;
        var second = await BoundAsync();
        var next = await Server.NextAsync<UpdatesGetState>();

        Assert.NotEqual(first.KeyId, second.KeyId);
        Assert.Equal((second.KeyId, second.Connection), (next.KeyId, next.Connection));
        await Server.AnswerAsync(next, AState);
        await late;

        // Neither call was sent twice.
        Assert.Equal(2, Server.Log.Count(message => message.Body is UpdatesGetState));
        while (await NoticeAsync() is not UpdatesMissed { Reason: MissReason.Reconnected })
        {
            // What was pushed to the old connection last is asked for.
        }
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_goes_again_under_the_next_key()
    {
        StartSecretly();
        await BoundAsync();
        var (call, _) = await CallAsync();
        await PassAsync(RenewedBy);
        await WhileDrainingAsync();
        await PassAsync(Patient.DrainTimeout);

        var second = await BoundAsync();
        var again = await Server.NextAsync<UpdatesGetState>();

        Assert.Equal(second.KeyId, again.KeyId);
        await Server.AnswerAsync(again, AState);
        await call;
    }

    [Fact]
    public async Task A_clock_that_is_set_neither_ends_a_key_nor_prolongs_it()
    {
        var time = new SetClock(Clock);
        StartSecretly(time: time);
        await BoundAsync();
        time.Ahead = TimeSpan.FromHours(-30);
        var (call, received) = await CallAsync();
        await Server.AnswerAsync(received, AState);
        await call;
        Assert.Single(Server.TemporaryKeys);

        await PassAsync(RenewedBy);

        var second = (AuthBindTempAuthKey)(await BoundAsync()).Body;
        Assert.Equal(2, Server.TemporaryKeys.Count);
        Assert.Equal(Clock.GetUtcNow() + Life, DateTimeOffset.FromUnixTimeSeconds(second.ExpiresAt));
    }

    [Fact]
    public async Task A_key_that_lapsed_while_there_was_no_connection_is_not_tried()
    {
        var reachable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connections = 0;
        StartSecretly(connect: async ct =>
        {
            if (Interlocked.Increment(ref connections) > 1)
                await reachable.Task.WaitAsync(ct);
            return await Server.ConnectAsync(ct);
        });
        var first = await BoundAsync();
        var call = Call();
        await Server.NextAsync<UpdatesGetState>();
        Server.Drop();
        await Clock.WhenTimerAsync(Patient.ConnectTimeout, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Clock.Jump(Life);
        reachable.SetResult();

        var second = await BoundAsync();

        Assert.NotEqual(first.KeyId, second.KeyId);
        await Server.AnswerAsync(await Server.NextAsync<UpdatesGetState>(), AState);
        await call;
    }

    private void StartSecretly(
        SessionTimings? timings = null,
        TimeProvider? time = null,
        Action<IReadOnlyList<ServerSalt>>? saltsChanged = null,
        Func<CancellationToken, ValueTask<FrameConnection>>? connect = null) =>
        Start(options =>
        {
            options.TemporaryKeyLifetime = Life;
            options.Timings = timings ?? Patient;
            options.Time = time;
            options.Introduction = Introduction();
            options.Connect = connect;
            options.SaltsChanged = saltsChanged ?? (static _ => { });
        });

    /// <summary>The next binding, whose proof holds.</summary>
    private async Task<ClientMessage> BindingAsync()
    {
        var message = await Server.NextAsync<AuthBindTempAuthKey>();
        Assert.True(KeyBinding.Proves((AuthBindTempAuthKey)message.Body, Server.Key, message.KeyId, message.SessionId, message.MessageId));
        return message;
    }

    private async Task<ClientMessage> BoundAsync()
    {
        var message = await BindingAsync();
        await Server.AnswerAsync(message.MessageId, Yes);
        return message;
    }

    /// <summary>Waits until the next key is at hand: only then does anything fall due within so short a time.</summary>
    private Task WhileDrainingAsync() => Clock.WhenTimerAsync(Patient.DrainTimeout, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);

    /// <summary>A clock that its owner sets, on a machine whose timers do not mind.</summary>
    private sealed class SetClock(TimeProvider time) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Ahead;

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
