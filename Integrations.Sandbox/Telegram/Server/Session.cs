using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>A message on its way to a client.</summary>
/// <param name="Id">The server's id.</param>
/// <param name="Sequence">Odd when the client must acknowledge it.</param>
/// <param name="Body">Serialised in the session's layer.</param>
/// <param name="AnswerTo">The client's message that it answers.</param>
/// <param name="IsUpdate">True for what a difference can replace.</param>
internal sealed record OutMessage(long Id, int Sequence, byte[] Body, long? AnswerTo, bool IsUpdate)
{
    public bool NeedsAck => (Sequence & 1) != 0;
}

/// <summary>
/// One session of an auth key. It outlives its TCP connections: what the client has not acknowledged is sent again on the next one.
/// </summary>
internal sealed partial class Session
{
    /// <summary>Unacknowledged messages kept. Beyond it the oldest are forgotten, as the real server does after some minutes.</summary>
    private const int UnackedLimit = 2000;

    /// <summary>Updates kept for a client that is away; a longer absence is told with <c>updatesTooLong</c>.</summary>
    private const int UpdatesKept = 100;

    /// <summary>Messages in one container (https://core.telegram.org/mtproto/service_messages#containers allows 1024).</summary>
    private const int ContainerLimit = 100;

    private readonly Lock _gate = new();
    private readonly ServerParts _parts;
    private readonly AuthKey _key;
    private readonly MessageIdSource _ids;
    private readonly ReceivedMessages _received = new();
    private readonly SortedDictionary<long, OutMessage> _unacked = [];
    private readonly List<OutMessage> _outgoing = [];
    private readonly List<long> _acks = [];
    private int _contentCount;
    private ClientConnection? _connection;
    private bool _updatesLost;
    private bool _isForgotten;
    private bool _isAnnounced;
    private OutMessage? _heldUpdate;

    public Session(ServerParts parts, AuthKey key, long id, int dcId)
    {
        _parts = parts;
        _key = key;
        Id = id;
        DcId = dcId;
        _ids = new MessageIdSource(parts.Clock);
        LastUsed = parts.Clock.GetUtcNow();
    }

    public long Id { get; }

    /// <summary>The key that it is spoken under, which may be a temporary one.</summary>
    public long KeyId => _key.Id;

    public int DcId { get; }

    /// <summary>The schema layer of answers and updates; null until the client named one.</summary>
    public int? Layer { get; set; }

    /// <summary>What the client said about itself.</summary>
    public DeviceInfo Info { get; set; } = new();

    /// <summary>Set by the first call that is not wrapped in <c>invokeWithoutUpdates</c>.</summary>
    public bool WantsUpdates { get; set; }

    /// <summary>Peers that this session has been shown in full, so that a short update about them can be understood.</summary>
    public HashSet<PeerRef> KnownPeers { get; } = [];

    public DateTimeOffset LastUsed { get; private set; }

    public bool IsConnected => _connection is { IsOpen: true };

    /// <summary>True after the server decided to forget it: what comes late must not be sent in its name.</summary>
    public bool IsForgotten => Volatile.Read(ref _isForgotten);

    /// <summary>Sends an update to a client that wants updates, now or when it comes back.</summary>
    /// <param name="write">Serialises it for a layer; not called when nobody listens.</param>
    /// <param name="evenBeforeLogin">For the few updates that a client without an account gets.</param>
    /// <param name="lane">How a fault wants it sent.</param>
    public void Push(Func<Session, TlObject> write, bool evenBeforeLogin = false, UpdateLane lane = UpdateLane.Once)
    {
        lock (_gate)
        {
            if (IsForgotten || Layer is not { } layer || !(WantsUpdates || evenBeforeLogin))
                return;
            if (!IsConnected)
            {
                if (_updatesLost)
                    return;
                if (_unacked.Values.Count(message => message.IsUpdate) >= UpdatesKept)
                {
                    LoseUpdates();
                    return;
                }
            }
            var body = write(this).ToBytes(layer);
            if (lane == UpdateLane.Hold && _heldUpdate is null)
            {
                _heldUpdate = Make(MessageIdKind.ServerNotice, body, isContent: true, null, isUpdate: true);
                return;
            }
            Queue(MessageIdKind.ServerNotice, body, isContent: true, isUpdate: true);
            if (lane == UpdateLane.Twice)
                Queue(MessageIdKind.ServerNotice, body, isContent: true, isUpdate: true);
            if (_heldUpdate is { } held)
            {
                _heldUpdate = null;
                Keep(held);
                _outgoing.Add(held);
            }
            Flush();
        }
    }

