using System.Buffers;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Mtproto.Session;

// The loop that writes, and everything that falls due by time.
public sealed partial class MtprotoSession
{
    /// <summary>The protocol allows 8192 ids in one msgs_state_req; this many calls are never under way.</summary>
    private const int MaxPolled = 1024;

    /// <summary>With so many calls under way a packet is worth waiting for others; below, nothing is gained by it.</summary>
    private const int BusyFrom = 4;

    private TimeSpan _saltsAskedAt = TimeSpan.MinValue;

    /// <summary>Wakes the loop of the present connection, and when.</summary>
    private ITimer? _timer;
    private TimeSpan _sleepsUntil;

    /// <summary>Whoever woke the loop knows that nobody is about to ask something more.</summary>
    private volatile bool _haveAsked;

    /// <summary>The packet that the writing loop is writing; pooled.</summary>
    private byte[] _packet = [];
    private int _packetLength;

    private async Task WriteLoopAsync(FrameConnection connection, CancellationToken cancellationToken)
    {
        await using var timer = _time.CreateTimer(
            static state => ((WakeSignal)state!).Set(), _wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_gate)
            _timer = timer;
        while (true)
        {
            DoWhatIsDue();
            _answers.Watch(Uptime);
            if (HasDrained)
                return;
            while (TakePacket())
                await SendPacketAsync(connection, timer, cancellationToken);

            SetTimer();
            await _wake.WaitAsync(cancellationToken);

            // Callers who ask at the same time from different threads: letting them go first puts what they ask into one packet.
            if (IsBusy && !_haveAsked)
                await Task.Yield();
            _haveAsked = false;
        }
    }

