using System.Net;
using System.Threading.Channels;
using Integrations.Core.Outbound;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Proxies;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Telegram.Clients;

/// <summary><see cref="ITelegramClient"/> over this repository's own MTProto library.</summary>
/// <remarks>
/// The library waits for a connection as long as its caller does; here every call has the same time limit. Its commit callback becomes a
/// batch that waits for its confirmation, so that the position moves only after the caller's transaction.
/// </remarks>
public sealed partial class MtprotoTelegramClient : ITelegramClient
{
    /// <summary>What a connected client without anything to do holds: session, buffers, handshake state.</summary>
    private const long BytesAtRest = 48 * 1024;
    private const long BytesPerPeer = 160;
    private const long BytesPerUpdate = 2 * 1024;

    private readonly TelegramClient _client;
    private readonly TelegramClientSettings _settings;
    private readonly TimeProvider _time;
    private readonly Channel<TelegramNotice> _notices = System.Threading.Channels.Channel.CreateBounded<TelegramNotice>(
        new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Channel<UpdateBatch> _batches = System.Threading.Channels.Channel.CreateBounded<UpdateBatch>(1);
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    public MtprotoTelegramClient(TelegramClientSettings settings, TimeProvider time, ILogger<MtprotoTelegramClient> logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _time = time;
        _client = new TelegramClient(new TelegramClientOptions
        {
            Servers = settings.Servers is { } servers
                ? new Mtproto.TelegramServers(
                    servers.FirstDc,
                    [.. servers.Dcs.Select(dc => new Mtproto.TelegramDc(dc.Id, dc.Address.Address.ToString(), dc.Address.Port))],
                    [.. servers.Keys.Select(key => RsaPublicKey.FromPem(key.Pem))])
                : Mtproto.TelegramServers.Production,
            ApiId = settings.App.ApiId,
            ApiHash = settings.App.ApiHash,
            Device = new Mtproto.TelegramDevice
            {
                Model = settings.Device.Model,
                SystemVersion = settings.Device.SystemVersion,
                AppVersion = settings.Device.AppVersion,
                LangCode = settings.Device.LangCode,
                SystemLangCode = settings.Device.SystemLangCode,
            },
            Session = settings.Session is { } payload ? TelegramSession.FromBytes(payload.Span) : null,
            SaveSession = (session, ct) => settings.SaveSession(new SessionSnapshot(session.ToBytes(), session.DcId, session.Key.Export()), ct),
            Proxy = settings.Route.Proxy is { } proxy ? TelegramProxy.Parse(proxy) : null,
            FindProxy = settings.Route.FindProxy is { } find ? (host, ct) => FindProxyAsync(find, host, ct) : null,
            UseIPv6 = settings.Route.UseIPv6,
            PerfectForwardSecrecy = settings.PerfectForwardSecrecy,
            MayWrite = settings.MayWrite,
            FindAccessHash = async (key, ct) => (await settings.FindPeer(MtprotoPeers.Key(key), ct))?.AccessHash,
            Time = time,
            Logger = logger,
        });
        _client.LoginTokenAccepted += () => _notices.Writer.TryWrite(new TelegramNotice.LoginTokenAccepted());
        _client.StateChanged += OnStateChanged;
        _client.Failed += OnFailed;
    }

    /// <summary>A refused address is a connection that failed; another attempt may find another one.</summary>
    private static async Task<IPAddress[]> FindProxyAsync(Func<string, CancellationToken, Task<IPAddress[]>> find, string host, CancellationToken cancellationToken)
    {
        try
        {
            return await find(host, cancellationToken);
        }
        catch (OutboundRefusedException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public ChannelReader<TelegramNotice> Notices => _notices.Reader;

    /// <inheritdoc/>
    public ChannelReader<UpdateBatch> Batches => _batches.Reader;

    /// <inheritdoc/>
    public bool IsConnected => _client.IsConnected;

    /// <inheritdoc/>
    public long EstimatedBytes => BytesAtRest + ((_client.KnownPeers + _peers.Count) * BytesPerPeer) + (_client.QueuedUpdates * BytesPerUpdate);

    /// <inheritdoc/>
    public Task ConnectAsync(CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            await _client.ConnectAsync(ct);
            // With a stored session the library connects in the background; whoever asks for a connection wants one that stands.
            if (!_client.IsConnected)
                await _connected.Task.WaitAsync(ct);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<LoginStep> ExportLoginTokenAsync(CancellationToken cancellationToken) =>
        CallAsync(async ct => Step(await _client.ExportLoginTokenAsync([], ct)), cancellationToken);

    /// <inheritdoc/>
    public Task<PhoneCode> SendCodeAsync(string phone, CancellationToken cancellationToken) =>
        CallAsync(async ct => Code(await _client.SendCodeAsync(phone, ct)), cancellationToken);

    /// <inheritdoc/>
    public Task<PhoneCode> ResendCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        CallAsync(async ct => Code(await _client.ResendCodeAsync(phone, codeHash, ct)), cancellationToken);

    /// <inheritdoc/>
    public Task CancelCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        CallAsync(ct => _client.CancelCodeAsync(phone, codeHash, ct), cancellationToken);

    /// <inheritdoc/>
    public Task<LoginStep> SignInAsync(string phone, string codeHash, string code, CancellationToken cancellationToken) =>
        CallAsync(async ct => Step(await _client.SignInAsync(phone, codeHash, code, ct)), cancellationToken);

    /// <inheritdoc/>
    public Task<PasswordQuestion> AskAboutPasswordAsync(CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            var password = await _client.GetPasswordAsync(ct);
            return new PasswordQuestion(password.Hint, password.HasRecovery);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<TelegramSelf> CheckPasswordAsync(string password, CancellationToken cancellationToken) =>
        CallAsync(async ct => MtprotoPeers.Self(await _client.CheckPasswordAsync(password, ct)), cancellationToken);

    /// <inheritdoc/>
    public Task<string> RequestPasswordRecoveryAsync(CancellationToken cancellationToken) =>
        CallAsync(_client.RequestPasswordRecoveryAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<TelegramSelf> RecoverPasswordAsync(string code, CancellationToken cancellationToken) =>
        CallAsync(async ct => MtprotoPeers.Self(await _client.RecoverPasswordAsync(code, ct)), cancellationToken);

    /// <inheritdoc/>
    public Task<TelegramSelf> WhoAmIAsync(CancellationToken cancellationToken) =>
        CallAsync(async ct => MtprotoPeers.Self(await _client.GetSelfAsync(ct)), cancellationToken);

    /// <inheritdoc/>
    public Task LogOutAsync(CancellationToken cancellationToken) => CallAsync(_client.LogOutAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<SentText> SendTextAsync(OutgoingText message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return CallAsync(
            async ct => MtprotoMessages.Sent(await _client.SendTextAsync(
                MtprotoPeers.Key(message.Peer.Key), message.Peer.AccessHash, message.Text, message.RandomId, message.ReplyToMessageId, ct)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<KnownPeer?> ResolveUsernameAsync(string username, CancellationToken cancellationToken) =>
        ResolveAsync(ct => _client.ResolveUsernameAsync(username, ct), cancellationToken);

    /// <inheritdoc/>
    public Task<KnownPeer?> ResolvePhoneAsync(string phone, CancellationToken cancellationToken) =>
        ResolveAsync(ct => _client.ResolvePhoneAsync(phone, ct), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TelegramMessage>> OwnMessagesAsync(PeerAddress peer, DateTimeOffset since, CancellationToken cancellationToken) =>
        CallAsync<IReadOnlyList<TelegramMessage>>(
            async ct =>
            {
                const int Newest = 100;
                var history = await _client.GetHistoryAsync(MtprotoPeers.Key(peer.Key), peer.AccessHash, Newest, ct);
                return [.. MtprotoMessages.Of(history).Where(message => message.Outgoing && message.Date >= since)];
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<Stream?> OpenMediaAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken)
    {
        var place = new Mtproto.PeerAddress(MtprotoPeers.Key(peer.Key), peer.AccessHash);
        var found = await CallAsync(ct => _client.GetMessagesAsync(place, [messageId], ct), cancellationToken);
        return found is [Message message] && RemoteFile.Of(place, message) is { } file
            ? new DownloadStream(ct => _client.DownloadAsync(file, 0, null, ct).GetAsyncEnumerator(ct), CallAsync)
            : null;
    }

    /// <inheritdoc/>
    public void Abort() => _client.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;

        await _closed.CancelAsync();
        await _client.DisposeAsync();
        await _receiving;
        _notices.Writer.TryComplete();
        _closed.Dispose();
    }

    private Task<KnownPeer?> ResolveAsync(Func<CancellationToken, Task<ContactsResolvedPeer>> call, CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            try
            {
                return MtprotoPeers.Resolved(await call(ct));
            }
            catch (RpcException e) when (e.Is("USERNAME_NOT_OCCUPIED", "USERNAME_INVALID", "PHONE_NOT_OCCUPIED", "PHONE_NUMBER_INVALID"))
            {
                return null;
            }
        },
        cancellationToken);

    private void OnStateChanged(SessionState state)
    {
        if (state == SessionState.Connected)
        {
            _connected.TrySetResult();
            _notices.Writer.TryWrite(new TelegramNotice.Connected());
        }
        else if (state == SessionState.Connecting)
        {
            _notices.Writer.TryWrite(new TelegramNotice.Disconnected("the connection was lost"));
        }
    }

    /// <summary>The connection does not come back by itself: whoever waits for it, or for batches, is told at once.</summary>
    private void OnFailed(Exception reason)
    {
        Exception told = reason is AuthKeyUnknownException
            ? new TelegramRefusedException(401, "AUTH_KEY_INVALID", null, reason)
            : new TelegramUnavailableException("the connection has failed", reason);
        _connected.TrySetException(told);
        _notices.Writer.TryWrite(
            told is TelegramRefusedException refusal ? new TelegramNotice.SessionRefused(refusal) : new TelegramNotice.Disconnected(reason.Message));
        _batches.Writer.TryComplete(told);
    }

    private static LoginStep Step(Mtproto.LoginStep step) => step switch
    {
        Mtproto.LoginStep.Scan scan => new LoginStep.Scan(scan.Url, scan.ExpiresAt),
        Mtproto.LoginStep.PasswordNeeded => new LoginStep.PasswordWanted(),
        Mtproto.LoginStep.SignUpRequired => new LoginStep.NobodyThere(),
        Mtproto.LoginStep.Done done => new LoginStep.Done(MtprotoPeers.Self(done.Self)),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Not a step of a login."),
    };

    private static PhoneCode Code(AuthSentCode code) => new(code.PhoneCodeHash, code.Type switch
    {
        AuthSentCodeTypeApp => "app",
        AuthSentCodeTypeSms => "sms",
        AuthSentCodeTypeCall or AuthSentCodeTypeFlashCall or AuthSentCodeTypeMissedCall => "call",
        AuthSentCodeTypeEmailCode => "email",
        _ => "other",
    });

    private Task<bool> CallAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => CallAsync(
        async ct =>
        {
            await call(ct);
            return true;
        },
        cancellationToken);

    /// <summary>One call: the product's exceptions, and the time limit.</summary>
    private Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync((_, ct) => call(ct), cancellationToken);

    /// <summary>Several calls, each of which begins the time limit anew.</summary>
    private async Task<T> CallAsync<T>(Func<CancellationTokenSource, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_settings.CallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await call(patience, either.Token);
        }
        catch (RpcException e)
        {
            throw new TelegramRefusedException(e.Code, e.Type, e.Argument, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TelegramUnavailableException("no answer in time", e);
        }
        catch (Exception e) when (e is AuthKeyUnknownException or SessionClosedException { InnerException: AuthKeyUnknownException })
        {
            throw new TelegramRefusedException(401, "AUTH_KEY_INVALID", null, e);
        }
        catch (Exception e) when (e is IOException or SessionClosedException or MessageRejectedException or HandshakeException
            or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            throw new TelegramUnavailableException(e.Message, e);
        }
    }
}