    /// <summary>Ends the session on the server's side; the next message of the client begins a new one. Takes no lock: another session may ask.</summary>
    public void Forget() => Volatile.Write(ref _isForgotten, true);

    private void LoseUpdates()
    {
        _updatesLost = true;
        foreach (var id in _unacked.Where(pair => pair.Value.IsUpdate).Select(pair => pair.Key).ToList())
            _unacked.Remove(id);
    }

    /// <summary>Attaches the session to the connection that its client speaks on now.</summary>
    /// <returns>What the client may have missed on the one before, to be sent again.</returns>
    private List<OutMessage> Attach(ClientConnection connection)
    {
        LastUsed = _parts.Clock.GetUtcNow();
        if (_connection == connection || (_connection is { IsOpen: true } current && current.Number > connection.Number))
            return [];
        var isReturn = _connection is not null;
        _connection = connection;
        if (!isReturn)
            return [];
        // A connection that broke is noticed late, so some may have been sent into nowhere.
        if (_unacked.Values.Count(message => message.IsUpdate) > UpdatesKept)
            LoseUpdates();
        var missed = _unacked.Values.ToList();
        if (_updatesLost)
        {
            _updatesLost = false;
            Queue(MessageIdKind.ServerNotice, new UpdatesTooLong().ToBytes(), isContent: true, isUpdate: true);
        }
        return missed;
    }

    private OutMessage Make(MessageIdKind kind, byte[] body, bool isContent, long? answerTo, bool isUpdate)
    {
        var sequence = (_contentCount * 2) + (isContent ? 1 : 0);
        if (isContent)
            _contentCount++;
        return new OutMessage(_ids.Next(kind), sequence, body, answerTo, isUpdate);
    }

    private OutMessage Queue(MessageIdKind kind, byte[] body, bool isContent, long? answerTo = null, bool isUpdate = false)
    {
        var message = Make(kind, body, isContent, answerTo, isUpdate);
        if (isContent)
            Keep(message);
        _outgoing.Add(message);
        return message;
    }

    private void Keep(OutMessage message)
    {
        _unacked[message.Id] = message;
        if (_unacked.Count > UnackedLimit)
            _unacked.Remove(_unacked.First().Key);
    }

    /// <summary>Sends what is queued, several messages in one container.</summary>
    private void Flush()
    {
        if (_acks.Count > 0)
        {
            _outgoing.Add(Make(MessageIdKind.ServerNotice, new MsgsAck { MsgIds = _acks.ToArray() }.ToBytes(), isContent: false, null, isUpdate: false));
            _acks.Clear();
        }
        if (_connection is { } connection)
        {
            for (var start = 0; start < _outgoing.Count; start += ContainerLimit)
                Send(connection, _outgoing.GetRange(start, Math.Min(ContainerLimit, _outgoing.Count - start)), mayGoAlone: true);
        }
        _outgoing.Clear();
    }

    /// <summary>Sends messages again. They keep their ids, which is allowed only inside a container.</summary>
    private void SendAgain(ClientConnection connection, List<OutMessage> messages)
    {
        for (var start = 0; start < messages.Count; start += ContainerLimit)
            Send(connection, messages.GetRange(start, Math.Min(ContainerLimit, messages.Count - start)), mayGoAlone: false);
    }

    private void Send(ClientConnection connection, List<OutMessage> messages, bool mayGoAlone)
    {
        if (messages is [{ } single] && mayGoAlone)
        {
            Seal(connection, single);
            return;
        }
        var container = new MsgContainer { Messages = messages.ConvertAll(message => new ContainedMessage(message.Id, message.Sequence, message.Body)) };
        Seal(connection, Make(MessageIdKind.ServerNotice, container.ToBytes(), isContent: false, null, isUpdate: false));
    }

    private void Seal(ClientConnection connection, OutMessage message)
    {
        var salt = _parts.World.Salts(KeyId, _parts.Clock.GetUtcNow(), 1)[0].Salt;
        var header = new MessageHeader(salt, Id, message.Id, message.Sequence);
        connection.Send(EncryptedMessage.Encrypt(_key, MessageDirection.ServerToClient, header, message.Body, _parts.Random));
    }
}

/// <summary>How an update is sent when a fault has a say.</summary>
internal enum UpdateLane
{
    Once,
    Twice,

    /// <summary>After the next one.</summary>
    Hold,
}
