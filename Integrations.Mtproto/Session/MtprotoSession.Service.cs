using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Session;

// The protocol's own messages (core.telegram.org/mtproto/service_messages and service_messages_about_messages).
public sealed partial class MtprotoSession
{
    private const uint BadMsgNotificationId = 0xa7eff811;
    private const uint BadServerSaltId = 0xedab447b;
    private const int StateMask = 7;
    private const int AnswerExists = 64;

    /// <summary>A call that the server has, and has no answer to, is sent again after so many polls: two minutes, as a rule.</summary>
    private const int MaxPolledInVain = 12;

    /// <summary>The protocol's limit of ids in one message about messages; what is beyond it is not looked at.</summary>
    private const int MaxIds = 8192;

    /// <summary>Service messages that may wait to be sent. A server that makes us owe it more is answered no further.</summary>
    private const int MaxService = 1024;

    /// <summary>unique_id of the server's session that was told last.</summary>
    private long _lastUniqueId;

    private void ReceiveAcks(IReadOnlyList<long> ids)
    {
        lock (_gate)
        {
            foreach (var id in ids.Take(MaxIds))
            {
                foreach (var message in _sent.Find(id))
                {
                    if (message is PendingCall call && (call.MessageId == id || call.PacketId == id))
                        call.IsAcknowledged = true;
                }

                if (_calls.TryGetValue(id, out var known) && known.MessageId == id)
                    known.IsAcknowledged = true;
            }
        }
    }

    private void ReceiveBadSalt(BadServerSalt bad)
    {
        // bad_server_salt#edab447b bad_msg_id:long bad_msg_seqno:int error_code:int new_server_salt:long: 48
        IReadOnlyList<ServerSalt> salts;
        lock (_gate)
        {
            if (!IsOurs(bad.BadMsgId, out var rejected))
                return;
            _salts.Set(bad.NewServerSalt, _clock.Now.ToUnixTimeSeconds());
            salts = _salts.Export();
            Resend(rejected, bad.ErrorCode);
        }

        LogRejected(_key.Id, bad.BadMsgId, bad.ErrorCode);
        TellSalts(salts);
    }

    private void ReceiveBadMessage(long messageId, BadMsgNotification bad)
    {
        // bad_msg_notification#a7eff811 bad_msg_id:long bad_msg_seqno:int error_code:int
        lock (_gate)
        {
            // Only what we sent: anything else could be used to make us forget our session.
            if (!IsOurs(bad.BadMsgId, out var rejected))
                return;
            switch (bad.ErrorCode)
            {
                case 16:
                    // msg_id too low: our clock is behind.
                    _clock.Reset(messageId);
                    Resend(rejected, bad.ErrorCode);
                    break;
                case 17:
                    // msg_id too high: our clock is ahead, and ids of this session cannot go back.
                    _clock.Reset(messageId);
                    RestartSession();
                    LogSessionRestarted(_key.Id);
                    Resend(rejected, bad.ErrorCode);
                    break;
                case 20:
                    // Too old for the server to know whether it was received. Sending again is safe for what carries a random_id.
                    Resend(rejected, bad.ErrorCode);
                    break;
                default:
                    // 18, 19, 32 to 35 and 64 are faults of our numbering, and a fresh session has none.
                    RestartSession();
                    LogSessionRestarted(_key.Id);
                    Resend(rejected, bad.ErrorCode);
                    break;
            }
        }

        LogRejected(_key.Id, bad.BadMsgId, bad.ErrorCode);
    }

    /// <summary>Under the gate: whether an id is of a packet or message that we sent lately.</summary>
    private bool IsOurs(long messageId, out IReadOnlyList<OutgoingMessage> messages)
    {
        messages = _sent.Find(messageId);
        if (messages.Count == 0 && _calls.TryGetValue(messageId, out var call))
            messages = [call];
        return messages.Count > 0;
    }

    /// <summary>Under the gate: puts rejected messages back into the queues, each as its kind requires.</summary>
    private void Resend(IReadOnlyList<OutgoingMessage> messages, int code)
    {
        foreach (var message in messages)
        {
            switch (message)
            {
                case PendingCall { IsDone: false } call when ++call.Rejections >= MaxRejections:
                    Forget(call);
                    if (call.Fail(new MessageRejectedException(call.Method, code)))
                        _answers.Add(call);
                    break;
                case PendingCall call:
                    SendAgain(call);
                    break;
                case ServiceMessage { Kind: ServiceKind.Ping } ping:
                    if (_pings.Forget(ping.MessageId))
                        _service.Enqueue(ping);
                    break;
                case ServiceMessage { Kind: ServiceKind.Acks } acks:
                    foreach (var id in acks.Ids)
                        _acks.Add(id, Uptime);
                    break;
                case ServiceMessage { Rejections: 0 } other when code is 16 or 48:
                    other.Rejections++;
                    _service.Enqueue(other);
                    break;
            }
        }
    }