    /// <summary>The loop sleeps until something is due.</summary>
    private void SetTimer()
    {
        lock (_gate)
        {
            var now = Uptime;
            _sleepsUntil = _answers.IsEmpty ? NextDue() : Earlier(NextDue(), now + AnswerQueue.Patience);
            var wait = _sleepsUntil - now;
            _timer?.Change(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// A packet has been acted upon: wakes the loop where that gave it something to do. Callers who have their answers now go on first; the
    /// loop only keeps an eye on them, and sends what they ask when the last has gone on.
    /// </summary>
    private void WakeAfterReceiving()
    {
        lock (_gate)
        {
            if (_service.Count + _again.Count == 0 && _prepared is null && _binding is not { IsQueued: true })
            {
                if (!_answers.IsEmpty)
                {
                    var until = Uptime + AnswerQueue.Patience;
                    if (until < _sleepsUntil)
                    {
                        _sleepsUntil = until;
                        _timer?.Change(AnswerQueue.Patience, Timeout.InfiniteTimeSpan);
                    }

                    return;
                }

                if (Earlier(SaltsDue(), _acks.Due) >= _sleepsUntil)
                    return;
            }
        }

        _wake.Set();
    }

    /// <summary>All callers of the answers that came have gone on.</summary>
    private void SendWhatWasAsked()
    {
        _haveAsked = true;
        _wake.Set(hereAndNow: true);
    }

    private bool IsBusy
    {
        get
        {
            lock (_gate)
                return _calls.Count >= BusyFrom;
        }
    }

    /// <summary>
    /// Writes the packet that was taken. A stream that takes nothing, as after a pulled cable with a full buffer, would hold this loop for
    /// ever, and with it the pings that find a dead connection: hence a limit of its own.
    /// </summary>
    private async ValueTask SendPacketAsync(FrameConnection connection, ITimer timer, CancellationToken cancellationToken)
    {
        var writing = connection.WriteAsync(_packet.AsMemory(0, _packetLength), cancellationToken);
        if (writing.IsCompleted)
        {
            await writing;
            ReleasePacket();
            return;
        }

        var limit = Uptime + _timings.WriteTimeout;
        var written = writing.AsTask();
        _ = written.ContinueWith(
            static (done, wake) =>
            {
                // Seen here too: when the limit has passed, nobody else looks at how it ended.
                _ = done.Exception;
                ((WakeSignal)wake!).Set();
            },
            _wake,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        while (!written.IsCompleted)
        {
            var wait = limit - Uptime;
            if (wait <= TimeSpan.Zero)
                throw new TransportException("The connection takes nothing any more.");
            timer.Change(wait, Timeout.InfiniteTimeSpan);
            await _wake.WaitAsync(cancellationToken);
        }

        await written;
        ReleasePacket();

        // What was sealed before the wait counts as sent now; else a slow line would look like a dead one.
        lock (_gate)
            _pings.Written(Uptime);
    }

    private void DoWhatIsDue()
    {
        lock (_gate)
        {
            var now = Uptime;
            _sleepsUntil = TimeSpan.MaxValue;
            if (_pings.DeadAt is { } deadAt && deadAt <= now)
                throw new TransportException("The server does not answer pings.");

            if (_pings.Due(OldestUnanswered()) <= now)
            {
                // ping_delay_disconnect#f3427b8c ping_id:long disconnect_delay:int = Pong
                _service.Enqueue(new ServiceMessage(
                    new PingDelayDisconnect { PingId = _random.NextInt64(), DisconnectDelay = (int)_timings.DisconnectDelay.TotalSeconds },
                    ServiceKind.Ping));
                _pings.Queued(now, _random.NextFraction());
            }

            if (SaltsDue() <= now)
            {
                // get_future_salts#b921bd04 num:int = FutureSalts
                _service.Enqueue(new ServiceMessage(new GetFutureSalts { Num = ServerSalts.AskFor }, ServiceKind.Other));
                _saltsAskedAt = now;
            }

            PollStates(now);
            RenewWhenDue(now);
        }
    }

    /// <summary>Under the gate: asks what became of calls that have waited too long.</summary>
    private void PollStates(TimeSpan now)
    {
        List<long>? ids = null;
        foreach (var call in _calls.Values)
        {
            if (call.IsQueued || PollDue(call) > now || ids?.Count >= MaxPolled)
                continue;
            call.PolledAt = now;
            (ids ??= []).Add(call.MessageId);
        }

        // msgs_state_req#da69fb52 msg_ids:Vector<long> = MsgsStateReq
        if (ids is not null)
            _service.Enqueue(new ServiceMessage(new MsgsStateReq { MsgIds = ids }, ServiceKind.StateRequest, ids));
    }

    private TimeSpan PollDue(PendingCall call) =>
        call.PolledAt == TimeSpan.MinValue ? TimeSpan.Zero : (call.PolledAt > call.SentAt ? call.PolledAt : call.SentAt) + _timings.StatePoll;

    private TimeSpan SaltsDue()
    {
        if (!_clock.IsSynchronised || !_salts.RunningOut(_clock.Now.ToUnixTimeSeconds()))
            return TimeSpan.MaxValue;
        return _saltsAskedAt == TimeSpan.MinValue ? TimeSpan.Zero : _saltsAskedAt + _timings.SaltRequestInterval;
    }

    private TimeSpan? OldestUnanswered()
    {
        TimeSpan? oldest = null;
        foreach (var call in _calls.Values)
        {
            if (!call.IsAcknowledged && !call.IsQueued && (oldest is null || call.SentAt < oldest))
                oldest = call.SentAt;
        }

        return oldest;
    }

    /// <summary>Under the gate.</summary>
    private TimeSpan NextDue()
    {
        var next = _pings.Due(OldestUnanswered());
        next = Earlier(next, _pings.DeadAt);
        next = Earlier(next, _acks.Due);
        next = Earlier(next, SaltsDue());
        next = Earlier(next, _prepared?.SwitchBy ?? RenewalDue);
        foreach (var call in _calls.Values)
        {
            if (!call.IsQueued)
                next = Earlier(next, PollDue(call));
        }

        return next;
    }

    private static TimeSpan Earlier(TimeSpan left, TimeSpan? right) => right is { } value && value < left ? value : left;

    /// <summary>Takes what waits and makes one encrypted packet of it; false when nothing has to go out.</summary>
    private bool TakePacket()
    {
        lock (_gate)
        {
            var now = Uptime;
            if (_binding is { IsQueued: true } binding)
            {
                _outgoing.TryAdd(binding);
                Seal(_outgoing, now);
                _outgoing.Clear();
                return true;
            }

            // Acknowledgements ride along; alone they go when there are many or the oldest has waited long enough.
            if (_service.Count + _again.Count + _fresh.Count > 0 || _acks.Due <= now)
            {
                var ids = _acks.Take();
                if (ids.Length > 0)
                    _outgoing.TryAdd(new ServiceMessage(new MsgsAck { MsgIds = ids }, ServiceKind.Acks, ids));
            }

            while (_service.TryPeek(out var service) && _outgoing.TryAdd(service))
                _service.Dequeue();
            if (MayCall)
                AddCalls(_again, _outgoing);
            if (MayCall && !IsDraining)
                AddCalls(_fresh, _outgoing);
            if (_outgoing.IsEmpty)
                return false;
            Seal(_outgoing, now);
            _outgoing.Clear();
            return true;
        }
    }

    private void AddCalls(Queue<PendingCall> queue, OutgoingContainer container)
    {
        while (queue.TryPeek(out var call))
        {
            if (!call.IsDone)
            {
                call.Prepare(prefixed: !_introduced);
                if (!container.TryAdd(call))
                    return;
            }

            queue.Dequeue();
        }
    }

    private void Seal(OutgoingContainer container, TimeSpan now)
    {
        using var body = new TlWriter(capacity: 1024);
        var (packetId, sequenceNumber) = container.Build(_ids, _numbers, body);
        _sent.Add(packetId, [.. container.Messages]);
        foreach (var message in container.Messages)
        {
            switch (message)
            {
                case PendingCall call:
                    call.IsQueued = false;
                    call.SentAt = now;
                    call.PolledAt = now;
                    call.EnterInto(_calls);
                    break;
                case ServiceMessage { Kind: ServiceKind.Ping } ping:
                    _pings.Sent(ping.MessageId, now);
                    break;
            }
        }

        var header = new MessageHeader(_salts.At(_clock.Now.ToUnixTimeSeconds()), _sessionId, packetId, sequenceNumber);
        _packetLength = EncryptedMessage.SizeOf(body.Length);
        _packet = ArrayPool<byte>.Shared.Rent(_packetLength);
        EncryptedMessage.Encrypt(_key, MessageDirection.ClientToServer, header, body.WrittenSpan, _random, _packet.AsSpan(0, _packetLength));
    }

    /// <summary>Gives the packet's memory back. One whose write failed is left to the garbage collector: the stream may still read it.</summary>
    private void ReleasePacket()
    {
        ArrayPool<byte>.Shared.Return(_packet);
        (_packet, _packetLength) = ([], 0);
    }
}
