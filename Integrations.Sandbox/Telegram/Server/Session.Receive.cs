using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Faults;

namespace Integrations.Sandbox.Telegram.Server;

internal sealed partial class Session
{
    /// <summary>Takes one decrypted message, checks it as the real server does, executes what it asks and answers.</summary>
    public void Receive(ClientConnection connection, in MessageHeader header, ReadOnlyMemory<byte> body)
    {
        lock (_gate)
        {
            var missed = Attach(connection);
            var now = _parts.Clock.GetUtcNow();
            var mistake = ReceivedMessages.CheckId(header.MessageId, now);
            if (_parts.Faults.Take(FaultKind.BadMessage, Scope(null)) is { } fault)
                mistake = fault.Code ?? mistake;
            if (mistake != 0)
                Complain(header.MessageId, header.SequenceNumber, mistake);
            else if (!HasGoodSalt(header.Salt, now))
                RefuseSalt(header.MessageId, header.SequenceNumber, now);
            else
                Accept(header.MessageId, header.SequenceNumber, body);
            Flush();
            // After the answers: the client may just have acknowledged some of these.
            if (missed.Count > 0)
                SendAgain(connection, missed.FindAll(message => _unacked.ContainsKey(message.Id)));
        }
    }

    private void Accept(long messageId, int sequence, ReadOnlyMemory<byte> body)
    {
        if (ConstructorOf(body) != MsgContainer.Id)
        {
            Announce(messageId);
            Handle(messageId, sequence, body);
            return;
        }

        if (_received.Has(messageId))
        {
            Complain(messageId, sequence, ReceivedMessages.ContainerIdReused);
            return;
        }
        var mistake = (sequence & 1) != 0 ? ReceivedMessages.EvenSequenceExpected : _received.CheckOrder(messageId, sequence);
        if (mistake == 0 && OpenContainer(messageId, body) is { } messages)
        {
            Announce(messages.Count == 0 ? messageId : messages.Min(message => message.MsgId));
            foreach (var message in messages)
                Handle(message.MsgId, message.Seqno, message.Body);
            _received.Add(messageId, sequence);
            return;
        }
        Complain(messageId, sequence, mistake == 0 ? ReceivedMessages.BadContainer : mistake);
    }

    /// <summary>The messages of a container, or null when it must be refused as a whole.</summary>
    private static IReadOnlyList<ContainedMessage>? OpenContainer(long containerId, ReadOnlyMemory<byte> body)
    {
        try
        {
            var reader = new TlReader(body.Span);
            var messages = reader.ReadObject<MsgContainer>().Messages;
            reader.EnsureEnd();
            foreach (var message in messages)
            {
                if ((message.MsgId & 3) != 0 || message.MsgId >= containerId || ConstructorOf(message.Body) == MsgContainer.Id)
                    return null;
            }
            return messages;
        }
        catch (TlException)
        {
            return null;
        }
    }

    private void Handle(long messageId, int sequence, ReadOnlyMemory<byte> body)
    {
        if (_received.Has(messageId))
        {
            Repeat(messageId);
            return;
        }
        var mistake = _received.CheckOrder(messageId, sequence);
        var needsOdd = !IsService(body);
        if (mistake == 0 && needsOdd && (sequence & 1) == 0)
            mistake = ReceivedMessages.OddSequenceExpected;
        if (mistake == 0 && ConstructorOf(body) is AcksId && (sequence & 1) != 0)
            mistake = ReceivedMessages.EvenSequenceExpected;
        if (mistake != 0)
        {
            Complain(messageId, sequence, mistake);
            return;
        }

        _received.Add(messageId, sequence);
        try
        {
            body = TlGzip.Unpack(body);
            if (!Serve(messageId, sequence, body))
                Execute(messageId, body);
        }
        catch (TlException)
        {
            // Bytes that are no TL at all: the real server names the constructor that it could not read.
            AnswerWithError(messageId, 400, "INPUT_FETCH_ERROR");
        }
    }

    /// <summary>A message that was received before: its answer goes out again, or the acknowledgement alone.</summary>
    private void Repeat(long messageId)
    {
        var answer = _unacked.Values.FirstOrDefault(message => message.AnswerTo == messageId);
        if (answer is null)
            _acks.Add(messageId);
        else if (_connection is { } connection)
            SendAgain(connection, [answer]);
    }

    private void Execute(long messageId, ReadOnlyMemory<byte> body)
    {
        if (_connection is not { } connection)
            return;
        var call = new RpcCall(_parts, this, messageId);
        var result = _parts.Dispatcher.Execute(call, body);
        if (call.Disruption is { } end)
        {
            connection.End(end);
            return;
        }
        if (call.Later is { } later)
        {
            _acks.Add(call.MessageId);
            _ = AnswerLaterAsync(later, call.MessageId);
            return;
        }

        AnswerCall(call, result);
    }

