using System.Collections.Concurrent;
using System.IO.Pipelines;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>Several data centres with real key exchanges and envelopes, whose answers are the test's.</summary>
internal sealed class ScriptedTelegram : IAsyncDisposable
{
    private static readonly Lazy<RsaPrivateKey> Key = new(RsaPrivateKey.Generate);

    private readonly ConcurrentDictionary<long, AuthKey> _keys = new();
    private readonly ConcurrentQueue<(int Dc, string Name)> _log = new();
    private readonly ConcurrentDictionary<int, Peer> _connected = new();
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly CancellationTokenSource _stop = new();
    private int _exchanges;

    /// <summary>Makes the result of a call, or refuses by throwing <see cref="RpcException"/>.</summary>
    public Func<int, TlRequest, object> Answer { get; set; } = static (_, request) => throw Refusal(400, "NOT_SCRIPTED_" + request.TlName);

    /// <summary>Data centres that accept no connection.</summary>
    public ConcurrentDictionary<int, bool> Unreachable { get; } = new();

    /// <summary>Key exchanges answered with -404 before one is served.</summary>
    public int ExchangesToRefuse { get; set; }

    /// <summary>What <c>help.getConfig</c> says. It is asked by itself and stands in no log; null refuses it.</summary>
    public Config? Config { get; set; }

    /// <summary>The addresses to which connections were made, in order.</summary>
    public ConcurrentQueue<TelegramDc> Dialled { get; } = new();

    /// <summary>Addresses where nobody answers.</summary>
    public ConcurrentDictionary<string, bool> DeadHosts { get; } = new();

    public int Exchanges => Volatile.Read(ref _exchanges);

    /// <summary>Calls in the order in which they came, each with its data centre.</summary>
    public IReadOnlyList<(int Dc, string Name)> Log => [.. _log];

    public TelegramServers Servers { get; } =
        new(2, [new TelegramDc(1, "one", 1), new TelegramDc(2, "two", 2)], [Key.Value.Public]);

    public static RpcException Refusal(int code, string name) => new(code, name, "scripted");

    public void Note(string name) => _log.Enqueue((0, name));

    public ValueTask<IDuplexPipe> ConnectAsync(TelegramDc dc, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Dialled.Enqueue(dc);
        if (Unreachable.ContainsKey(dc.Id) || DeadHosts.ContainsKey(dc.Host))
            throw new IOException($"Data centre {dc.Id} is out of reach.");
        var pair = new DuplexPair();
        _serving.Add(Task.Run(() => ServeAsync(dc.Id, pair.Server), CancellationToken.None));
        return ValueTask.FromResult(pair.Client);
    }

    /// <summary>Forgets all keys, as after the account's owner has ended every session.</summary>
    public void ForgetKeys() => _keys.Clear();

    public void Drop(int dc) => _connected[dc].Connection.Abort();

