using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Handshake;

public sealed class KeyExchangeTests
{
    private static readonly Lazy<RsaPrivateKey> ServerKey = new(RsaPrivateKey.Generate);
    private readonly TestClock _clock = new();

    [Theory]
    [InlineData(TransportFormat.Abridged, false)]
    [InlineData(TransportFormat.Intermediate, false)]
    [InlineData(TransportFormat.PaddedIntermediate, false)]
    [InlineData(TransportFormat.Full, false)]
    [InlineData(TransportFormat.Abridged, true)]
    [InlineData(TransportFormat.Intermediate, true)]
    [InlineData(TransportFormat.PaddedIntermediate, true)]
    public async Task Both_sides_end_with_one_key_over_every_transport(TransportFormat format, bool obfuscated)
    {
        var token = TestContext.Current.CancellationToken;
        var pair = new DuplexPair();
        var server = ServeAsync(pair, new ServerHandshakeOptions { Keys = [ServerKey.Value], DcId = 2, Time = _clock }, token);

        using var connection = FrameConnection.Connect(pair.Client, format, obfuscated, SystemRandomSource.Instance);
        var client = await KeyExchange.RunAsync(
            connection, new ClientHandshake([ServerKey.Value.Public], 2, SystemRandomSource.Instance), new MessageIdSource(_clock), token);

        var completed = await server;
        Assert.Equal(completed.AuthKey.Export(), client.AuthKey.Export());
        Assert.Equal(completed.ServerSalt, client.ServerSalt);
        Assert.Equal(_clock.GetUtcNow(), client.ServerTime);
        Assert.Equal(2, completed.DcId);
        Assert.Null(completed.ExpiresIn);
    }

    [Fact]
    public async Task A_handshake_for_another_data_centre_is_refused_by_code()
    {
        var error = await FailAsync(new ServerHandshakeOptions { Keys = [ServerKey.Value], DcId = 1 }, dcId: 2);

        Assert.Equal(TransportError.WrongDc, Assert.IsType<TransportErrorException>(error).Code);
    }

    [Theory]
    [InlineData(10_002)]
    [InlineData(-2)]
    [InlineData(-10_002)]
    public async Task Test_and_media_forms_of_the_data_centre_are_accepted(int dcId) =>
        Assert.Null(await FailAsync(new ServerHandshakeOptions { Keys = [ServerKey.Value], DcId = 2 }, dcId));

