using System.Net.Sockets;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Proxies;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto;

/// <summary>
/// One account's way to Telegram: keeps a key, stays connected, follows the account to its data centre, logs in and out, sends, and
/// receives without gaps.
/// </summary>
/// <remarks>
/// Calls fail with <see cref="RpcException"/> when Telegram refuses and with <see cref="SessionClosedException"/> when the client was
/// closed before an answer came; while the connection is away they wait, and the caller's token is the time limit.
/// Nothing here sleeps on a flood wait.
/// </remarks>
public sealed partial class TelegramClient(TelegramClientOptions options) : IAsyncDisposable
{
    private readonly SessionKeeper _kept = new(options.SaveSession, options.Session, options.Logger);
    private const int MaxMoves = 3;

    /// <summary>A key exchange that fails a check begins again on a new connection, so often.</summary>
    private const int MaxExchanges = 3;

    /// <summary>A server that falls silent during a key exchange is left after this.</summary>
    private static readonly TimeSpan ExchangeLimit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _moving = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private volatile MtprotoSession? _connection;
    private Task _dispatching = Task.CompletedTask;
    private int _disposed;

    /// <summary>Somebody accepted the QR token that is shown: export it again. Raised on the connection's loop; return quickly.</summary>
    public event Action? LoginTokenAccepted;

    /// <summary>The connection came or went. Raised on its own loop; return quickly.</summary>
    public event Action<SessionState>? StateChanged;

    /// <summary>
    /// The connection cannot go on by itself: the server does not know the key (<see cref="AuthKeyUnknownException"/>), it is the wrong
    /// data centre, or the right to write has lapsed (<see cref="WriteFencedException"/>).
    /// </summary>
    public event Action<Exception>? Failed;

    /// <summary>What to keep; null before the first connect.</summary>
    public TelegramSession? Session => _kept.Current;

    /// <summary>Whether calls can be answered at this moment.</summary>
    public bool IsConnected => _connection?.State == SessionState.Connected;