    public Task PushAsync(int dc, TlObject updates) => _connected[dc].SendAsync(updates, answer: false, _stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_serving);
        _stop.Dispose();
    }

    private async Task ServeAsync(int dc, IDuplexPipe pipe)
    {
        try
        {
            using var connection = await FrameConnection.AcceptAsync(pipe, SystemRandomSource.Instance, cancellationToken: _stop.Token);
            if (connection is null)
                return;
            var handshake = new ServerHandshake(new ServerHandshakeOptions { Keys = [Key.Value], DcId = dc });
            var ids = new MessageIdSource(TimeProvider.System);
            while (await connection.ReadAsync(_stop.Token) is { } frame)
            {
                if (EncryptedMessage.KeyIdOf(frame.Payload.Span) == 0)
                    await ExchangeAsync(connection, handshake, frame.Payload);
                else if (_keys.TryGetValue(EncryptedMessage.KeyIdOf(frame.Payload.Span)!.Value, out var key))
                    await ReceiveAsync(dc, connection, key, ids, frame.Payload);
                else
                    await connection.WriteErrorAsync(TransportError.KeyUnknown, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TransportException)
        {
            // The connection was cut by one side.
        }
    }

    private async Task ExchangeAsync(FrameConnection connection, ServerHandshake handshake, ReadOnlyMemory<byte> packet)
    {
        if (ExchangesToRefuse > 0)
        {
            ExchangesToRefuse--;
            await connection.WriteErrorAsync(TransportError.KeyUnknown, _stop.Token);
            return;
        }

        var reply = handshake.Handle(packet);
        if (reply.Completed is { } completed)
        {
            _keys[completed.AuthKey.Id] = completed.AuthKey;
            Interlocked.Increment(ref _exchanges);
        }

        if (reply.Error is { } error)
            await connection.WriteErrorAsync(error, _stop.Token);
        else
            await connection.WriteAsync(reply.Packet, _stop.Token);
    }

    private async Task ReceiveAsync(int dc, FrameConnection connection, AuthKey key, MessageIdSource ids, ReadOnlyMemory<byte> packet)
    {
        var message = EncryptedMessage.Decrypt(key, MessageDirection.ClientToServer, packet.Span);
        var peer = new Peer(connection, key, ids, message.Header.SessionId);
        _connected[dc] = peer;
        var body = TlRegistry.Read(message.Body.Span);
        var inner = body is MsgContainer container
            ? container.Messages.Select(contained => (contained.MsgId, TlRegistry.Read(contained.Body.Span)))
            : [(message.Header.MessageId, body)];
        foreach (var (messageId, value) in inner.ToArray())
        {
            var content = value is GzipPacked gzip ? TlRegistry.Read(TlGzip.Inflate(gzip.PackedData.Span)) : value;
            if (content is InvokeWithLayer { Query: InitConnection { Query: var query } })
                content = query;
            switch (content)
            {
                case PingDelayDisconnect ping:
                    await peer.SendAsync(new Pong { MsgId = messageId, PingId = ping.PingId }, answer: true, _stop.Token);
                    break;
                case HelpGetConfig config:
                    await peer.SendAsync(new RpcResult { ReqMsgId = messageId, Result = ConfigFor(config) }, answer: true, _stop.Token);
                    break;
                case TlRequest request:
                    _log.Enqueue((dc, request.TlName));
                    await peer.SendAsync(new RpcResult { ReqMsgId = messageId, Result = ResultOf(dc, request) }, answer: true, _stop.Token);
                    break;
            }
        }
    }

    private byte[] ConfigFor(HelpGetConfig request)
    {
        if (Config is not { } config)
            return new RpcError { ErrorCode = 400, ErrorMessage = "NOT_SCRIPTED" }.ToBytes();
        using var writer = new TlWriter();
        request.WriteAnyResult(writer, config);
        return writer.WrittenSpan.ToArray();
    }

    private byte[] ResultOf(int dc, TlRequest request)
    {
        try
        {
            using var writer = new TlWriter();
            request.WriteAnyResult(writer, Answer(dc, request));
            return writer.WrittenSpan.ToArray();
        }
        catch (RpcException e)
        {
            return new RpcError { ErrorCode = e.Code, ErrorMessage = e.Name }.ToBytes();
        }
    }

    private sealed record Peer(FrameConnection Connection, AuthKey Key, MessageIdSource Ids, long SessionId)
    {
        public Task SendAsync(TlObject body, bool answer, CancellationToken cancellationToken)
        {
            var id = Ids.Next(answer ? MessageIdKind.ServerAnswer : MessageIdKind.ServerNotice);
            var packet = EncryptedMessage.Encrypt(
                Key, MessageDirection.ServerToClient, new MessageHeader(0, SessionId, id, 1), body.ToBytes(), SystemRandomSource.Instance);
            return Connection.WriteAsync(packet, cancellationToken).AsTask();
        }
    }
}
