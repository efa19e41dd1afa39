using System.Buffers.Binary;
using System.Globalization;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

// From an opened packet to the duty that its message belongs to. Runs on the reading loop only.
public sealed partial class MtprotoSession
{
    /// <summary>gzip_packed inside gzip_packed makes no sense, nor does msg_copy inside msg_copy; more than this is an attack on the stack.</summary>
    private const int MaxUnpacking = 4;

    /// <summary>What the rest of this packet may still inflate to, in bytes: the limit holds for all of its messages together.</summary>
    private int _inflatable;

    private void Receive(in DecryptedMessage message)
    {
        lock (_gate)
            _pings.Heard(Uptime);
        _inflatable = _options.MaxInflated;
        Receive(message.Header.MessageId, message.Header.SequenceNumber, message.Body, isContained: false);
        WakeAfterReceiving();
    }

    private void Receive(long messageId, int sequenceNumber, ReadOnlyMemory<byte> body, bool isContained, int unpacked = 0)
    {
        var id = PeekId(body.Span);
        if (id is RpcResult.Id && body.Length >= 12)
            CorrectClock(messageId, body.Span);
        lock (_gate)
        {
            // These two are how the server tells us the time, so they are heard whatever the time seems to be.
            _clock.Observe(messageId);
            if (id is not (BadServerSaltId or BadMsgNotificationId) && !_clock.Accepts(messageId))
            {
                LogMessageIgnored(_key.Id, messageId, "too old or from the future");
                return;
            }

            // A repeated message is acknowledged again, for the first acknowledgement may have been lost, and is not acted upon.
            var isNew = _window.TryAdd(messageId);
            if ((sequenceNumber & 1) != 0)
                _acks.Add(messageId, Uptime);
            if (!isNew)
            {
                LogMessageIgnored(_key.Id, messageId, "received before");
                return;
            }
        }

        try
        {
            Dispatch(messageId, id, body, isContained, unpacked);
        }
        catch (TlException e)
        {
            // One unreadable object must not end a conversation that is otherwise in order. If it was an update, it has to be fetched.
            LogMessageUnreadable(e, _key.Id, messageId, TlRegistry.NameOf(id) ?? id.ToString("x8", CultureInfo.InvariantCulture));
            _notices.Missed(MissReason.Unreadable);
        }
    }

    private void Dispatch(long messageId, uint id, ReadOnlyMemory<byte> body, bool isContained, int unpacked)
    {
        switch (id)
        {
            case MsgContainer.Id when !isContained:
                ReceiveContainer(body);
                return;
            case MsgContainer.Id:
                throw new TlException("A container inside a container.");
            case GzipPacked.Id when unpacked < MaxUnpacking:
                var inflated = Unpack(body);
                Dispatch(messageId, PeekId(inflated.Span), inflated, isContained, unpacked + 1);
                return;
            case RpcResult.Id:
                ReceiveResult(messageId, body);
                return;
        }

        var reader = new TlReader(body.Span);
        switch (reader.ReadObject<TlObject>())
        {
            case MsgCopy copy when unpacked < MaxUnpacking:
                Receive(copy.OrigMessage.MsgId, copy.OrigMessage.Seqno, copy.OrigMessage.Body, isContained: true, unpacked + 1);
                break;
            case MsgCopy:
                throw new TlException("Copies inside copies.");
            case UpdatesBase updates:
                _notices.Add(updates);
                break;
            case MsgsAck ack:
                ReceiveAcks(ack.MsgIds);
                break;
            case Pong pong:
                lock (_gate)
                    _pings.Forget(pong.MsgId);
                break;
            case BadServerSalt bad:
                ReceiveBadSalt(bad);
                break;
            case BadMsgNotification bad:
                ReceiveBadMessage(messageId, bad);
                break;
            case NewSessionCreated created:
                ReceiveNewSession(created);
                break;
            case FutureSalts salts:
                ReceiveSalts(salts);
                break;
            case MsgsStateReq request:
                AnswerStates(messageId, request.MsgIds);
                break;
            case MsgsStateInfo info:
                ReceiveStates(info);
                break;
            case MsgsAllInfo info:
                ReceiveStates(info.MsgIds, info.Info);
                break;
            case MsgDetailedInfo info:
                ReceiveDetails(info.AnswerMsgId, info.MsgId);
                break;
            case MsgNewDetailedInfo info:
                ReceiveDetails(info.AnswerMsgId, null);
                break;
            case MsgResendReq request:
                ReceiveResendRequest(request.MsgIds);
                break;
            case { } other:
                LogMessageIgnored(_key.Id, messageId, other.TlName);
                break;
        }
    }

