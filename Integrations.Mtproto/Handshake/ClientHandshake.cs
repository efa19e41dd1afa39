using System.Numerics;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Handshake;

/// <summary>
/// The client's side of the key exchange (core.telegram.org/mtproto/auth_key), without input and output: bodies of plain messages in
/// and out. <see cref="KeyExchange"/> runs it over a connection.
/// </summary>
/// <param name="keys">The server's public keys that are trusted.</param>
/// <param name="dcId">
/// The data centre that is meant, as <c>p_q_inner_data_dc</c> carries it: plus 10000 for test servers, negative for media servers.
/// Null sends the older <c>p_q_inner_data</c>, which does not name one.
/// </param>
/// <param name="random">Source of nonces, paddings and the secret exponent.</param>
public sealed class ClientHandshake(IReadOnlyList<RsaPublicKey> keys, int? dcId, IRandomSource random)
{
    /// <summary>How often the server may ask for another g_b before it counts as broken.</summary>
    private const int MaxRetries = 5;

    private byte[] _nonce = [];
    private byte[] _serverNonce = [];
    private byte[] _newNonce = [];
    private DiffieHellmanGroup? _group;
    private BigInteger _ga;
    private AuthKey? _candidate;
    private DateTimeOffset _serverTime;
    private int _retries;
    private Step _step;

    private enum Step
    {
        NotStarted,
        AwaitResPq,
        AwaitDhParams,
        AwaitDhGen,
        Done,
    }

    /// <summary>Life of a temporary key in seconds; null makes a permanent one.</summary>
    public int? ExpiresIn { get; init; }

    /// <summary>What was encrypted for the server in step 4, for tests: the ciphertext itself is random.</summary>
    internal byte[] InnerData { get; private set; } = [];

    /// <summary>The first message.</summary>
    public byte[] Start()
    {
        // 1) req_pq_multi#be7e8ef1 nonce:int128 = ResPQ
        _nonce = random.NextBytes(16);
        _step = Step.AwaitResPq;
        return new ReqPqMulti { Nonce = _nonce }.ToBytes();
    }

    /// <summary>Takes the server's answer.</summary>
    /// <param name="body">One object; whatever follows it is padding.</param>
    /// <param name="result">The key, when the exchange is complete.</param>
    /// <returns>The next message to send; null when the exchange is complete.</returns>
    /// <exception cref="HandshakeException">A check failed or the server gave up.</exception>
    public byte[]? Handle(ReadOnlySpan<byte> body, out HandshakeResult? result)
    {
        result = null;
        TlObject answer;
        try
        {
            var reader = new TlReader(body);
            answer = reader.ReadObject<TlObject>();
        }
        catch (TlException e)
        {
            throw new HandshakeException($"read the answer ({e.Message})");
        }

        switch (_step, answer)
        {
            case (Step.AwaitResPq, ResPQ resPq):
                return Identify(resPq);
            case (Step.AwaitDhParams, ServerDHParamsOk ok):
                return Exchange(ok);
            case (Step.AwaitDhParams, ServerDHParamsFail fail):
                throw ParamsFail(fail);
            case (Step.AwaitDhGen, SetClientDHParamsAnswer generated):
                return Complete(generated, out result);
            default:
                throw new HandshakeException($"handle {answer.TlName} while in step {_step}");
        }
    }

    private byte[] Identify(ResPQ resPq)
    {
        // 2) resPQ#05162463 nonce:int128 server_nonce:int128 pq:string server_public_key_fingerprints:Vector<long> = ResPQ
        Check(resPq.Nonce, _nonce, "check the nonce of resPQ");
        _serverNonce = resPq.ServerNonce;
        var key = keys.FirstOrDefault(known => resPq.ServerPublicKeyFingerprints.Contains(known.Fingerprint))
            ?? throw new HandshakeException("find a trusted key among the server's fingerprints");

        // 3) pq is decomposed into two primes p < q
        if (resPq.Pq.Length is 0 or > 8)
            throw new HandshakeException("read pq");
        var pq = (ulong)BigEndian.Read(resPq.Pq);
        if (!PqFactorization.TryFactor(pq, out var p, out var q))
            throw new HandshakeException("decompose pq");
        var (pBytes, qBytes) = (BigEndian.Minimal(p), BigEndian.Minimal(q));

        // 4) encrypted_data := RSA_PAD(data, server_public_key)
        _newNonce = random.NextBytes(32);
        InnerData = MakeInnerData(resPq.Pq, pBytes, qBytes).ToBytes();

        // 5) req_DH_params#d712e4be nonce:int128 server_nonce:int128 p:string q:string public_key_fingerprint:long encrypted_data:string
        _step = Step.AwaitDhParams;
        return new ReqDHParams
        {
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            P = pBytes,
            Q = qBytes,
            PublicKeyFingerprint = key.Fingerprint,
            EncryptedData = RsaPad.Encrypt(InnerData, key, random),
        }.ToBytes();
    }

    private PQInnerDataBase MakeInnerData(byte[] pq, byte[] p, byte[] q) => (dcId, ExpiresIn) switch
    {
        ({ } dc, null) => new PQInnerDataDc { Pq = pq, P = p, Q = q, Nonce = _nonce, ServerNonce = _serverNonce, NewNonce = _newNonce, Dc = dc },
        ({ } dc, { } life) => new PQInnerDataTempDc
        {
            Pq = pq,
            P = p,
            Q = q,
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            NewNonce = _newNonce,
            Dc = dc,
            ExpiresIn = life,
        },
        (null, null) => new PQInnerData { Pq = pq, P = p, Q = q, Nonce = _nonce, ServerNonce = _serverNonce, NewNonce = _newNonce },
        (null, { } life) => new PQInnerDataTemp
        {
            Pq = pq,
            P = p,
            Q = q,
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            NewNonce = _newNonce,
            ExpiresIn = life,
        },
    };

