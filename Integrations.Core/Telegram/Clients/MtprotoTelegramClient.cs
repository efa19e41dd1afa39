using System.Collections.Immutable;
using System.Threading.Channels;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Telegram.Clients;

/// <summary><see cref="ITelegramClient"/> over this repository's own MTProto library.</summary>
public sealed class MtprotoTelegramClient : ITelegramClient
{
    /// <summary>What a connected client without anything to do holds: session, buffers, handshake state.</summary>
    private const long BytesAtRest = 48 * 1024;
    private const long BytesPerPeer = 160;
    private const long BytesPerUpdate = 2 * 1024;

    private readonly TelegramClient _client;
    private readonly TelegramClientSettings _settings;
    private readonly Channel<TelegramNotice> _notices = System.Threading.Channels.Channel.CreateBounded<TelegramNotice>(
        new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Channel<UpdateBatch> _batches = System.Threading.Channels.Channel.CreateBounded<UpdateBatch>(1);
    private readonly CancellationTokenSource _closed = new();
    private Task _receiving = Task.CompletedTask;

    public MtprotoTelegramClient(TelegramClientSettings settings, TimeProvider time, ILogger<MtprotoTelegramClient> logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _client = new TelegramClient(new TelegramClientOptions
        {
            Servers = new Mtproto.TelegramServers(
                settings.Servers.FirstDc,
                [.. settings.Servers.Dcs.Select(dc => new Mtproto.TelegramDc(dc.Id, dc.Address.Address.ToString(), dc.Address.Port))],
                [.. settings.Servers.Keys.Select(key => RsaPublicKey.FromPem(key.Pem))]),
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
            SaveSession = (session, ct) => settings.SaveSession(new SessionSnapshot(session.ToBytes(), session.DcId), ct),
            MayWrite = settings.MayWrite,
            FindAccessHash = async (key, ct) => (await settings.FindPeer(MtprotoPeers.Key(key), ct))?.AccessHash,
            Time = time,
            Logger = logger,
        });
        _client.LoginTokenAccepted += () => _notices.Writer.TryWrite(new TelegramNotice.LoginTokenAccepted());
        _client.StateChanged += OnStateChanged;
        _client.Failed += OnFailed;
    }

    /// <inheritdoc/>
    public ChannelReader<TelegramNotice> Notices => _notices.Reader;

    /// <inheritdoc/>
    public ChannelReader<UpdateBatch> Batches => _batches.Reader;

    /// <inheritdoc/>
    public bool IsConnected => _client.IsConnected;

    /// <inheritdoc/>
    public long EstimatedBytes => BytesAtRest + (_client.KnownPeers * BytesPerPeer) + (_client.QueuedUpdates * BytesPerUpdate);

    /// <inheritdoc/>
    public Task ConnectAsync(CancellationToken cancellationToken) => CallAsync(() => _client.ConnectAsync(cancellationToken));

    /// <inheritdoc/>
    public Task<LoginStep> ExportLoginTokenAsync(CancellationToken cancellationToken) =>
        CallAsync(async () => Step(await _client.ExportLoginTokenAsync([], cancellationToken)));

    /// <inheritdoc/>
    public Task<PhoneCode> SendCodeAsync(string phone, CancellationToken cancellationToken) =>
        CallAsync(async () => Code(await _client.SendCodeAsync(phone, cancellationToken)));

    /// <inheritdoc/>
    public Task<PhoneCode> ResendCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        CallAsync(async () => Code(await _client.ResendCodeAsync(phone, codeHash, cancellationToken)));

    /// <inheritdoc/>
    public Task CancelCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        CallAsync(() => _client.CancelCodeAsync(phone, codeHash, cancellationToken));

    /// <inheritdoc/>
    public Task<LoginStep> SignInAsync(string phone, string codeHash, string code, CancellationToken cancellationToken) =>
        CallAsync(async () => Step(await _client.SignInAsync(phone, codeHash, code, cancellationToken)));

    /// <inheritdoc/>
    public Task<PasswordQuestion> AskAboutPasswordAsync(CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var password = await _client.GetPasswordAsync(cancellationToken);
        return new PasswordQuestion(password.Hint, password.HasRecovery);
    });

    /// <inheritdoc/>
    public Task<TelegramSelf> CheckPasswordAsync(string password, CancellationToken cancellationToken) =>
        CallAsync(async () => MtprotoPeers.Self(await _client.CheckPasswordAsync(password, cancellationToken)));

    /// <inheritdoc/>
    public Task<string> RequestPasswordRecoveryAsync(CancellationToken cancellationToken) =>
        CallAsync(() => _client.RequestPasswordRecoveryAsync(cancellationToken));

    /// <inheritdoc/>
    public Task<TelegramSelf> RecoverPasswordAsync(string code, CancellationToken cancellationToken) =>
        CallAsync(async () => MtprotoPeers.Self(await _client.RecoverPasswordAsync(code, cancellationToken)));

    /// <inheritdoc/>
    public Task<TelegramSelf> WhoAmIAsync(CancellationToken cancellationToken) =>
        CallAsync(async () => MtprotoPeers.Self(await _client.GetSelfAsync(cancellationToken)));

    /// <inheritdoc/>
    public Task LogOutAsync(CancellationToken cancellationToken) => CallAsync(() => _client.LogOutAsync(cancellationToken));

    /// <inheritdoc/>
    public Task<UpdatePosition> CurrentPositionAsync(CancellationToken cancellationToken) =>
        CallAsync(async () => Position(await _client.GetStateAsync(cancellationToken)));

