using System.Numerics;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Handshake;

/// <summary>Each check of the client, against a server that is right in everything but one thing.</summary>
public sealed class ClientCheckTests
{
    private static readonly Lazy<RsaPrivateKey> ServerKey = new(RsaPrivateKey.Generate);
    private static readonly byte[] Other = [.. Enumerable.Repeat((byte)0xee, 32)];
    private static readonly DiffieHellmanGroup Group = DiffieHellmanGroup.Known;
    private static readonly BigInteger Margin = BigInteger.One << (2048 - 64);

    private readonly ClientHandshake _client = new([ServerKey.Value.Public], 2, SystemRandomSource.Instance);
    private readonly byte[] _serverNonce = Hex.Sequence(16);
    private readonly BigInteger _secret = BigEndian.Read(RandomNumberGenerator.GetBytes(256));
    private readonly byte[] _nonce;
    private byte[] _newNonce = [];

    public ClientCheckTests() => _nonce = _client.Start()[4..20];

    [Fact]
    public void A_server_that_is_right_in_everything_gets_a_key()
    {
        var key = KeyOf(Exchanged());

        Assert.Null(_client.Handle(Ok(key).ToBytes(), out var result));

        Assert.Equal(key.Id, result?.AuthKey.Id);
    }

    [Fact]
    public void The_nonce_of_resPQ_must_be_ours() => Refused("nonce of resPQ", Respond(nonce: Other[..16]));

    [Theory]
    [InlineData("", "read pq")]
    [InlineData("010000000000000000", "read pq")]
    [InlineData("0000000000000000", "decompose pq")]
    [InlineData("000000007fffffff", "decompose pq")] // a prime
    [InlineData("ffffffffffffffff", "decompose pq")] // not below 2^63
    public void Pq_must_be_a_product_of_two_primes_below_2_to_63(string pq, string step) => Refused(step, Respond(pq: Hex.Bytes(pq)));

    [Fact]
    public void A_key_must_be_trusted() => Refused("trusted key", Respond(fingerprint: 1));

    [Fact]
    public void An_answer_to_another_step_is_refused() => Refused("while in step", Ok(new AuthKey(new byte[256])));

