using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using Integrations.Sandbox.Telegram;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Sandbox.Tests.Telegram.Server;

/// <summary>A message of the server, out of its container and unpacked.</summary>
internal sealed record Incoming(long Id, int Sequence, byte[] Body, bool InContainer)
{
    public uint Constructor => BitConverter.ToUInt32(Body);

    public TlObject Read() => TlRegistry.Read(Body);
}

/// <summary>The server answered a call with an error.</summary>
internal sealed class RpcFailure(int code, string name) : Exception($"{code} {name}")
{
    public int Code { get; } = code;

    public string Name { get; } = name;
}

/// <summary>One TCP connection with nothing automatic: every number in a message can be chosen, so that each check can be provoked.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly FrameConnection _frames;
    private readonly List<Incoming> _seen = [];
    private readonly Dictionary<long, TlRequest> _calls = [];

    private RawClient(SandboxTelegram sandbox, int dcId, FrameConnection frames)
    {
        Sandbox = sandbox;
        DcId = dcId;
        _frames = frames;
    }

    public SandboxTelegram Sandbox { get; }

    public int DcId { get; }

    public AuthKey Key { get; private set; } = null!;

    public long Salt { get; set; }

    public long SessionId { get; set; } = Random.Shared.NextInt64();

    public int ContentCount { get; set; }

    public int Layer { get; set; } = SchemaLayer.Current;

    /// <summary>Cleared by the first call, which introduces the client.</summary>
    public bool MustIntroduce { get; set; } = true;

    public MessageIdSource Ids { get; set; } = new(TimeProvider.System);

    /// <summary>A connection with a key that was laid into the world: what an exchange of keys leaves behind, without its cost.</summary>
    public static async Task<RawClient> WithKeyAsync(SandboxTelegram sandbox, int dcId = SandboxTelegram.MainDc)
    {
        var client = await OpenAsync(sandbox, dcId);
        var secret = new byte[AuthKey.Size];
        Random.Shared.NextBytes(secret);
        (client.Key, client.Salt) = (new AuthKey(secret), Random.Shared.NextInt64());
        sandbox.World.AddKey(client.Key.Id, secret, dcId, client.Salt);
        return client;
    }

    /// <summary>A connection with a key of its own, exchanged in full; a temporary one when its life in seconds is given.</summary>
    public static async Task<RawClient> ConnectAsync(
        SandboxTelegram sandbox,
        int dcId = SandboxTelegram.MainDc,
        TransportFormat format = TransportFormat.Intermediate,
        bool obfuscated = false,
        int? expiresIn = null)
    {
        var client = await OpenAsync(sandbox, dcId, format, obfuscated);
        var handshake = new ClientHandshake([RsaPublicKey.FromPem(sandbox.PublicKeyPem)], dcId, SystemRandomSource.Instance)
        {
            ExpiresIn = expiresIn,
        };
        var next = handshake.Start();
        while (true)
        {
            await client._frames.WriteAsync(PlainMessage.Write(client.Ids.Next(), next), Cancellation);
            var body = PlainMessage.Read(await client.ReadPacketAsync(), out _);
            next = handshake.Handle(body.Span, out var result);
            if (result is null)
                continue;
            (client.Key, client.Salt) = (result.AuthKey, result.ServerSalt);
            return client;
        }
    }

    /// <summary>Another connection with the key, session and counters of an earlier one.</summary>
    public async Task<RawClient> ReconnectAsync(bool sameSession = true, SandboxTelegram? to = null)
    {
        var client = await OpenAsync(to ?? Sandbox, DcId, TransportFormat.Full, false);
        (client.Key, client.Salt, client.Layer, client.MustIntroduce) = (Key, Salt, Layer, MustIntroduce);
        if (sameSession)
            (client.SessionId, client.ContentCount, client.Ids) = (SessionId, ContentCount, Ids);
        foreach (var (id, call) in _calls)
            client._calls[id] = call;
        return client;
    }

    /// <summary>Sends raw bytes as one packet.</summary>
    public ValueTask SendPacketAsync(byte[] packet) => _frames.WriteAsync(packet, Cancellation);

    /// <summary>Sends one message, each number of which may be chosen.</summary>
    public async Task<long> SendAsync(TlObject body, long? id = null, int? sequence = null, long? salt = null, bool isContent = true)
    {
        var messageId = id ?? Ids.Next();
        await SendBodyAsync(body.ToBytes(), messageId, sequence ?? NextSequence(isContent), salt);
        return messageId;
    }

    public ValueTask SendBodyAsync(byte[] body, long id, int sequence, long? salt = null)
    {
        var header = new MessageHeader(salt ?? Salt, SessionId, id, sequence);
        return SendPacketAsync(EncryptedMessage.Encrypt(Key, MessageDirection.ClientToServer, header, body, SystemRandomSource.Instance));
    }

    public int NextSequence(bool isContent) => isContent ? (ContentCount++ * 2) + 1 : ContentCount * 2;

    /// <summary>Calls a method, introducing the client with the first one, and waits for the answer.</summary>
    public async Task<T> InvokeAsync<T>(TlRequest<T> request)
        where T : notnull
    {
        var id = await StartAsync(request);
        return await ResultAsync(request, id);
    }

    /// <summary>Sends a call without waiting.</summary>
    public Task<long> StartAsync(TlRequest request)
    {
        TlRequest sent = request;
        if (MustIntroduce)
        {
            sent = new InvokeWithLayer
            {
                Layer = Layer,
                Query = new InitConnection
                {
                    ApiId = 4242,
                    DeviceModel = "Raw client",
                    SystemVersion = "1",
                    AppVersion = "2.0",
                    SystemLangCode = "en",
                    LangPack = "",
                    LangCode = "en",
                    Query = request,
                },
            };
            MustIntroduce = false;
        }
        return SendAsync(sent);
    }

    public async Task<T> ResultAsync<T>(TlRequest<T> request, long id)
        where T : notnull
    {
        var body = await ResultBytesAsync(id);
        var reader = new TlReader(body);
        return request.ReadResult(ref reader);
    }

    /// <summary>The bytes of an answer, unpacked.</summary>
    public async Task<byte[]> ResultBytesAsync(long id)
    {
        var answer = await NextAsync(message => message.Constructor == RpcResult.Id && BitConverter.ToInt64(message.Body, 4) == id);
        var body = TlGzip.Unpack(answer.Body.AsMemory(12)).ToArray();
        if (BitConverter.ToUInt32(body) != 0x2144ca19)
            return body;
        var error = (RpcError)TlRegistry.Read(body);
        throw new RpcFailure(error.ErrorCode, error.ErrorMessage);
    }

    /// <summary>The next message of a kind, also one that came while another was awaited.</summary>
    public async Task<T> NextAsync<T>()
        where T : TlObject
    {
        var name = typeof(T);
        var message = await NextAsync(message => message.Constructor != RpcResult.Id && message.Read().GetType() == name);
        return (T)message.Read();
    }

    public async Task<Incoming> NextAsync(Func<Incoming, bool> wanted)
    {
        while (true)
        {
            var index = _seen.FindIndex(message => wanted(message));
            if (index >= 0)
            {
                var found = _seen[index];
                _seen.RemoveAt(index);
                return found;
            }
            await ReadMoreAsync();
        }
    }

    /// <summary>Everything that has come and was not yet taken, after a round trip to the server.</summary>
    public async Task<IReadOnlyList<Incoming>> RestAsync()
    {
        var id = Random.Shared.NextInt64();
        await SendAsync(new Ping { PingId = id });
        await NextAsync(message => message.Constructor == 0x347773c5 && ((Pong)message.Read()).PingId == id);
        return [.. _seen];
    }

    /// <summary>The transport error with which the server refuses, or null when it closes without one.</summary>
    public async Task<int?> RefusalAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        while (await _frames.ReadAsync(deadline.Token) is { } frame)
        {
            if (frame.Kind == FrameKind.Error)
                return frame.Code;
        }
        return null;
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    public async Task EndedAsync()
    {
        try
        {
            while (true)
                await ReadMoreAsync();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return;
        }
    }

    /// <summary>Signs in by the code that the number always gets.</summary>
    public async Task<User> SignInAsync(string phone)
    {
        var sent = (AuthSentCode)await InvokeAsync(SendCode(phone));
        var authorization = (AuthAuthorization)await InvokeAsync(
            new AuthSignIn { PhoneNumber = phone, PhoneCodeHash = sent.PhoneCodeHash, PhoneCode = new string(phone[5], 5) });
        return (User)authorization.User;
    }

    public static AuthSendCode SendCode(string phone) => new() { PhoneNumber = phone, ApiId = 4242, ApiHash = "hash", Settings = new CodeSettings() };

    public void Abort() => _frames.Abort();

    public ValueTask DisposeAsync()
    {
        _frames.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RawClient> OpenAsync(
        SandboxTelegram sandbox, int dcId = SandboxTelegram.MainDc, TransportFormat format = TransportFormat.Intermediate, bool obfuscated = false)
    {
        var address = sandbox.Dcs.Single(dc => dc.Id == dcId);
        var pipe = await SocketPipe.ConnectAsync(address.Host, address.Port, () => true, Cancellation);
        return new RawClient(sandbox, dcId, FrameConnection.Connect(pipe, format, obfuscated, SystemRandomSource.Instance));
    }

    private async Task<ReadOnlyMemory<byte>> ReadPacketAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        try
        {
            var frame = await _frames.ReadAsync(deadline.Token) ?? throw new IOException("The server closed the connection.");
            return frame.Kind == FrameKind.Payload ? frame.Payload : throw new IOException($"The server refused with {frame.Code}.");
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !Cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing came for {Deadline}. Not taken: {string.Join(", ", _seen.Select(message => TlRegistry.NameOf(message.Constructor)))}.", e);
        }
    }

    private async Task ReadMoreAsync()
    {
        var packet = await ReadPacketAsync();
        var message = EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet.Span, SessionId);
        Unpack(message.Header.MessageId, message.Header.SequenceNumber, message.Body.ToArray(), false);
    }

    private void Unpack(long id, int sequence, byte[] body, bool inContainer)
    {
        body = TlGzip.Unpack(body).ToArray();
        if (BitConverter.ToUInt32(body) != MsgContainer.Id)
        {
            _seen.Add(new Incoming(id, sequence, body, inContainer));
            return;
        }
        var reader = new TlReader(body);
        foreach (var inner in reader.ReadObject<MsgContainer>().Messages)
            Unpack(inner.MsgId, inner.Seqno, inner.Body.ToArray(), true);
    }
}