    /// <inheritdoc/>
    public async Task StartReceivingAsync(UpdatePosition position, IReadOnlyList<ChannelPosition> channels, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(position);
        ArgumentNullException.ThrowIfNull(channels);
        var state = new UpdateState
        {
            Pts = position.Pts,
            Qts = position.Qts,
            Date = position.Date,
            Seq = position.Seq,
            Channels = channels.ToImmutableDictionary(channel => channel.ChannelId, channel => channel.Pts),
        };
        // Sends may begin as soon as this returns, so the run must have begun by then.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiving = ReceiveAsync(state, started);
        await started.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SentText> SendTextAsync(OutgoingText message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return CallAsync(async () => MtprotoMessages.Sent(await _client.SendTextAsync(
            MtprotoPeers.Key(message.Peer.Key), message.Peer.AccessHash, message.Text, message.RandomId, message.ReplyToMessageId, cancellationToken)));
    }

    /// <inheritdoc/>
    public Task<KnownPeer?> ResolveUsernameAsync(string username, CancellationToken cancellationToken) =>
        ResolveAsync(() => _client.ResolveUsernameAsync(username, cancellationToken));

    /// <inheritdoc/>
    public Task<KnownPeer?> ResolvePhoneAsync(string phone, CancellationToken cancellationToken) =>
        ResolveAsync(() => _client.ResolvePhoneAsync(phone, cancellationToken));

    /// <inheritdoc/>
    public Task<IReadOnlyList<TelegramMessage>> OwnMessagesAsync(PeerAddress peer, DateTimeOffset since, CancellationToken cancellationToken) =>
        CallAsync<IReadOnlyList<TelegramMessage>>(async () =>
        {
            const int Newest = 100;
            var history = await _client.GetHistoryAsync(MtprotoPeers.Key(peer.Key), peer.AccessHash, Newest, cancellationToken);
            return [.. MtprotoMessages.Of(history).Where(message => message.Outgoing && message.Date >= since)];
        });

    /// <inheritdoc/>
    public void Abort() => _client.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _client.DisposeAsync();
        await _receiving;
        _notices.Writer.TryComplete();
        _closed.Dispose();
    }

    private async Task ReceiveAsync(UpdateState state, TaskCompletionSource started)
    {
        try
        {
            await _client.RunUpdatesAsync(state, DeliverAsync, started.SetResult, _closed.Token);
            _batches.Writer.TryComplete();
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            _batches.Writer.TryComplete();
        }
        catch (Exception e)
        {
            // The reader of the batches is the owner of this client: it gets the reason, and starts afresh.
            started.TrySetException(e);
            _batches.Writer.TryComplete(e);
        }
    }

    private async ValueTask DeliverAsync(UpdateDelivery delivery, CancellationToken cancellationToken)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var batch = delivery.Batch;
        await _batches.Writer.WriteAsync(
            new UpdateBatch(() => stored.TrySetResult())
            {
                Messages = [.. (batch?.Items ?? []).Select(MtprotoMessages.NewIn).OfType<TelegramMessage>()],
                Sent = [.. delivery.Sent.Select(MtprotoMessages.Sent), .. (batch?.Items ?? []).Select(item => item.Update).OfType<UpdateMessageID>().Select(MtprotoMessages.Sent)],
                Peers = [.. (batch?.Peers ?? []).Where(peer => !peer.IsMin).Select(MtprotoPeers.Known).OfType<KnownPeer>()],
                Position = batch is null ? null : Position(batch.State),
                Channels = [.. (batch?.ChangedChannels ?? []).Select(id => new ChannelPosition(id, batch!.State.Channels[id]))],
                ClosedChannels = [.. batch?.ForgottenChannels ?? []],
                CaughtUp = delivery.CaughtUp,
            },
            cancellationToken);
        await stored.Task.WaitAsync(cancellationToken);
    }

    private static Task<KnownPeer?> ResolveAsync(Func<Task<ContactsResolvedPeer>> call) => CallAsync(async () =>
    {
        try
        {
            return MtprotoPeers.Resolved(await call());
        }
        catch (RpcException e) when (e.Is("USERNAME_NOT_OCCUPIED", "USERNAME_INVALID", "PHONE_NOT_OCCUPIED", "PHONE_NUMBER_INVALID"))
        {
            return null;
        }
    });

    private void OnStateChanged(SessionState state)
    {
        if (state == SessionState.Connected)
            _notices.Writer.TryWrite(new TelegramNotice.Connected());
        else if (state == SessionState.Connecting)
            _notices.Writer.TryWrite(new TelegramNotice.Disconnected("the connection was lost"));
    }

    private void OnFailed(Exception reason)
    {
        if (reason is AuthKeyUnknownException)
            _notices.Writer.TryWrite(new TelegramNotice.SessionRefused(new TelegramRefusedException(401, "AUTH_KEY_INVALID", null, reason)));
        else
            _notices.Writer.TryWrite(new TelegramNotice.Disconnected(reason.Message));
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

    private static UpdatePosition Position(UpdateState state) => new(state.Pts, state.Qts, state.Date, state.Seq);

    private static Task<bool> CallAsync(Func<Task> call) => CallAsync(async () =>
    {
        await call();
        return true;
    });

    private static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException e)
        {
            throw new TelegramRefusedException(e.Code, e.Type, e.Argument, e);
        }
        catch (AuthKeyUnknownException e)
        {
            throw new TelegramRefusedException(401, "AUTH_KEY_INVALID", null, e);
        }
        catch (Exception e) when (e is IOException or SessionClosedException or HandshakeException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            throw new TelegramUnavailableException(e.Message, e);
        }
    }
}