    /// <summary>Nobody waits for this task: it holds no thread, neither of its parts fails, and a session that was forgotten drops what comes.</summary>
    private async Task AnswerLaterAsync(Task<byte[]> later, long messageId)
    {
        // Not under the lock of the caller, also where the answer is there already.
        await Task.Yield();
        AnswerLate(new RpcResult { ReqMsgId = messageId, Result = Packed(await later) }.ToBytes(), messageId);
    }

    private void AnswerCall(RpcCall call, byte[] result)
    {
        var scope = Scope(call.Method);
        var body = new RpcResult { ReqMsgId = call.MessageId, Result = Packed(result) }.ToBytes();
        if (_parts.Faults.Take(FaultKind.LoseAnswer, scope) is not null)
        {
            // Executed and acknowledged; the answer waits until the client asks for it or comes back.
            Keep(Make(MessageIdKind.ServerAnswer, body, isContent: true, call.MessageId, isUpdate: false));
            _acks.Add(call.MessageId);
            return;
        }
        if (_parts.Faults.Take(FaultKind.ResetAfterExecution, scope) is not null)
        {
            Keep(Make(MessageIdKind.ServerAnswer, body, isContent: true, call.MessageId, isUpdate: false));
            _connection?.End(ConnectionEnd.Reset);
            return;
        }
        if (_parts.Faults.Take(FaultKind.DelayAnswer, scope) is { Milliseconds: { } milliseconds })
        {
            _acks.Add(call.MessageId);
            _parts.Delays.After(TimeSpan.FromMilliseconds(milliseconds), () => AnswerLate(body, call.MessageId));
            return;
        }
        Queue(MessageIdKind.ServerAnswer, body, isContent: true, call.MessageId);
        if (_parts.Faults.Take(FaultKind.DuplicateAnswer, scope) is not null)
            Queue(MessageIdKind.ServerAnswer, body, isContent: true, call.MessageId);
    }

    private void AnswerLate(byte[] body, long messageId)
    {
        lock (_gate)
        {
            if (IsForgotten)
                return;
            Queue(MessageIdKind.ServerAnswer, body, isContent: true, messageId);
            Flush();
        }
    }

    private void AnswerWithError(long messageId, int code, string name)
    {
        var error = new RpcError { ErrorCode = code, ErrorMessage = name }.ToBytes();
        Queue(MessageIdKind.ServerAnswer, new RpcResult { ReqMsgId = messageId, Result = error }.ToBytes(), isContent: true, messageId);
    }

    private static byte[] Packed(byte[] result)
    {
        const int WorthPacking = 1024;
        if (result.Length < WorthPacking)
            return result;
        var packed = GzipPacked.Of(result).ToBytes();
        return packed.Length < result.Length ? packed : result;
    }

    /// <summary>Tells a client that the server knows nothing of its session before this message.</summary>
    private void Announce(long firstMessageId)
    {
        if (_isAnnounced)
            return;
        _isAnnounced = true;
        var salt = _parts.World.Salts(KeyId, _parts.Clock.GetUtcNow(), 1)[0].Salt;
        Queue(
            MessageIdKind.ServerNotice,
            new NewSessionCreated { FirstMsgId = firstMessageId, UniqueId = _parts.NextUniqueId(), ServerSalt = salt }.ToBytes(),
            isContent: true);
    }

    private bool HasGoodSalt(long salt, DateTimeOffset now) =>
        _parts.Faults.Take(FaultKind.BadSalt, Scope(null)) is null
        && _parts.FindKey(KeyId, DcId) is { } key
        && _parts.World.IsSaltValid(key, salt, now);

    private void RefuseSalt(long messageId, int sequence, DateTimeOffset now)
    {
        var refusal = new BadServerSalt
        {
            BadMsgId = messageId,
            BadMsgSeqno = sequence,
            ErrorCode = ReceivedMessages.BadServerSalt,
            NewServerSalt = _parts.World.Salts(KeyId, now, 1)[0].Salt,
        };
        Queue(MessageIdKind.ServerNotice, refusal.ToBytes(), isContent: false, messageId);
    }

    private void Complain(long messageId, int sequence, int mistake)
    {
        var complaint = new BadMsgNotification { BadMsgId = messageId, BadMsgSeqno = sequence, ErrorCode = mistake };
        Queue(MessageIdKind.ServerNotice, complaint.ToBytes(), isContent: false, messageId);
    }

    private FaultScope Scope(string? method) => new(DcId, _parts.PersonOf(KeyId), method);

    private static uint ConstructorOf(ReadOnlyMemory<byte> body) =>
        body.Length < 4 ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(body.Span);
}
