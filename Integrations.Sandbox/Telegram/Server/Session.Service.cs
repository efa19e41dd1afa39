using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Messages about messages and sessions (https://core.telegram.org/mtproto/service_messages).</summary>
internal sealed partial class Session
{
    private const uint AcksId = 0x62d6b459;
    private const uint PingId = 0x7abe77ec;
    private const uint PingDelayDisconnectId = 0xf3427b8c;
    private const uint StateRequestId = 0xda69fb52;
    private const uint ResendRequestId = 0x7d861a08;
    private const uint ResendAnswersId = 0x8610baeb;
    private const uint AllInfoId = 0x8cc0d131;
    private const uint StateInfoId = 0x04deb57d;
    private const uint FutureSaltsId = 0xb921bd04;
    private const uint DropAnswerId = 0x58e4a740;
    private const uint DestroySessionId = 0xe7512126;
    private const uint DestroyAuthKeyId = 0xd1435160;
    private const uint HttpWaitId = 0x9299359f;

    private const int MaxIdsPerRequest = 8192;
    private const int MaxFutureSalts = 64;

    /// <summary>True for messages whose sequence number clients may count either way.</summary>
    private static bool IsService(ReadOnlyMemory<byte> body) => ConstructorOf(body) is
        AcksId or PingId or PingDelayDisconnectId or StateRequestId or ResendRequestId or ResendAnswersId or AllInfoId or StateInfoId
        or FutureSaltsId or DropAnswerId or DestroySessionId or DestroyAuthKeyId or HttpWaitId;

    /// <summary>Serves a service message.</summary>
    /// <returns>False when it is a call of the API.</returns>
    private bool Serve(long messageId, int sequence, ReadOnlyMemory<byte> body)
    {
        var reader = new TlReader(body.Span);
        switch (reader.ReadUInt32())
        {
            case AcksId:
                foreach (var id in ReadIds(ref reader))
                    _unacked.Remove(id);
                return true;
            case PingId:
                Answer(messageId, new Pong { MsgId = messageId, PingId = reader.ReadInt64() });
                return true;
            case PingDelayDisconnectId:
                Answer(messageId, new Pong { MsgId = messageId, PingId = reader.ReadInt64() });
                _connection?.DisconnectAfter(TimeSpan.FromSeconds(Math.Max(0, reader.ReadInt32())));
                return true;
            case StateRequestId:
                Answer(messageId, new MsgsStateInfo { ReqMsgId = messageId, Info = [.. ReadIds(ref reader).Select(StateOf)] });
                return true;
            case ResendRequestId:
                ResendMessages(messageId, ReadIds(ref reader));
                return true;
            case ResendAnswersId:
                var asked = ReadIds(ref reader).ToHashSet();
                SendAgainNow([.. _unacked.Values.Where(message => message.AnswerTo is { } id && asked.Contains(id))]);
                return true;
            case FutureSaltsId:
                AnswerFutureSalts(messageId, reader.ReadInt32());
                return true;
            case DropAnswerId:
                DropAnswer(messageId, reader.ReadInt64());
                return true;
            case DestroySessionId:
                DestroySession(messageId, reader.ReadInt64());
                return true;
            case DestroyAuthKeyId:
                if (!_parts.TemporaryKeys.Forget(KeyId))
                    _parts.World.ForgetKey(KeyId);
                Answer(messageId, new DestroyAuthKeyOk());
                return true;
            case AllInfoId or StateInfoId or HttpWaitId:
                Acknowledge(messageId, sequence);
                return true;
            default:
                return false;
        }
    }

    private static long[] ReadIds(ref TlReader reader)
    {
        var ids = reader.ReadInt64Vector();
        return ids.Length <= MaxIdsPerRequest ? ids : throw new TlException($"{ids.Length} ids; {MaxIdsPerRequest} are allowed.");
    }

    private void Answer(long messageId, TlObject answer) =>
        Queue(MessageIdKind.ServerAnswer, answer.ToBytes(), isContent: false, messageId);

    private void Acknowledge(long messageId, int sequence)
    {
        if ((sequence & 1) != 0)
            _acks.Add(messageId);
    }

    private byte StateOf(long messageId)
    {
        const byte Acknowledged = 8;
        const byte AnswerMade = 64;
        var state = _received.StateOf(messageId);
        if (state != 4)
            return state;
        return (byte)(state | Acknowledged | (_unacked.Values.Any(message => message.AnswerTo == messageId) ? AnswerMade : 0));
    }

    private void ResendMessages(long messageId, long[] ids)
    {
        var found = ids.Where(_unacked.ContainsKey).Select(id => _unacked[id]).ToList();
        SendAgainNow(found);
        if (found.Count < ids.Length)
            Answer(messageId, new MsgsStateInfo { ReqMsgId = messageId, Info = [.. ids.Select(id => (byte)(_unacked.ContainsKey(id) ? 4 : 1))] });
    }

    private void SendAgainNow(List<OutMessage> messages)
    {
        if (_connection is { } connection)
            SendAgain(connection, messages);
    }

    private void AnswerFutureSalts(long messageId, int count)
    {
        var now = _parts.Clock.GetUtcNow();
        var salts = _parts.World.Salts(KeyId, now, Math.Clamp(count, 1, MaxFutureSalts));
        Answer(messageId, new FutureSalts
        {
            ReqMsgId = messageId,
            Now = (int)now.ToUnixTimeSeconds(),
            Salts = [.. salts.Select(salt => new FutureSalt { ValidSince = salt.ValidSince, ValidUntil = salt.ValidUntil, Salt = salt.Salt })],
        });
    }

    private void DropAnswer(long messageId, long requestId)
    {
        var answer = _unacked.Values.FirstOrDefault(message => message.AnswerTo == requestId);
        TlObject outcome = new RpcAnswerUnknown();
        if (answer is not null)
        {
            _unacked.Remove(answer.Id);
            outcome = new RpcAnswerDropped { MsgId = answer.Id, SeqNo = answer.Sequence, Bytes = answer.Body.Length };
        }
        Queue(MessageIdKind.ServerAnswer, new RpcResult { ReqMsgId = messageId, Result = outcome.ToBytes() }.ToBytes(), isContent: true, messageId);
    }

    private void DestroySession(long messageId, long sessionId)
    {
        // The session that asks cannot be destroyed by its own request.
        var existed = sessionId != Id && _parts.Sessions.Forget(KeyId, sessionId);
        Answer(messageId, existed ? new DestroySessionOk { SessionId = sessionId } : new DestroySessionNone { SessionId = sessionId });
    }
}
