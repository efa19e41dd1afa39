using System.Numerics;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Handshake;

/// <summary>What a server brings to key exchanges; shared by all of them.</summary>
public sealed class ServerHandshakeOptions
{
    /// <summary>The server's keys; a client picks one whose public half it trusts.</summary>
    public required IReadOnlyList<RsaPrivateKey> Keys { get; init; }

    /// <summary>This data centre. An inner data that names another is refused with -444; null accepts any.</summary>
    public int? DcId { get; init; }

    public IRandomSource Random { get; init; } = SystemRandomSource.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether an auth_key_id is already in use; then the client is asked for another g_b (dh_gen_retry).</summary>
    public Func<long, bool> IsKeyIdTaken { get; init; } = static _ => false;
}

/// <summary>What the server does after one packet of an exchange.</summary>
/// <param name="Packet">The answer, complete with its plain envelope; null when there is only an error.</param>
/// <param name="Error">The transport error to send instead; the connection may then try again from the start.</param>
/// <param name="Completed">Set together with the last answer: store the key before sending that answer.</param>
public sealed record ServerHandshakeReply(byte[]? Packet, int? Error, ServerHandshakeResult? Completed);

/// <summary>A key made with a client.</summary>
/// <param name="AuthKey">The key.</param>
/// <param name="ServerSalt">Its first salt, which the client has too.</param>
/// <param name="DcId">The data centre the client named; null when it named none.</param>
/// <param name="ExpiresIn">Set for a temporary key: its life in seconds.</param>
public sealed record ServerHandshakeResult(AuthKey AuthKey, long ServerSalt, int? DcId, int? ExpiresIn);

/// <summary>
/// The server's side of the key exchange for one connection. Takes both requests for pq, all four kinds of inner data and both
/// paddings; a new req_pq at any moment begins anew.
/// </summary>
public sealed class ServerHandshake(ServerHandshakeOptions options)
{
    private static readonly ServerHandshakeReply Unfit = new(null, TransportError.KeyUnknown, null);

    private readonly MessageIdSource _messageIds = new(options.Time);
    private readonly DiffieHellmanGroup _group = DiffieHellmanGroup.Known;
    private byte[] _nonce = [];
    private byte[] _serverNonce = [];
    private byte[] _newNonce = [];
    private ulong _p;
    private ulong _q;
    private BigInteger _secret;
    private long _retryId;
    private int? _dcId;
    private int? _expiresIn;
    private Step _step;

    private enum Step
    {
        AwaitReqPq,
        AwaitReqDhParams,
        AwaitClientDhParams,
    }

    /// <summary>Takes one packet whose auth_key_id is zero.</summary>
    public ServerHandshakeReply Handle(ReadOnlyMemory<byte> packet)
    {
        TlObject message;
        try
        {
            var reader = new TlReader(PlainMessage.Read(packet, out _).Span);
            message = reader.ReadObject<TlObject>();
        }
        catch (Exception e) when (e is TlException or EnvelopeException)
        {
            return Unfit;
        }

        return (_step, message) switch
        {
            (_, ReqPq request) => Introduce(request.Nonce),
            (_, ReqPqMulti request) => Introduce(request.Nonce),
            (Step.AwaitReqDhParams, ReqDHParams request) => Exchange(request),
            (Step.AwaitClientDhParams, SetClientDHParams request) => Complete(request),
            _ => Unfit,
        };
    }

    private ServerHandshakeReply Introduce(byte[] nonce)
    {
        // 2) resPQ#05162463 nonce:int128 server_nonce:int128 pq:string server_public_key_fingerprints:Vector<long> = ResPQ
        (_nonce, _serverNonce) = (nonce, options.Random.NextBytes(16));
        do
            (_p, _q) = (RandomPrime(), RandomPrime());
        while (_p >= _q);
        _retryId = 0;
        _step = Step.AwaitReqDhParams;
        return Answer(new ResPQ
        {
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            Pq = BigEndian.Padded(_p * _q, 8),
            ServerPublicKeyFingerprints = [.. options.Keys.Select(key => key.Public.Fingerprint)],
        });
    }

