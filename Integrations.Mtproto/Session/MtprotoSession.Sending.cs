using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Transport;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Mtproto.Session;

// The loop that writes, and everything that falls due by time.
public sealed partial class MtprotoSession
{
    /// <summary>The protocol allows 8192 ids in one msgs_state_req; this many calls are never under way.</summary>
    private const int MaxPolled = 1024;

    private TimeSpan _saltsAskedAt = TimeSpan.MinValue;

    private async Task WriteLoopAsync(FrameConnection connection, CancellationToken cancellationToken)
    {
        await using var timer = _time.CreateTimer(
            static state => ((WakeSignal)state!).Set(), _wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (true)
        {
            DoWhatIsDue();
            while (NextPacket() is { } packet)
                await connection.WriteAsync(packet, cancellationToken);

            var wait = NextDue() - Uptime;
            timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            await _wake.WaitAsync(cancellationToken);
        }
    }

    private void DoWhatIsDue()
    {
        lock (_gate)
        {
            var now = Uptime;
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

    private TimeSpan NextDue()
    {
        lock (_gate)
        {
            var next = _pings.Due(OldestUnanswered());
            next = Earlier(next, _pings.DeadAt);
            next = Earlier(next, _acks.Due);
            next = Earlier(next, SaltsDue());
            foreach (var call in _calls.Values)
            {
                if (!call.IsQueued)
                    next = Earlier(next, PollDue(call));
            }

            return next;
        }
    }

    private static TimeSpan Earlier(TimeSpan left, TimeSpan? right) => right is { } value && value < left ? value : left;

    /// <summary>Takes what waits and makes one encrypted packet of it; null when nothing has to go out.</summary>
    private byte[]? NextPacket()
    {
        lock (_gate)
        {
            var now = Uptime;
            var container = new OutgoingContainer();

            // Acknowledgements ride along; alone they go when there are many or the oldest has waited long enough.
            if (_service.Count + _again.Count + _fresh.Count > 0 || _acks.Due <= now)
            {
                var ids = _acks.Take();
                if (ids.Length > 0)
                    container.TryAdd(new ServiceMessage(new MsgsAck { MsgIds = ids }, ServiceKind.Acks, ids));
            }

            while (_service.TryPeek(out var service) && container.TryAdd(service))
                _service.Dequeue();
            AddCalls(_again, container);
            AddCalls(_fresh, container);
            return container.Messages.Count == 0 ? null : Seal(container, now);
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

    private byte[] Seal(OutgoingContainer container, TimeSpan now)
    {
        var (packetId, sequenceNumber, body) = container.Build(_ids, _numbers);
        _sent.Add(packetId, [.. container.Messages]);
        foreach (var message in container.Messages)
        {
            switch (message)
            {
                case PendingCall call:
                    call.IsQueued = false;
                    call.SentAt = now;
                    call.PolledAt = now;
                    call.MessageIds.Add(call.MessageId);
                    _calls[call.MessageId] = call;
                    break;
                case ServiceMessage { Kind: ServiceKind.Ping } ping:
                    _pings.Sent(ping.MessageId, now);
                    break;
            }
        }

        var header = new MessageHeader(_salts.At(_clock.Now.ToUnixTimeSeconds()), _sessionId, packetId, sequenceNumber);
        return EncryptedMessage.Encrypt(_key, MessageDirection.ClientToServer, header, body.Span, _random);
    }
}