    private HandshakeException ParamsFail(ServerDHParamsFail fail)
    {
        // server_DH_params_fail#79cb045d nonce:int128 server_nonce:int128 new_nonce_hash:int128: worth believing only with all three.
        Check(fail.Nonce, _nonce, "check the nonce of server_DH_params_fail");
        Check(fail.ServerNonce, _serverNonce, "check the server nonce of server_DH_params_fail");
        Check(fail.NewNonceHash, SHA1.HashData(_newNonce).AsSpan(4), "check the nonce hash of server_DH_params_fail");
        return new HandshakeException("exchange parameters: the server answered server_DH_params_fail");
    }

    private byte[] Exchange(ServerDHParamsOk ok)
    {
        // 6) server_DH_params_ok#d0e8075c nonce:int128 server_nonce:int128 encrypted_answer:string
        Check(ok.Nonce, _nonce, "check the nonce of server_DH_params_ok");
        Check(ok.ServerNonce, _serverNonce, "check the server nonce of server_DH_params_ok");
        var inner = HandshakeAnswer.TryOpen<ServerDHInnerData>(ok.EncryptedAnswer, _newNonce, _serverNonce)
            ?? throw new HandshakeException("open the answer in server_DH_params_ok");

        // server_DH_inner_data#b5890dba nonce:int128 server_nonce:int128 g:int dh_prime:string g_a:string server_time:int
        Check(inner.Nonce, _nonce, "check the nonce of server_DH_inner_data");
        Check(inner.ServerNonce, _serverNonce, "check the server nonce of server_DH_inner_data");
        _group = DiffieHellmanGroup.TryCreate(inner.DhPrime, inner.G)
            ?? throw new HandshakeException("check dh_prime and g of server_DH_inner_data");
        _ga = BigEndian.Read(inner.GA);
        if (!_group.IsGoodPublicValue(_ga))
            throw new HandshakeException("check the range of g_a");
        _serverTime = DateTimeOffset.FromUnixTimeSeconds(inner.ServerTime);
        return SendPublicValue(_group, retryId: 0);
    }

    /// <summary>Steps 7 to 9: a secret b, g_b for the server, and the key it leads to.</summary>
    private byte[] SendPublicValue(DiffieHellmanGroup group, long retryId)
    {
        BigInteger b, gb;
        do
        {
            b = BigEndian.Read(random.NextBytes(AuthKey.Size));
            gb = group.PublicValue(b);
        }
        while (!group.IsGoodPublicValue(gb));

        _candidate = new AuthKey(BigEndian.Padded(group.Power(_ga, b), AuthKey.Size));

        // client_DH_inner_data#6643b654 nonce:int128 server_nonce:int128 retry_id:long g_b:string = Client_DH_Inner_Data
        var inner = new ClientDHInnerData { Nonce = _nonce, ServerNonce = _serverNonce, RetryId = retryId, GB = BigEndian.Minimal(gb) };

        // set_client_DH_params#f5045f1f nonce:int128 server_nonce:int128 encrypted_data:string = Set_client_DH_params_answer
        _step = Step.AwaitDhGen;
        return new SetClientDHParams
        {
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            EncryptedData = HandshakeAnswer.Seal(inner, _newNonce, _serverNonce, random),
        }.ToBytes();
    }

    private byte[]? Complete(SetClientDHParamsAnswer answer, out HandshakeResult? result)
    {
        // 10) dh_gen_ok#3bcbf734, dh_gen_retry#46dc1fb9 or dh_gen_fail#a69dae02, each with nonce, server_nonce and its new_nonce_hash
        result = null;
        var (nonce, serverNonce, hash, number) = answer switch
        {
            DhGenOk ok => (ok.Nonce, ok.ServerNonce, ok.NewNonceHash1, (byte)1),
            DhGenRetry retry => (retry.Nonce, retry.ServerNonce, retry.NewNonceHash2, (byte)2),
            DhGenFail fail => (fail.Nonce, fail.ServerNonce, fail.NewNonceHash3, (byte)3),
            _ => throw new HandshakeException($"handle {answer.TlName}"),
        };
        Check(nonce, _nonce, $"check the nonce of {answer.TlName}");
        Check(serverNonce, _serverNonce, $"check the server nonce of {answer.TlName}");
        Check(hash, _candidate!.NewNonceHash(_newNonce, number), $"check the nonce hash of {answer.TlName}");

        switch (number)
        {
            case 1:
                _step = Step.Done;
                result = new HandshakeResult(_candidate, HandshakeAnswer.FirstSalt(_newNonce, _serverNonce), _serverTime);
                Forget();
                return null;
            case 2 when _retries++ < MaxRetries:
                return SendPublicValue(_group!, _candidate.AuxHash);
            case 2:
                throw new HandshakeException($"agree on a key in {MaxRetries} tries");
            default:
                throw new HandshakeException("agree on a key: the server answered dh_gen_fail");
        }
    }

    /// <summary>Whoever knows new_nonce can open what was said under it, the key's halves among it.</summary>
    private void Forget()
    {
        CryptographicOperations.ZeroMemory(_newNonce);
        CryptographicOperations.ZeroMemory(InnerData);
        (_candidate, _ga) = (null, default);
    }

    private static void Check(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, string step)
    {
        if (!CryptographicOperations.FixedTimeEquals(actual, expected))
            throw new HandshakeException(step);
    }
}