    private void ReceiveContainer(ReadOnlyMemory<byte> body)
    {
        // msg_container#73f1f8dc messages:vector<%Message>, message msg_id:long seqno:int bytes:int body:Object
        var reader = new TlReader(body.Span);
        reader.ReadUInt32();
        var count = reader.ReadCount(minimumItemSize: 16);
        if (count > MsgContainer.MaxMessages)
            throw new TlException($"A container of {count} messages.");
        for (var i = 0; i < count; i++)
        {
            var messageId = reader.ReadInt64();
            var sequenceNumber = reader.ReadInt32();
            var length = reader.ReadInt32();
            if (length < 4 || length % 4 != 0 || length > reader.Remaining)
                throw new TlException($"A contained message of {length} bytes.");
            var start = reader.Position;
            reader.ReadRaw(length);
            Receive(messageId, sequenceNumber, body.Slice(start, length), isContained: true);
        }
    }

    private void ReceiveResult(long messageId, ReadOnlyMemory<byte> body)
    {
        // rpc_result#f35c6d01 req_msg_id:long result:Object = RpcResult
        var reader = new TlReader(body.Span);
        reader.ReadUInt32();
        var requestId = reader.ReadInt64();
        PendingCall? call;
        lock (_gate)
        {
            // Unknown: cancelled meanwhile, or answered under another of its ids, or the answer to rpc_drop_answer.
            if (!_calls.TryGetValue(requestId, out call))
                return;
        }

        RpcException? error;
        ReadOnlyMemory<byte> result;
        try
        {
            result = Unpack(body[12..]);
            call.TryReadError(result, out error);
        }
        catch (TlException e)
        {
            lock (_gate)
                Forget(call);
            if (call.Fail(e))
                _answers.Add(call);
            throw;
        }

        lock (_gate)
        {
            if (call.IsDone)
                return;
            if (error is not null && error.Is("CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID") && ++call.Rejections < MaxRejections)
            {
                // The server forgot who we are: the call goes again, with the introduction before it.
                _introduced = false;
                SendAgain(call);
                return;
            }

            if (error is not null && _temporary is not null && error.Is("AUTH_KEY_PERM_EMPTY") && ++call.Rejections < MaxRejections)
            {
                BindAgain();
                SendAgain(call);
                return;
            }

            if (error is null && call.IsPrefixed)
                _introduced = true;
            Forget(call);
        }

        LogAnswered(_key.Id, call.Method, messageId, error?.Name);
        if (error is not null ? call.Fail(error) : call.Answer(result))
            _answers.Add(call);
    }

    /// <summary>An answer that seems to be made long before its question shows that our clock is ahead.</summary>
    private void CorrectClock(long messageId, ReadOnlySpan<byte> result)
    {
        var requestId = BinaryPrimitives.ReadInt64LittleEndian(result[4..]);
        if (!ServerClock.IsImpossiblyEarly(messageId, requestId))
            return;
        lock (_gate)
        {
            if (_calls.ContainsKey(requestId))
                _clock.Reset(messageId);
        }
    }

    private ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> body)
    {
        var content = TlGzip.Unpack(body, _inflatable);
        if (PeekId(body.Span) == GzipPacked.Id)
            _inflatable -= content.Length;
        return content;
    }

    private static uint PeekId(ReadOnlySpan<byte> body) =>
        body.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(body) : 0;
}