    [Fact]
    public void Bytes_that_are_no_object_are_refused() =>
        Assert.Contains("read the answer", Assert.Throws<HandshakeException>(() => _client.Handle(Hex.Bytes("deadbeef"), out _)).Step, StringComparison.Ordinal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_nonces_of_server_DH_params_ok_must_be_the_exchanges(bool nonce)
    {
        Identified();
        var answer = HandshakeAnswer.Seal(Inner(), _newNonce, _serverNonce, SystemRandomSource.Instance);

        Refused(
            nonce ? "nonce of server_DH_params_ok" : "server nonce of server_DH_params_ok",
            new ServerDHParamsOk { Nonce = nonce ? Other[..16] : _nonce, ServerNonce = nonce ? _serverNonce : Other[..16], EncryptedAnswer = answer });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_nonces_inside_the_answer_must_be_the_exchanges(bool nonce)
    {
        Identified();
        Refused(
            nonce ? "nonce of server_DH_inner_data" : "server nonce of server_DH_inner_data",
            Params(nonce ? Inner(nonce: Other[..16]) : Inner(serverNonce: Other[..16])));
    }

    [Theory]
    [InlineData(Damage.Length)]
    [InlineData(Damage.Hash)]
    [InlineData(Damage.Padding)]
    [InlineData(Damage.Key)]
    public void The_answer_must_open(Damage damage)
    {
        Identified();
        Refused("open the answer", new ServerDHParamsOk { Nonce = _nonce, ServerNonce = _serverNonce, EncryptedAnswer = Damaged(damage) });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)] // a generator of the whole group with this prime
    [InlineData(8)]
    public void The_generator_must_fit_the_prime(int g)
    {
        Identified();
        Refused("dh_prime and g", Params(Inner(g: g)));
    }

    [Fact]
    public void The_prime_must_be_a_safe_one_of_2048_bits()
    {
        Identified();
        byte[] composite = [.. Group.PrimeBytes];
        composite[^1] ^= 0x10;
        Refused("dh_prime and g", Params(Inner(prime: composite)));
    }

    [Fact]
    public void A_short_prime_is_refused()
    {
        Identified();
        Refused("dh_prime and g", Params(Inner(prime: Group.PrimeBytes[1..])));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2^1984 - 1")]
    [InlineData("p - 2^1984 + 1")]
    [InlineData("p - 1")]
    [InlineData("p")]
    public void A_public_value_near_the_ends_of_the_group_is_refused(string value)
    {
        Identified();
        Refused("range of g_a", Params(Inner(ga: value switch
        {
            "0" => 0,
            "1" => 1,
            "2^1984 - 1" => Margin - 1,
            "p - 2^1984 + 1" => Group.Prime - Margin + 1,
            "p - 1" => Group.Prime - 1,
            _ => Group.Prime,
        })));
    }

    [Theory]
    [InlineData(0, "nonce of server_DH_params_fail")]
    [InlineData(1, "server nonce of server_DH_params_fail")]
    [InlineData(2, "nonce hash of server_DH_params_fail")]
    [InlineData(3, "answered server_DH_params_fail")]
    public void A_refusal_of_the_parameters_is_believed_only_when_it_is_the_servers(int wrong, string step)
    {
        Identified();
        Refused(step, new ServerDHParamsFail
        {
            Nonce = wrong == 0 ? Other[..16] : _nonce,
            ServerNonce = wrong == 1 ? Other[..16] : _serverNonce,
            NewNonceHash = wrong == 2 ? Other[..16] : SHA1.HashData(_newNonce)[4..],
        });
    }

    [Theory]
    [InlineData("dh_gen_ok", 0, "nonce of dh_gen_ok")]
    [InlineData("dh_gen_ok", 1, "server nonce of dh_gen_ok")]
    [InlineData("dh_gen_ok", 2, "nonce hash of dh_gen_ok")]
    [InlineData("dh_gen_retry", 0, "nonce of dh_gen_retry")]
    [InlineData("dh_gen_retry", 1, "server nonce of dh_gen_retry")]
    [InlineData("dh_gen_retry", 2, "nonce hash of dh_gen_retry")]
    [InlineData("dh_gen_fail", 0, "nonce of dh_gen_fail")]
    [InlineData("dh_gen_fail", 1, "server nonce of dh_gen_fail")]
    [InlineData("dh_gen_fail", 2, "nonce hash of dh_gen_fail")]
    [InlineData("dh_gen_fail", 3, "answered dh_gen_fail")]
    public void The_last_answer_must_bear_both_nonces_and_the_hash_of_its_kind(string kind, int wrong, string step)
    {
        var key = KeyOf(Exchanged());
        var (nonce, serverNonce) = (wrong == 0 ? Other[..16] : _nonce, wrong == 1 ? Other[..16] : _serverNonce);
        // The hash of another kind: a retry must not pass for a success.
        byte[] Hash(byte number) => key.NewNonceHash(_newNonce, wrong == 2 ? (byte)(number % 3 + 1) : number);

        Refused(step, kind switch
        {
            "dh_gen_ok" => new DhGenOk { Nonce = nonce, ServerNonce = serverNonce, NewNonceHash1 = Hash(1) },
            "dh_gen_retry" => new DhGenRetry { Nonce = nonce, ServerNonce = serverNonce, NewNonceHash2 = Hash(2) },
            _ => new DhGenFail { Nonce = nonce, ServerNonce = serverNonce, NewNonceHash3 = Hash(3) },
        });
    }

    [Fact]
    public void A_retry_names_the_key_that_was_refused_and_offers_another()
    {
        var first = Exchanged();
        var refused = KeyOf(first);
        var request = _client.Handle(
            new DhGenRetry { Nonce = _nonce, ServerNonce = _serverNonce, NewNonceHash2 = refused.NewNonceHash(_newNonce, 2) }.ToBytes(), out _);

        var second = Opened(request);
        Assert.Equal((0L, refused.AuxHash), (first.RetryId, second.RetryId));
        Assert.NotEqual(first.GB, second.GB);
    }

    /// <summary>What is wrong with the encrypted answer.</summary>
    public enum Damage
    {
        Length,
        Hash,
        Padding,
        Key,
    }

    private void Refused(string step, TlObject answer) =>
        Assert.Contains(step, Assert.Throws<HandshakeException>(() => _client.Handle(answer.ToBytes(), out _)).Step, StringComparison.Ordinal);

    private ResPQ Respond(byte[]? nonce = null, byte[]? pq = null, long? fingerprint = null) => new()
    {
        Nonce = nonce ?? _nonce,
        ServerNonce = _serverNonce,
        Pq = pq ?? BigEndian.Padded(1009UL * 1013UL, 8),
        ServerPublicKeyFingerprints = [fingerprint ?? ServerKey.Value.Public.Fingerprint],
    };

    private void Identified()
    {
        var request = Assert.IsType<ReqDHParams>(TlRegistry.Read(_client.Handle(Respond().ToBytes(), out _)));
        _newNonce = InnerData.TryOpen(request.EncryptedData, ServerKey.Value)!.NewNonce;
    }

    private ClientDHInnerData Exchanged()
    {
        Identified();
        return Opened(_client.Handle(Params(Inner()).ToBytes(), out _));
    }

    private ClientDHInnerData Opened(byte[]? request) =>
        HandshakeAnswer.TryOpen<ClientDHInnerData>(Assert.IsType<SetClientDHParams>(TlRegistry.Read(request)).EncryptedData, _newNonce, _serverNonce)!;

    private AuthKey KeyOf(ClientDHInnerData inner) => new(BigEndian.Padded(Group.Power(BigEndian.Read(inner.GB), _secret), AuthKey.Size));

    private DhGenOk Ok(AuthKey key) => new()
    {
        Nonce = _nonce,
        ServerNonce = _serverNonce,
        NewNonceHash1 = key.NewNonceHash(_newNonce.Length == 0 ? Other : _newNonce, 1),
    };

    private ServerDHParamsOk Params(ServerDHInnerData inner) => new()
    {
        Nonce = _nonce,
        ServerNonce = _serverNonce,
        EncryptedAnswer = HandshakeAnswer.Seal(inner, _newNonce, _serverNonce, SystemRandomSource.Instance),
    };

    private ServerDHInnerData Inner(byte[]? nonce = null, byte[]? serverNonce = null, int? g = null, byte[]? prime = null, BigInteger? ga = null) => new()
    {
        Nonce = nonce ?? _nonce,
        ServerNonce = serverNonce ?? _serverNonce,
        G = g ?? Group.Generator,
        DhPrime = prime ?? Group.PrimeBytes,
        GA = BigEndian.Padded(ga ?? Group.PublicValue(_secret), AuthKey.Size),
        ServerTime = 1_700_000_000,
    };

    private byte[] Damaged(Damage damage)
    {
        var data = Inner().ToBytes();
        var hash = SHA1.HashData(data);
        if (damage == Damage.Hash)
            hash[0] ^= 1;
        var plain = new byte[((20 + data.Length + 15) / 16 * 16) + (damage == Damage.Padding ? 16 : 0)];
        hash.CopyTo(plain, 0);
        data.CopyTo(plain, 20);
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        Span<byte> iv = stackalloc byte[AesIge.IvSize];
        KeyDerivation.FromNonces(damage == Damage.Key ? Other : _newNonce, _serverNonce, key, iv);
        var encrypted = new byte[plain.Length];
        AesIge.Encrypt(key, iv, plain, encrypted);
        return damage == Damage.Length ? encrypted[..^1] : encrypted;
    }
}