    /// <summary>Under the gate: a new session of our own. The server's is forgotten, and everything without an answer goes again.</summary>
    private void RestartSession()
    {
        _previousSessionId = _sessionId;
        _sessionId = _random.NextInt64();
        _numbers.Restart();
        _ids.Restart();
        _window.Restart();
        _acks.Restart();
        _pings.Restart(Uptime);
        _sent.Restart();
        _service.Clear();
        _introduced = false;
        foreach (var call in UnderWay())
        {
            SendAgain(call);
            call.ForgetIds();
        }

        // Nothing answers to the ids of the session before, and after the clock was set back the new one may use the same again.
        _calls.Clear();
    }

    private void TellSalts(IReadOnlyList<ServerSalt> salts)
    {
        if (_options.ForwardSecrecy is null)
            _options.SaltsChanged(salts);
    }

    private void ReceiveNewSession(NewSessionCreated created)
    {
        // new_session_created#9ec20908 first_msg_id:long unique_id:long server_salt:long
        IReadOnlyList<ServerSalt> salts;
        lock (_gate)
        {
            if (created.UniqueId == _lastUniqueId)
                return;
            _lastUniqueId = created.UniqueId;
            _salts.Set(created.ServerSalt, _clock.Now.ToUnixTimeSeconds());
            salts = _salts.Export();

            // The server has nothing of this session from before that message; what was in a container counts by the container's id.
            _introduced = false;
            foreach (var call in UnderWay())
            {
                if (call.PacketId < created.FirstMsgId)
                    SendAgain(call);
            }
        }

        TellSalts(salts);
        _notices.Missed(MissReason.ServerSessionCreated);
    }

    private void ReceiveSalts(FutureSalts answer)
    {
        // future_salts#ae500895 req_msg_id:long now:int salts:vector<future_salt>
        IReadOnlyList<ServerSalt> salts;
        lock (_gate)
        {
            if (_sent.Find(answer.ReqMsgId).Count == 0 || answer.Salts.Count == 0)
                return;
            _salts.Replace(answer.Salts.Select(salt => new ServerSalt(salt.Salt, salt.ValidSince, salt.ValidUntil)));
            salts = _salts.Export();
        }

        TellSalts(salts);
    }

    private void AnswerStates(long requestId, IReadOnlyList<long> ids)
    {
        // msgs_state_info#04deb57d req_msg_id:long info:bytes
        lock (_gate)
        {
            if (_service.Count >= MaxService)
                return;
            var info = new byte[Math.Min(ids.Count, MaxIds)];
            for (var i = 0; i < info.Length; i++)
                info[i] = _window.StatusOf(ids[i]);
            _service.Enqueue(new ServiceMessage(new MsgsStateInfo { ReqMsgId = requestId, Info = info }, ServiceKind.Other));
        }
    }

    private void ReceiveStates(MsgsStateInfo info)
    {
        IReadOnlyList<long>? ids;
        lock (_gate)
            ids = _sent.Find(info.ReqMsgId).OfType<ServiceMessage>().FirstOrDefault(message => message.Kind == ServiceKind.StateRequest)?.Ids;
        if (ids is not null)
            ReceiveStates(ids, info.Info);
    }

    private void ReceiveStates(IReadOnlyList<long> ids, ReadOnlySpan<byte> info)
    {
        lock (_gate)
        {
            for (var i = 0; i < ids.Count && i < info.Length; i++)
            {
                // Asked under an id that has meanwhile been replaced: the answer says nothing of the present one.
                if (!_calls.TryGetValue(ids[i], out var call) || call.MessageId != ids[i] || call.IsQueued)
                    continue;
                switch (info[i] & StateMask)
                {
                    case 1 or 2 or 3:
                        SendAgain(call);
                        break;
                    case 4 when (info[i] & AnswerExists) != 0 && ++call.AnswersMissed >= 2:
                        // Answered twice over by its own account, and nothing came: the answer is lost.
                        call.AnswersMissed = 0;
                        SendAgain(call);
                        break;
                    case 4 when (info[i] & AnswerExists) == 0 && ++call.PolledInVain >= MaxPolledInVain:
                        // Executed for minutes, or an answer that both sides believe to be delivered: nobody may wait for ever.
                        SendAgain(call);
                        break;
                    case 4:
                        call.IsAcknowledged = true;
                        break;
                }
            }
        }
    }

    private void ReceiveDetails(long answerId, long? requestId)
    {
        // msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int: an answer that the server thinks we lack.
        lock (_gate)
        {
            var wanted = requestId is not { } id || _calls.ContainsKey(id);
            if (!wanted || _window.Contains(answerId))
                _acks.Add(answerId, Uptime);
            else if (_service.Count < MaxService)
                _service.Enqueue(new ServiceMessage(new MsgResendReq { MsgIds = [answerId] }, ServiceKind.Other));
        }
    }

    private void ReceiveResendRequest(IReadOnlyList<long> ids)
    {
        // msg_resend_req#7d861a08 msg_ids:Vector<long>: under a new id, as a repeated id alone is not allowed.
        lock (_gate)
        {
            foreach (var id in ids.Take(MaxIds))
            {
                if (_calls.TryGetValue(id, out var call))
                    SendAgain(call);
            }
        }
    }
}
