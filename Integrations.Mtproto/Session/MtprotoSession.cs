using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using Microsoft.Extensions.Logging;

namespace Integrations.Mtproto.Session;

/// <summary>One authorised conversation with one data centre, which outlives the connections that carry it.</summary>
/// <remarks>
/// While connected, two loops run: one reads, one writes and does what falls due. All state is behind one gate, never held across an
/// await. Calls made while there is no connection wait for one; the caller's token is the only time limit.
/// </remarks>
public sealed partial class MtprotoSession : IAsyncDisposable
{
    /// <summary>How often one message may be rejected before its call fails.</summary>
    private const int MaxRejections = 8;

    private readonly Lock _gate = new();
    private readonly MtprotoSessionOptions _options;
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly SessionTimings _timings;
    private readonly ILogger _logger;
    private readonly long _startedAt;

    private readonly MessageIdSource _ids;
    private readonly SequenceNumbers _numbers = new();
    private readonly ServerClock _clock;
    private readonly ServerSalts _salts;
    private readonly ReplayWindow _window = new();
    private readonly AckQueue _acks = new();
    private readonly PingMonitor _pings;
    private readonly ReconnectDelay _delay;
    private readonly SentPackets _sent = new();
    private readonly NoticeQueue _notices;
    private readonly WakeSignal _wake = new();
    private readonly AnswerQueue _answers;

    /// <summary>Calls waiting to be sent: first those to be sent again, then the new ones.</summary>
    private readonly Queue<PendingCall> _again = new();
    private readonly Queue<PendingCall> _fresh = new();
    private readonly Queue<ServiceMessage> _service = new();

    /// <summary>Used again for every packet.</summary>
    private readonly OutgoingContainer _outgoing = new();

    /// <summary>Calls under way, by each id they were sent under.</summary>
    private readonly Dictionary<long, PendingCall> _calls = [];

    /// <summary>Never disposed: it holds no timer, and <see cref="Abort"/> may come at any time.</summary>
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The key that packets are sealed and opened with: the permanent one, or a temporary one in its place.</summary>
    private AuthKey _key;
    private long _sessionId;
    private long? _previousSessionId;
    private FrameConnection? _connection;
    private Task? _running;
    private Exception? _failure;
    private bool _closed;

    /// <summary>The server has answered a call that carried the introduction, on this connection.</summary>
    private bool _introduced;

    public MtprotoSession(MtprotoSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _key = options.AuthKey;
        _time = options.Time;
        _random = options.Random;
        _timings = options.Timings;
        _logger = options.Logger;
        _startedAt = _time.GetTimestamp();
        _ids = new MessageIdSource(_time);
        _clock = new ServerClock(_time, _ids);
        if (options.ClockOffset is { } offset)
            _clock.Start(offset);
        _salts = new ServerSalts(options.Salts);
        _pings = new PingMonitor(_timings);
        _answers = new AnswerQueue(SendWhatWasAsked);
        _delay = new ReconnectDelay(_timings, _random);
        _notices = new NoticeQueue(options.MaxNotices);
        _sessionId = _random.NextInt64();
    }

    /// <summary>Where the session stands now; changes are told through <see cref="MtprotoSessionOptions.StateChanged"/>.</summary>
    public SessionState State { get; private set; } = SessionState.Connecting;

    /// <summary>Completes when the session has ended; failed when it could not go on (see <see cref="AuthKeyUnknownException"/>).</summary>
    public Task Completion => _running ?? Task.CompletedTask;

    /// <summary>Server's clock minus ours.</summary>
    public TimeSpan ClockOffset => _ids.Offset;

    /// <summary>The server's time, as far as it is known.</summary>
    public DateTimeOffset ServerTime => _clock.Now;

    /// <summary>Calls without an answer yet.</summary>
    public int PendingCalls
    {
        get
        {
            lock (_gate)
                return _calls.Values.Distinct().Count(call => call != _binding) + _fresh.Count(call => !call.IsDone);
        }
    }

    private TimeSpan Uptime => _time.GetElapsedTime(_startedAt);

    /// <summary>The salts to be stored with the key.</summary>
    public IReadOnlyList<ServerSalt> ExportSalts()
    {
        lock (_gate)
            return _salts.Export();
    }

