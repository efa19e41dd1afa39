using System.Numerics;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Handshake;

/// <summary>Each check of the server, against a client that is right in everything but one thing.</summary>
public sealed class ServerCheckTests
{
    private static readonly Lazy<RsaPrivateKey> ServerKey = new(RsaPrivateKey.Generate);
    private static readonly byte[] Other = [.. Enumerable.Repeat((byte)0xee, 16)];
    private static readonly DiffieHellmanGroup Group = DiffieHellmanGroup.Known;

    private readonly ServerHandshake _server = new(new ServerHandshakeOptions { Keys = [ServerKey.Value], DcId = 2 });
    private readonly byte[] _nonce = Hex.Sequence(16);
    private readonly byte[] _newNonce = Hex.Sequence(32);
    private readonly ResPQ _response;
    private readonly byte[] _p;
    private readonly byte[] _q;

    public ServerCheckTests()
    {
        _response = Assert.IsType<ResPQ>(Read(_server.Handle(Plain(new ReqPqMulti { Nonce = _nonce }))));
        Assert.True(PqFactorization.TryFactor((ulong)BigEndian.Read(_response.Pq), out var p, out var q));
        (_p, _q) = (BigEndian.Minimal(p), BigEndian.Minimal(q));
    }

    [Theory]
    [InlineData("nonce")]
    [InlineData("server nonce")]
    [InlineData("factors")]
    [InlineData("fingerprint")]
    [InlineData("block")]
    [InlineData("inner nonce")]
    [InlineData("inner server nonce")]
    [InlineData("inner factors")]
    [InlineData("inner pq")]
    public void A_request_for_parameters_must_be_right_in_everything(string wrong)
    {
        Assert.Equal(TransportError.KeyUnknown, _server.Handle(Plain(Request(wrong))).Error);
        // A bad query costs the exchange and not the connection, on which it begins anew.
        Assert.IsType<ResPQ>(Read(_server.Handle(Plain(new ReqPqMulti { Nonce = _nonce }))));
    }

    [Theory]
    [InlineData("nonce")]
    [InlineData("server nonce")]
    [InlineData("data")]
    [InlineData("inner nonce")]
    [InlineData("inner server nonce")]
    [InlineData("retry id")]
    public void A_public_value_must_come_with_the_exchanges_nonces(string wrong)
    {
        Assert.IsType<ServerDHParamsOk>(Read(_server.Handle(Plain(Request()))));

        Assert.Equal(TransportError.KeyUnknown, _server.Handle(Plain(Offer(Group.PublicValue(12345), wrong))).Error);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_public_value_that_would_give_the_key_away_ends_the_exchange(int value)
    {
        Assert.IsType<ServerDHParamsOk>(Read(_server.Handle(Plain(Request()))));

        var reply = _server.Handle(Plain(Offer(value < 0 ? Group.Prime + value : value)));

        Assert.IsType<DhGenFail>(Read(reply));
        Assert.Null(reply.Completed);
    }

    private static byte[] Plain(TlObject message) => PlainMessage.Write(4, message.ToBytes());

    private static TlObject Read(ServerHandshakeReply reply) => TlRegistry.Read(PlainMessage.Read(reply.Packet, out _).Span);

    private ReqDHParams Request(string? wrong = null)
    {
        var inner = new PQInnerDataDc
        {
            Pq = wrong == "inner pq" ? [1, 2, 3, 4] : _response.Pq,
            P = wrong == "inner factors" ? _q : _p,
            Q = wrong == "inner factors" ? _p : _q,
            Nonce = wrong == "inner nonce" ? Other : _nonce,
            ServerNonce = wrong == "inner server nonce" ? Other : _response.ServerNonce,
            NewNonce = _newNonce,
            Dc = 2,
        };
        return new ReqDHParams
        {
            Nonce = wrong == "nonce" ? Other : _nonce,
            ServerNonce = wrong == "server nonce" ? Other : _response.ServerNonce,
            P = wrong == "factors" ? _q : _p,
            Q = wrong == "factors" ? _p : _q,
            PublicKeyFingerprint = wrong == "fingerprint" ? 1 : ServerKey.Value.Public.Fingerprint,
            EncryptedData = wrong == "block" ? new byte[256] : RsaPad.Encrypt(inner.ToBytes(), ServerKey.Value.Public, SystemRandomSource.Instance),
        };
    }

    private SetClientDHParams Offer(BigInteger gb, string? wrong = null)
    {
        var inner = new ClientDHInnerData
        {
            Nonce = wrong == "inner nonce" ? Other : _nonce,
            ServerNonce = wrong == "inner server nonce" ? Other : _response.ServerNonce,
            RetryId = wrong == "retry id" ? 7 : 0,
            GB = BigEndian.Padded(gb, AuthKey.Size),
        };
        return new SetClientDHParams
        {
            Nonce = wrong == "nonce" ? Other : _nonce,
            ServerNonce = wrong == "server nonce" ? Other : _response.ServerNonce,
            EncryptedData = wrong == "data" ? new byte[64] : HandshakeAnswer.Seal(inner, _newNonce, _response.ServerNonce, SystemRandomSource.Instance),
        };
    }
}