    [Fact]
    public async Task A_server_whose_key_is_not_trusted_is_refused()
    {
        var error = await FailAsync(new ServerHandshakeOptions { Keys = [RsaPrivateKey.Generate()] }, dcId: 2);

        Assert.Contains("trusted key", Assert.IsType<HandshakeException>(error).Step, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_id_in_use_makes_both_sides_take_another_key()
    {
        var refused = new List<long>();
        var options = new ServerHandshakeOptions
        {
            Keys = [ServerKey.Value],
            IsKeyIdTaken = id =>
            {
                refused.Add(id);
                return refused.Count < 3;
            },
        };

        Assert.Null(await FailAsync(options, dcId: 2));
        Assert.Equal(3, refused.Distinct().Count());
    }

    [Fact]
    public async Task A_server_that_never_accepts_a_key_is_given_up()
    {
        var error = await FailAsync(new ServerHandshakeOptions { Keys = [ServerKey.Value], IsKeyIdTaken = static _ => true }, dcId: 2);

        Assert.Contains("agree on a key", Assert.IsType<HandshakeException>(error).Step, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void The_server_takes_the_older_inner_data_under_both_paddings(bool legacyPadding, bool temporary)
    {
        var server = new ServerHandshake(new ServerHandshakeOptions { Keys = [ServerKey.Value], DcId = 2 });
        var nonce = Hex.Sequence(16);
        var resPq = Read<ResPQ>(server.Handle(Plain(new ReqPq { Nonce = nonce })));
        Assert.True(PqFactorization.TryFactor((ulong)BigEndian.Read(resPq.Pq), out var p, out var q));
        var (pBytes, qBytes, newNonce) = (BigEndian.Minimal(p), BigEndian.Minimal(q), Hex.Sequence(32));
        PQInnerDataBase inner = temporary
            ? new PQInnerDataTemp
            {
                Pq = resPq.Pq,
                P = pBytes,
                Q = qBytes,
                Nonce = nonce,
                ServerNonce = resPq.ServerNonce,
                NewNonce = newNonce,
                ExpiresIn = 3600,
            }
            : new PQInnerData { Pq = resPq.Pq, P = pBytes, Q = qBytes, Nonce = nonce, ServerNonce = resPq.ServerNonce, NewNonce = newNonce };
        var encrypted = legacyPadding
            ? RsaLegacyPadding.Encrypt(inner.ToBytes(), ServerKey.Value.Public, SystemRandomSource.Instance)
            : RsaPad.Encrypt(inner.ToBytes(), ServerKey.Value.Public, SystemRandomSource.Instance);

        var answer = Read<ServerDHParamsOk>(server.Handle(Plain(new ReqDHParams
        {
            Nonce = nonce,
            ServerNonce = resPq.ServerNonce,
            P = pBytes,
            Q = qBytes,
            PublicKeyFingerprint = ServerKey.Value.Public.Fingerprint,
            EncryptedData = encrypted,
        })));

        Assert.NotNull(HandshakeAnswer.TryOpen<ServerDHInnerData>(answer.EncryptedAnswer, newNonce, resPq.ServerNonce));
    }

    [Fact]
    public void A_new_request_for_pq_in_the_middle_begins_anew()
    {
        var server = new ServerHandshake(new ServerHandshakeOptions { Keys = [ServerKey.Value] });
        var client = new ClientHandshake([ServerKey.Value.Public], 2, SystemRandomSource.Instance);
        client.Handle(Body(server.Handle(Plain(client.Start()))), out _);

        var second = new ClientHandshake([ServerKey.Value.Public], 2, SystemRandomSource.Instance);
        var next = second.Handle(Body(server.Handle(Plain(second.Start()))), out _);
        next = second.Handle(Body(server.Handle(Plain(next!))), out _);
        var reply = server.Handle(Plain(next!));
        second.Handle(Body(reply), out var result);

        Assert.NotNull(result);
        Assert.Equal(reply.Completed?.AuthKey.Id, result.AuthKey.Id);
    }

    [Fact]
    public void The_server_answers_nonsense_with_an_error_code_and_lives_on()
    {
        var server = new ServerHandshake(new ServerHandshakeOptions { Keys = [ServerKey.Value] });

        Assert.Equal(TransportError.KeyUnknown, server.Handle(Hex.Sequence(40)).Error);
        Assert.Equal(TransportError.KeyUnknown, server.Handle(Plain(Hex.Bytes("deadbeef"))).Error);
        Assert.Equal(
            TransportError.KeyUnknown,
            server.Handle(Plain(new SetClientDHParams { Nonce = new byte[16], ServerNonce = new byte[16], EncryptedData = new byte[64] })).Error);
        Assert.NotNull(server.Handle(Plain(new ReqPq { Nonce = new byte[16] })).Packet);
    }

    private static async Task<ServerHandshakeResult> ServeAsync(DuplexPair pair, ServerHandshakeOptions options, CancellationToken token)
    {
        var connection = await FrameConnection.AcceptAsync(pair.Server, SystemRandomSource.Instance, cancellationToken: token);
        var handshake = new ServerHandshake(options);
        while (await connection!.ReadAsync(token) is { } frame)
        {
            var reply = handshake.Handle(frame.Payload);
            if (reply.Error is { } error)
                await connection.WriteErrorAsync(error, token);
            else
                await connection.WriteAsync(reply.Packet, token);
            if (reply.Completed is { } completed)
                return completed;
        }

        throw new InvalidOperationException("The client closed the stream before it had a key.");
    }

    private static async Task<Exception?> FailAsync(ServerHandshakeOptions options, int dcId)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var pair = new DuplexPair();
        var server = ServeAsync(pair, options, stop.Token);
        using var connection = FrameConnection.Connect(pair.Client, TransportFormat.Intermediate, obfuscated: false, SystemRandomSource.Instance);
        var handshake = new ClientHandshake([ServerKey.Value.Public], dcId, SystemRandomSource.Instance);
        try
        {
            await KeyExchange.RunAsync(connection, handshake, new MessageIdSource(TimeProvider.System), stop.Token);
            return null;
        }
        catch (Exception e) when (e is HandshakeException or TransportErrorException)
        {
            return e;
        }
        finally
        {
            await stop.CancelAsync();
            await server.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private static byte[] Plain(TlObject message) => Plain(message.ToBytes());

    private static byte[] Plain(byte[] body) => PlainMessage.Write(4, body);

    private static byte[] Body(ServerHandshakeReply reply) => PlainMessage.Read(reply.Packet, out _).ToArray();

    private static T Read<T>(ServerHandshakeReply reply)
        where T : TlObject => Assert.IsType<T>(TlRegistry.Read(Body(reply)));
}
