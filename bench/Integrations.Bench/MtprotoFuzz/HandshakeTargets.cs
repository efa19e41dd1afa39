using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>The client's side of the key exchange, held at one of its steps.</summary>
/// <param name="server">The key that the client trusts.</param>
/// <param name="step">How many answers it has taken: 0, 1 or 2.</param>
internal sealed class ClientHandshakeTarget(RsaPrivateKey server, int step) : FuzzTarget
{
    private readonly Mutator _ours = new(step);
    private ClientHandshake? _client;
    private ServerDHInnerData? _inner;
    private byte[] _answer = [];
    private byte[] _newNonce = [];
    private byte[] _serverNonce = [];

    public override string Name => $"handshake-client-{step}";

    // A changed answer that is still good costs a whole exchange.
    public override int Weight => step == 2 ? 40 : 2;

    public override byte[] Make(Mutator mutator)
    {
        Client();
        if (step == 1 && mutator.Next(2) == 0)
        {
            // What only the right server can make: wrong values under the right seal.
            var inner = mutator.Change(_inner!.ToBytes());
            return new ServerDHParamsOk
            {
                Nonce = _inner!.Nonce,
                ServerNonce = _inner.ServerNonce,
                EncryptedAnswer = HandshakeAnswer.Seal(new Raw(inner), _newNonce, _serverNonce, mutator),
            }.ToBytes();
        }

        return mutator.Next(6) == 0 ? mutator.Words(1, 60) : mutator.Change(_answer);
    }

    public override void Read(byte[] input)
    {
        // It stays where it is unless it takes the answer: then the next input meets another one.
        Client().Handle(input, out _);
        _client = null;
    }

    public override bool IsDocumented(Exception exception) => exception is HandshakeException;

    // The numbers of a Diffie-Hellman exchange are as large as they are.
    public override long Allowance(int length) => base.Allowance(length) + (4 << 20);

    private ClientHandshake Client()
    {
        if (_client is null)
            Begin();
        return _client!;
    }

    private void Begin()
    {
        _client = new ClientHandshake([server.Public], 2, _ours);
        var peer = new ServerHandshake(new ServerHandshakeOptions { Keys = [server], DcId = 2, Random = _ours });
        var next = _client.Start();
        for (var taken = 0; ; taken++)
        {
            var reply = peer.Handle(PlainMessage.Write(4, next));
            _answer = PlainMessage.Read(reply.Packet, out _).ToArray();
            if (taken == 1)
                Learn();
            if (taken == step)
                return;
            next = _client.Handle(_answer, out _)!;
        }
    }

    private void Learn()
    {
        var reader = new TlReader(_client!.InnerData);
        var inner = reader.ReadObject<PQInnerDataDc>();
        (_newNonce, _serverNonce) = (inner.NewNonce, inner.ServerNonce);
        reader = new TlReader(_answer);
        _inner = HandshakeAnswer.TryOpen<ServerDHInnerData>(reader.ReadObject<ServerDHParamsOk>().EncryptedAnswer, _newNonce, _serverNonce);
    }

    /// <summary>Bytes in place of an object.</summary>
    private sealed class Raw(byte[] bytes) : TlObject
    {
        public override uint ConstructorId => 0;

        public override string TlName => "raw";

        public override void Write(TlWriter writer) => writer.WriteRaw(bytes);
    }
}

/// <summary>The server's side, which refuses by its answer and never by an exception.</summary>
internal sealed class ServerHandshakeTarget(RsaPrivateKey key) : FuzzTarget
{
    private readonly Mutator _ours = new(7);
    private readonly byte[] _start = new ReqPqMulti { Nonce = new byte[16] }.ToBytes();
    private ServerHandshake? _server;
    private byte[] _request = [];
    private int _uses;

    public override string Name => "handshake-server";

    public override int Weight => 20;

    public override byte[] Make(Mutator mutator)
    {
        // A new one now and then, because a changed request may begin it anew.
        if (_server is null || ++_uses > 500)
            Begin();
        return mutator.Next(6) == 0 ? PlainMessage.Write(4, mutator.Words(1, 60)) : PlainMessage.Write(4, mutator.Change(mutator.Next(3) == 0 ? _start : _request));
    }

    public override void Read(byte[] input) => _server!.Handle(input);

    public override bool IsDocumented(Exception exception) => false;

    public override long Allowance(int length) => base.Allowance(length) + (4 << 20);

    private void Begin()
    {
        _uses = 0;
        _server = new ServerHandshake(new ServerHandshakeOptions { Keys = [key], DcId = 2, Random = _ours });
        var client = new ClientHandshake([key.Public], 2, _ours);
        var reply = _server.Handle(PlainMessage.Write(4, client.Start()));
        _request = client.Handle(PlainMessage.Read(reply.Packet, out _).Span, out _)!;
    }
}

/// <summary>The proof that binds a temporary key, as a server reads it. Nothing but the proof itself may pass, and no exception leaves.</summary>
internal sealed class KeyBindingTarget : FuzzTarget
{
    private const long SessionId = 7;
    private const long MessageId = 8;

    /// <summary>Everything before the last block, the end of which is padding.</summary>
    private const int Meant = 24 + 64;

    private readonly AuthKey _permanent;
    private readonly AuthKey _temporary;
    private readonly AuthBindTempAuthKey _call;

    public KeyBindingTarget()
    {
        var random = new Mutator(9);
        (_permanent, _temporary) = (new AuthKey(random.Bytes(AuthKey.Size, AuthKey.Size)), new AuthKey(random.Bytes(AuthKey.Size, AuthKey.Size)));
        _call = KeyBinding.Create(_permanent, _temporary, SessionId, MessageId, 1_800_000_000, random);
    }

    public override string Name => "key-binding";

    public override int Weight => 20;

    public override byte[] Make(Mutator mutator) => mutator.Next(6) == 0 ? mutator.Bytes(8, 256) : mutator.Change(_call.EncryptedMessage);

    public override void Read(byte[] input)
    {
        var call = new AuthBindTempAuthKey { PermAuthKeyId = _permanent.Id, Nonce = _call.Nonce, ExpiresAt = _call.ExpiresAt, EncryptedMessage = input };
        if (KeyBinding.Proves(call, _permanent, _temporary.Id, SessionId, MessageId) && !input.AsSpan().StartsWith(_call.EncryptedMessage.AsSpan(0, Meant)))
            throw new InvalidDataException("Bytes that are not the proof were taken for it.");
    }

    public override bool IsDocumented(Exception exception) => false;
}