    private ServerHandshakeReply Exchange(ReqDHParams request)
    {
        // 5) req_DH_params#d712e4be nonce:int128 server_nonce:int128 p:string q:string public_key_fingerprint:long encrypted_data:string
        var key = options.Keys.FirstOrDefault(own => own.Public.Fingerprint == request.PublicKeyFingerprint);
        if (key is null || !IsOurs(request.Nonce, request.ServerNonce) || !IsFactors(request.P, request.Q))
            return Unfit;
        if (InnerData.TryOpen(request.EncryptedData, key) is not { } inner)
            return Unfit;
        if (!IsOurs(inner.Nonce, inner.ServerNonce) || !IsFactors(inner.P, inner.Q) || BigEndian.Read(inner.Pq) != _p * _q)
            return Unfit;
        if (options.DcId is { } own && inner.DcId is { } named && Math.Abs(named) % 10_000 != own)
            return new ServerHandshakeReply(null, TransportError.WrongDc, null);
        (_newNonce, _dcId, _expiresIn) = (inner.NewNonce, inner.DcId, inner.ExpiresIn);

        // 6) server_DH_inner_data#b5890dba nonce:int128 server_nonce:int128 g:int dh_prime:string g_a:string server_time:int
        BigInteger ga;
        do
        {
            _secret = BigEndian.Read(options.Random.NextBytes(AuthKey.Size));
            ga = _group.PublicValue(_secret);
        }
        while (!_group.IsGoodPublicValue(ga));
        var answer = new ServerDHInnerData
        {
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            G = _group.Generator,
            DhPrime = _group.PrimeBytes,
            GA = BigEndian.Padded(ga, AuthKey.Size),
            ServerTime = (int)options.Time.GetUtcNow().ToUnixTimeSeconds(),
        };

        _step = Step.AwaitClientDhParams;
        return Answer(new ServerDHParamsOk
        {
            Nonce = _nonce,
            ServerNonce = _serverNonce,
            EncryptedAnswer = HandshakeAnswer.Seal(answer, _newNonce, _serverNonce, options.Random),
        });
    }

    private ServerHandshakeReply Complete(SetClientDHParams request)
    {
        // 9) set_client_DH_params#f5045f1f nonce:int128 server_nonce:int128 encrypted_data:string
        if (!IsOurs(request.Nonce, request.ServerNonce)
            || HandshakeAnswer.TryOpen<ClientDHInnerData>(request.EncryptedData, _newNonce, _serverNonce) is not { } inner
            || !IsOurs(inner.Nonce, inner.ServerNonce)
            || inner.RetryId != _retryId)
            return Unfit;

        var gb = BigEndian.Read(inner.GB);
        var key = new AuthKey(BigEndian.Padded(_group.Power(gb, _secret), AuthKey.Size));
        if (!_group.IsGoodPublicValue(gb))
        {
            _step = Step.AwaitReqPq;
            return Answer(new DhGenFail { Nonce = _nonce, ServerNonce = _serverNonce, NewNonceHash3 = key.NewNonceHash(_newNonce, 3) });
        }

        // 10) the key is refused only when another one has the same id
        if (options.IsKeyIdTaken(key.Id))
        {
            _retryId = key.AuxHash;
            return Answer(new DhGenRetry { Nonce = _nonce, ServerNonce = _serverNonce, NewNonceHash2 = key.NewNonceHash(_newNonce, 2) });
        }

        _step = Step.AwaitReqPq;
        var result = new ServerHandshakeResult(key, HandshakeAnswer.FirstSalt(_newNonce, _serverNonce), _dcId, _expiresIn);
        return Answer(
            new DhGenOk { Nonce = _nonce, ServerNonce = _serverNonce, NewNonceHash1 = key.NewNonceHash(_newNonce, 1) }, result);
    }

    private ServerHandshakeReply Answer(TlObject answer, ServerHandshakeResult? completed = null) =>
        new(PlainMessage.Write(_messageIds.Next(MessageIdKind.ServerAnswer), answer.ToBytes()), null, completed);

    private bool IsOurs(byte[] nonce, byte[] serverNonce) =>
        CryptographicOperations.FixedTimeEquals(nonce, _nonce) && CryptographicOperations.FixedTimeEquals(serverNonce, _serverNonce);

    private bool IsFactors(byte[] p, byte[] q) => BigEndian.Read(p) == _p && BigEndian.Read(q) == _q;

    private ulong RandomPrime()
    {
        while (true)
        {
            // Between 2^30 and 2^31, so that pq stays below 2^63 and both factors take four bytes.
            var candidate = (options.Random.NextUInt32() & 0x3fffffff) | 0x40000001;
            if (SmallPrimes.IsPrime(candidate))
                return candidate;
        }
    }
}