    /// <summary>Begins to connect. Called once.</summary>
    public void Start()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_running is not null)
                throw new InvalidOperationException("The session has been started already.");
            _running = RunAsync();
        }
    }

    /// <summary>Waits for what the session tells next; null once it has ended. One reader at a time.</summary>
    /// <exception cref="Exception">The session failed for good; the same as <see cref="Completion"/> holds.</exception>
    public ValueTask<SessionNotice?> NextNoticeAsync(CancellationToken cancellationToken) => _notices.NextAsync(cancellationToken);

    /// <summary>Encrypts and queues one call; completes when the server's answer arrives.</summary>
    /// <param name="request">Serialised before this returns.</param>
    /// <param name="cancellationToken">Gives up waiting; the server is asked to drop the answer, but may have executed the call.</param>
    /// <exception cref="RpcException">The server refused. Waits it asks for are surfaced, not slept on.</exception>
    /// <exception cref="SessionClosedException">The session ended first.</exception>
    /// <remarks>
    /// A call under way when the connection drops is sent again under a new msg_id, so that the server may execute it twice: what must
    /// not happen twice carries its own random_id.
    /// </remarks>
    public Task<T> InvokeAsync<T>(TlRequest<T> request, CancellationToken cancellationToken)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(request);
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);

        var call = new PendingCall<T>(request, _options.Introduction);
        var task = call.Task;
        // Before it is queued, so that the gate is passed once: a call that is cancelled meanwhile is done and goes nowhere.
        var registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static (state, token) => ((CancelledCall)state!).Cancel(token), new CancelledCall(this, call))
            : default;
        lock (_gate)
        {
            if (_closed || _failure is not null)
            {
                registration.Unregister();
                return Task.FromException<T>(new SessionClosedException("The session has ended.", _failure));
            }

            if (call.IsDone)
                return task;
            call.Cancellation = registration;
            call.IsQueued = true;
            _fresh.Enqueue(call);
        }

        if (!_answers.IsRunningHere)
            _wake.Set();
        return task;
    }

    /// <summary>Drops the connection at once, with nothing flushed, and ends the session. Safe from any thread, and more than once.</summary>
    public void Abort()
    {
        FrameConnection? connection;
        lock (_gate)
        {
            _closed = true;
            connection = _connection;
        }

        connection?.Abort();
        _stop.Cancel();
    }

    /// <summary>Ends the session and its connection in order; calls without an answer fail.</summary>
    public async ValueTask DisposeAsync()
    {
        FrameConnection? connection;
        lock (_gate)
        {
            _closed = true;
            connection = _connection;
        }

        if (connection is not null)
            await connection.CloseAsync();
        _stop.Cancel();
        if (_running is not null)
            await _running.ConfigureAwait(Quietly);
        else
            End(null);
    }

    private void Cancel(PendingCall call, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (call.IsDone)
                return;
            Forget(call);

            // rpc_drop_answer#58e4a740 req_msg_id:long: the server need not keep or send what nobody waits for.
            if (call.MessageId != 0)
            {
                _service.Enqueue(new ServiceMessage(
                    new Schema.RpcDropAnswer { ReqMsgId = call.MessageId }, ServiceKind.Other, contentRelated: true));
            }
        }

        // Whoever cancels is not made to run what the caller does next.
        if (call.Cancel(cancellationToken))
            AnswerQueue.RunElsewhere(call);
        _wake.Set();
    }

    /// <summary>Under the gate: the call has its outcome.</summary>
    private void Forget(PendingCall call)
    {
        call.TakeOutOf(_calls);
        call.Release();
    }

    /// <summary>Under the gate: calls without an answer, in the order in which they were made.</summary>
    private PendingCall[] UnderWay() => [.. _calls.Values.Distinct().OrderBy(call => call.MessageId)];

    /// <summary>Under the gate: the call goes out once more, under a new id.</summary>
    private void SendAgain(PendingCall call)
    {
        if (call.IsDone || call.IsQueued)
            return;
        call.IsQueued = true;
        call.IsAcknowledged = false;
        call.PolledInVain = 0;

        // A binding goes before everything, and alone.
        if (call != _binding)
            _again.Enqueue(call);
    }

    private void End(Exception? reason)
    {
        List<PendingCall> abandoned;
        lock (_gate)
        {
            if (State == SessionState.Closed)
                return;
            _closed = true;
            _failure ??= reason;
            abandoned = [.. _calls.Values.Concat(_again).Concat(_fresh).Distinct().Where(call => !call.IsDone)];
            _again.Clear();
            _fresh.Clear();
            foreach (var call in abandoned)
                Forget(call);
            State = SessionState.Closed;
        }

        foreach (var call in abandoned)
        {
            if (call.Fail(new SessionClosedException("The session ended before the server answered.", reason)))
                AnswerQueue.RunElsewhere(call);
        }

        // Nobody watches any more: what one caller holds up goes on elsewhere now.
        AnswerQueue.RunElsewhere(_answers);
        _notices.End(reason);
        _options.StateChanged(SessionState.Closed);
    }

    private sealed record CancelledCall(MtprotoSession Session, PendingCall Call)
    {
        public void Cancel(CancellationToken cancellationToken) => Session.Cancel(Call, cancellationToken);
    }
}