    /// <summary>Connects; makes a key first where the session has none.</summary>
    /// <exception cref="IOException">The servers could not be reached, or refused the key exchange.</exception>
    /// <exception cref="HandshakeException">The key exchange failed a check on several connections in a row.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _moving.WaitAsync(cancellationToken);
        try
        {
            if (_connection is null or { State: SessionState.Closed })
                await OpenAsync(Session?.DcId ?? options.Servers.FirstDc, Session, cancellationToken);
        }
        finally
        {
            _moving.Release();
        }
    }

    /// <summary>
    /// Makes one call at the account's data centre, and follows it when Telegram says that it is another. Trouble inside Telegram (500,
    /// -503) is met by repeating what may be repeated, a few times; then it is told.
    /// </summary>
    public async Task<T> InvokeAsync<T>(TlRequest<T> request, CancellationToken cancellationToken)
        where T : notnull
    {
        var troubles = 0;
        for (var moves = 0; ; moves++)
        {
            var connection = _connection ?? throw NotConnected();
            try
            {
                return await connection.InvokeAsync(request, cancellationToken);
            }
            catch (RpcException e) when (e.MigrateTo is not null && moves < MaxMoves)
            {
                await MoveToAsync(e.MigrateTo.Value, cancellationToken);
            }
            catch (RpcException e) when (e.Is("AUTH_RESTART") && moves < MaxMoves)
            {
                // The server forgot where the login stood before anything happened: the same call begins it again.
            }
            catch (RpcException e) when (IsWorthRepeating(e, request, troubles))
            {
                await PauseAsync(++troubles, cancellationToken);
            }
        }
    }

    /// <summary>Drops the socket at once; nothing that is buffered goes out. Safe from any thread, and more than once.</summary>
    public void Abort() => _connection?.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _closed.Cancel();
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await connection.DisposeAsync();
        await _dispatching;
        await _configuring;
        if (_sides is { } sides)
            await sides.DisposeAsync();
        await _kept.DisposeAsync();
        _moving.Dispose();
        _closed.Dispose();
    }

    /// <summary>Goes on at another data centre, with a key of its own; the key of the old one is given up, since nobody is logged in there.</summary>
    private async Task MoveToAsync(int dcId, CancellationToken cancellationToken)
    {
        await _moving.WaitAsync(cancellationToken);
        try
        {
            if (Session?.DcId != dcId)
                await OpenAsync(dcId, null, cancellationToken);
        }
        finally
        {
            _moving.Release();
        }
    }

    private async Task OpenAsync(int dcId, TelegramSession? kept, CancellationToken cancellationToken)
    {
        if (kept is null)
        {
            var made = await ExchangeKeysAsync(dcId, cancellationToken);
            // Saved before the key is used for anything: a device that nobody could log out again must not come to be.
            await _kept.BeginAsync(new TelegramSession(dcId, made.AuthKey, made.ServerSalt, 0), cancellationToken);
        }

        var session = Session!;
        var next = new MtprotoSession(new MtprotoSessionOptions
        {
            ConnectAsync = ct => ConnectToAsync(dcId, ct),
            AuthKey = session.Key,
            ForwardSecrecy = options.PerfectForwardSecrecy
                ? new ForwardSecrecy
                {
                    ServerKeys = options.Servers.Keys,
                    DcId = dcId + options.Servers.HandshakeDcOffset,
                    Lifetime = options.TemporaryKeyLifetime,
                }
                : null,
            Salts = session.Salts.Count > 0 ? session.Salts : session.Salt == 0 ? [] : [new ServerSalt(session.Salt, 0, 0)],
            SaltsChanged = salts => _kept.Learn(session.Key, salts),
            Introduction = Introduction(),
            StateChanged = state => StateChanged?.Invoke(state),
            Time = options.Time,
            Random = options.Random,
            Logger = options.Logger,
        });

        // The old connection goes only now: where the new one could not be made, the client is what it was before.
        var (old, oldDispatching, oldConfiguring) = (_connection, _dispatching, _configuring);
        next.Start();
        _connection = next;
        _configuring = ConfigureAsync(next, _closed.Token);
        _dispatching = DispatchAsync(next, _closed.Token);
        if (old is null)
            return;
        await old.DisposeAsync();
        await oldDispatching;
        await oldConfiguring;
    }

    private async Task<HandshakeResult> ExchangeKeysAsync(int dcId, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            using var limit = new CancellationTokenSource(ExchangeLimit, options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken, _closed.Token);
            try
            {
                using var connection = await ConnectToAsync(dcId, either.Token);
                var handshake = new ClientHandshake(options.Servers.Keys, dcId + options.Servers.HandshakeDcOffset, options.Random);
                return await KeyExchange.RunAsync(connection, handshake, new Envelope.MessageIdSource(options.Time), either.Token);
            }
            catch (Exception e) when (tries < MaxExchanges && e is HandshakeException or TransportErrorException { Code: TransportError.KeyUnknown })
            {
                // A failed exchange is begun anew, as the documentation asks for after -404.
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TransportException($"Data centre {dcId} did not finish the key exchange within {ExchangeLimit.TotalSeconds:0} s.");
            }
        }
    }

    private async ValueTask<FrameConnection> ConnectToAsync(int dcId, CancellationToken cancellationToken)
    {
        var dc = Dcs.Next(dcId);
        try
        {
            var pipe = options.Connect is { } connect ? await connect(dc, cancellationToken)
                : options.Proxy is { } proxy ? await ProxyTunnel.OpenAsync(proxy, options.FindProxy, dc, options.MayWrite, cancellationToken)
                : await SocketPipe.ConnectAsync(dc.Host, dc.Port, options.MayWrite, cancellationToken);
            return options.Proxy is MtprotoProxy relay
                ? FrameConnection.Connect(pipe, relay, dcId + options.Servers.HandshakeDcOffset, options.Transport, options.Random)
                : FrameConnection.Connect(pipe, options.Transport, options.Obfuscated, options.Random);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // An address that answers nothing ends in the limit of the attempt, which is a cancellation too.
            Dcs.Failed(dc);
            throw;
        }
    }

    // core.telegram.org/api/invoking: what the first calls of every connection begin with. The query is the last field, so that
    // everything before it is the same for every call.
    private byte[] Introduction()
    {
        var query = new HelpGetConfig();
        var whole = new InvokeWithLayer
        {
            Layer = SchemaLayer.Current,
            Query = new InitConnection
            {
                ApiId = options.ApiId,
                DeviceModel = options.Device.Model,
                SystemVersion = options.Device.SystemVersion,
                AppVersion = options.Device.AppVersion,
                SystemLangCode = options.Device.SystemLangCode,
                LangPack = "",
                LangCode = options.Device.LangCode,
                Query = query,
            },
        }.ToBytes();
        return whole[..^query.ToBytes().Length];
    }

    private async Task DispatchAsync(MtprotoSession connection, CancellationToken cancellationToken)
    {
        try
        {
            while (await connection.NextNoticeAsync(cancellationToken) is { } notice)
            {
                if (notice is UpdatesReceived { Updates: var news })
                    HearOfServers(connection, news);
                if (notice is UpdatesReceived { Updates: var pushed } && BringsLoginToken(pushed))
                    LoginTokenAccepted?.Invoke();
                else if (_pump is { } pump)
                    await (notice is UpdatesReceived received ? pump.PushAsync(received.Updates, cancellationToken) : pump.ReconnectedAsync(cancellationToken));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Closed: whatever was pushed last is asked for as a difference at the next start.
        }
        catch (Exception e)
        {
            // Whatever ended the session, its owner has to hear of it: a client that is silently dead looks like a quiet account.
            Failed?.Invoke(e);
        }
    }

    private static bool BringsLoginToken(UpdatesBase updates) => UpdatesIn(updates).OfType<UpdateLoginToken>().Any();

    private static IEnumerable<Update> UpdatesIn(UpdatesBase updates) => updates switch
    {
        UpdateShort u => [u.Update],
        Updates u => u.UpdatesValue,
        UpdatesCombined u => u.Updates,
        _ => [],
    };

    private Exception NotConnected() => Volatile.Read(ref _disposed) != 0
        ? new SessionClosedException("The client was closed.")
        : new InvalidOperationException("The client is not connected.");
}
