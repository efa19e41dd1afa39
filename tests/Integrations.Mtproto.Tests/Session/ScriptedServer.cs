using System.Collections.Concurrent;
using System.Threading.Channels;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using Channel = System.Threading.Channels.Channel;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Mtproto.Tests.Session;

/// <summary>One message of the client as the server saw it.</summary>
/// <param name="Introduced">It came inside invokeWithLayer and initConnection.</param>
internal sealed record ClientMessage(
    int Connection, long PacketId, long MessageId, int SequenceNumber, long SessionId, long Salt, TlObject Body, bool Introduced, bool Packed, long KeyId);

/// <summary>A server that does what the test tells it, over in-memory connections. It answers pings by itself until told not to.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private static readonly Lazy<RsaPrivateKey> ExchangeKey = new(RsaPrivateKey.Generate);

    private readonly Channel<ClientMessage> _messages = Channel.CreateUnbounded<ClientMessage>();
    private readonly ConcurrentQueue<ClientMessage> _log = new();
    private readonly ConcurrentDictionary<long, AuthKey> _temporaryKeys = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _serving = [];
    private readonly Lock _gate = new();
    private FrameConnection? _current;
    private AuthKey? _sealing;
    private long _sessionId;
    private int _connections;

    public ScriptedServer(TestClock clock)
    {
        Clock = clock;
        Ids = new MessageIdSource(clock);
    }

    public TestClock Clock { get; }

    public AuthKey Key { get; } = new(Hex.Sequence(256, 3));

    public MessageIdSource Ids { get; }

    /// <summary>Everything that the client sent, in order.</summary>
    public IReadOnlyCollection<ClientMessage> Log => _log;

    /// <summary>Temporary keys that were made and not forgotten, by id.</summary>
    public IReadOnlyDictionary<long, AuthKey> TemporaryKeys => _temporaryKeys;

    public bool AnswersPings { get; set; } = true;

    /// <summary>Error with which each further connection is greeted instead of being served.</summary>
    public Queue<int> Greetings { get; } = new();

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>msg_ids that the client has acknowledged, in order.</summary>
    public List<long> Acknowledged { get; } = [];

    public ValueTask<FrameConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pair = new DuplexPair();
        var number = Interlocked.Increment(ref _connections);
        lock (_gate)
            _serving.Add(Task.Run(() => ServeAsync(pair, number), CancellationToken.None));
        return ValueTask.FromResult(
            FrameConnection.Connect(pair.Client, TransportFormat.Abridged, obfuscated: false, new SeededRandom((ulong)number)));
    }

    public MtprotoSession CreateSession(Action<MtprotoSessionBuilder>? configure = null)
    {
        var builder = new MtprotoSessionBuilder();
        configure?.Invoke(builder);
        return new MtprotoSession(new MtprotoSessionOptions
        {
            AuthKey = Key,
            ForwardSecrecy = builder.TemporaryKeyLifetime is { } lifetime
                ? new ForwardSecrecy { ServerKeys = [ExchangeKey.Value.Public], DcId = 2, Lifetime = lifetime }
                : null,
            ConnectAsync = builder.Connect ?? ConnectAsync,
            Time = builder.Time ?? Clock,
            Random = new SeededRandom(builder.Seed),
            ClockOffset = builder.ClockOffset,
            Salts = builder.Salts,
            Introduction = builder.Introduction,
            Timings = builder.Timings,
            MaxNotices = builder.MaxNotices,
            MaxInflated = builder.MaxInflated,
            SaltsChanged = builder.SaltsChanged,
            StateChanged = builder.StateChanged,
        });
    }

    /// <summary>The next message of a kind; acknowledgements, pings and requests for salts on the way are passed over.</summary>
    public async Task<ClientMessage> NextAsync<T>()
        where T : TlObject
    {
        var token = TestContext.Current.CancellationToken;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var message = await _messages.Reader.ReadAsync(limit.Token);
            if (message.Body is T)
                return message;
            if (message.Body is not (MsgsAck or PingDelayDisconnect or GetFutureSalts))
                Assert.Fail($"The client sent {message.Body.TlName} where {typeof(T).Name} was expected.");
        }
    }

    public Task AnswerAsync(ClientMessage request, TlObject result) => AnswerAsync(request.MessageId, result.ToBytes());

    public Task<long> AnswerAsync(long requestId, byte[] result) =>
        SendAsync(new RpcResult { ReqMsgId = requestId, Result = result }, contentRelated: true, answer: true);

    public Task<long> RefuseAsync(ClientMessage request, int code, string name) =>
        AnswerAsync(request.MessageId, new RpcError { ErrorCode = code, ErrorMessage = name }.ToBytes());

    public Task<long> RejectAsync(long messageId, int code) =>
        SendAsync(new BadMsgNotification { BadMsgId = messageId, BadMsgSeqno = 0, ErrorCode = code }, contentRelated: false, answer: true);

    /// <summary>Sends one message in the client's session.</summary>
    public async Task<long> SendAsync(
        TlObject body, bool contentRelated, bool answer = false, long? messageId = null, long? sessionId = null, byte[]? raw = null)
    {
        var id = messageId ?? Ids.Next(answer ? MessageIdKind.ServerAnswer : MessageIdKind.ServerNotice);
        var header = new MessageHeader(0, sessionId ?? Volatile.Read(ref _sessionId), id, contentRelated ? 1 : 0);
        await WriteAsync(EncryptedMessage.Encrypt(_sealing ?? Key, MessageDirection.ServerToClient, header, raw ?? body.ToBytes(), new SeededRandom(9)));
        return id;
    }

    public Task WriteAsync(byte[] packet) => Current().WriteAsync(packet, TestContext.Current.CancellationToken).AsTask();

    public void ForgetTemporaryKeys() => _temporaryKeys.Clear();

    /// <summary>Cuts the present connection.</summary>
    public void Drop()
    {
        lock (_gate)
            _current?.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] serving;
        lock (_gate)
            serving = [.. _serving];
        await Task.WhenAll(serving);
        _stop.Dispose();
    }

    private FrameConnection Current()
    {
        lock (_gate)
            return _current ?? throw new InvalidOperationException("Nobody has connected yet.");
    }

    private async Task ServeAsync(DuplexPair pair, int number)
    {
        try
        {
            using var connection = await FrameConnection.AcceptAsync(pair.Server, SystemRandomSource.Instance, cancellationToken: _stop.Token);
            if (connection is null)
                return;
            if (Greetings.TryDequeue(out var error))
            {
                await connection.WriteErrorAsync(error, _stop.Token);
                while (await connection.ReadAsync(_stop.Token) is not null)
                {
                    // Until the client leaves.
                }

                return;
            }

            // A connection that makes a key takes the place of the one before only when it carries a message.
            FrameConnection? before;
            lock (_gate)
                (before, _current) = (_current, connection);
            var handshake = new ServerHandshake(new ServerHandshakeOptions { Keys = [ExchangeKey.Value], DcId = 2, Time = Clock });
            while (await connection.ReadAsync(_stop.Token) is { } frame)
            {
                var keyId = EncryptedMessage.KeyIdOf(frame.Payload.Span);
                if (keyId == 0)
                {
                    lock (_gate)
                        _current = before ?? connection;
                    await ExchangeAsync(connection, handshake, frame.Payload);
                    continue;
                }

                if ((keyId == Key.Id ? Key : _temporaryKeys.GetValueOrDefault(keyId ?? 0)) is not { } key)
                {
                    await connection.WriteErrorAsync(TransportError.KeyUnknown, _stop.Token);
                    continue;
                }

                lock (_gate)
                    (_current, _sealing) = (connection, key);
                var message = EncryptedMessage.Decrypt(key, MessageDirection.ClientToServer, frame.Payload.Span);
                Volatile.Write(ref _sessionId, message.Header.SessionId);
                await UnpackAsync(number, key.Id, message);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TransportException)
        {
            // The connection was cut, by the test or by the client.
        }
    }

    private async Task ExchangeAsync(FrameConnection connection, ServerHandshake handshake, ReadOnlyMemory<byte> packet)
    {
        var reply = handshake.Handle(packet);
        if (reply.Completed is { ExpiresIn: not null } made)
            _temporaryKeys[made.AuthKey.Id] = made.AuthKey;
        await connection.WriteAsync(reply.Packet, _stop.Token);
    }

    private async Task UnpackAsync(int connection, long keyId, DecryptedMessage packet)
    {
        var header = packet.Header;
        var body = TlRegistry.Read(packet.Body.Span);
        var inner = body is MsgContainer container
            ? container.Messages.Select(message => (message.MsgId, message.Seqno, TlRegistry.Read(message.Body.Span)))
            : [(header.MessageId, header.SequenceNumber, body)];
        foreach (var (messageId, sequenceNumber, value) in inner)
        {
            var packed = value is GzipPacked;
            var content = value is GzipPacked gzip ? TlRegistry.Read(TlGzip.Inflate(gzip.PackedData.Span)) : value;
            var introduced = content is InvokeWithLayer;
            if (content is InvokeWithLayer { Query: InitConnection { Query: var query } })
                content = query;
            if (content is MsgsAck ack)
                Acknowledged.AddRange(ack.MsgIds);
            if (content is PingDelayDisconnect ping && AnswersPings)
                await SendAsync(new Pong { MsgId = messageId, PingId = ping.PingId }, contentRelated: false, answer: true);
            var received = new ClientMessage(
                connection, header.MessageId, messageId, sequenceNumber, header.SessionId, header.Salt, content, introduced, packed, keyId);
            _log.Enqueue(received);
            await _messages.Writer.WriteAsync(received);
        }
    }
}

/// <summary>What a test may set of a session.</summary>
internal sealed class MtprotoSessionBuilder
{
    public ulong Seed { get; set; } = 42;

    public TimeSpan? ClockOffset { get; set; } = TimeSpan.Zero;

    public IReadOnlyList<ServerSalt> Salts { get; set; } = [new ServerSalt(77, 0, long.MaxValue)];

    public ReadOnlyMemory<byte> Introduction { get; set; }

    /// <summary>Null speaks under the permanent key.</summary>
    public TimeSpan? TemporaryKeyLifetime { get; set; }

    public SessionTimings Timings { get; set; } = new();

    public int MaxNotices { get; set; } = 256;

    public int MaxInflated { get; set; } = TlGzip.DefaultMaxInflated;

    /// <summary>In place of the server's clock.</summary>
    public TimeProvider? Time { get; set; }

    /// <summary>In place of the server's own connections.</summary>
    public Func<CancellationToken, ValueTask<FrameConnection>>? Connect { get; set; }

    public Action<IReadOnlyList<ServerSalt>> SaltsChanged { get; set; } = static _ => { };

    public Action<SessionState> StateChanged { get; set; } = static _ => { };
}
