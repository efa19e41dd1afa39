using System.Threading.Channels;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram;
using Channel = System.Threading.Channels.Channel;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>This repository's own client at a sandbox, with what it receives and stores.</summary>
internal sealed class OurClient : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Channel<UpdateDelivery> _deliveries = Channel.CreateUnbounded<UpdateDelivery>();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Queue<Message> _messages = new();
    private readonly List<Update> _updates = [];
    private readonly Dictionary<PeerKey, long?> _hashes = [];
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OurClient(SandboxTelegram sandbox, TelegramSession? session, TelegramServers? servers, TimeSpan? sideConnectionIdle, TimeSpan? keyLifetime)
    {
        Client = new TelegramClient(new TelegramClientOptions
        {
            Servers = servers ?? ServersOf(sandbox),
            ApiId = 4242,
            ApiHash = "hash",
            Device = new TelegramDevice { Model = "Our client", SystemVersion = "1", AppVersion = "1" },
            Session = session,
            PerfectForwardSecrecy = keyLifetime is not null,
            TemporaryKeyLifetime = keyLifetime ?? TimeSpan.FromDays(1),
            SaveSession = (saved, _) =>
            {
                Stored = saved.ToBytes();
                return Task.CompletedTask;
            },
            FindAccessHash = (key, _) => ValueTask.FromResult(_hashes.GetValueOrDefault(key)),
            ServerTroubleDelay = TimeSpan.FromMilliseconds(10),
            SideConnectionIdle = sideConnectionIdle ?? TimeSpan.FromMinutes(1),
        });
        Stored = session?.ToBytes();
    }

    public TelegramClient Client { get; }

    public byte[]? Stored { get; private set; }

    /// <summary>Where the updates stood after the last delivery.</summary>
    public UpdateState? State { get; private set; }

    /// <summary>Ends with the reason when the updates do.</summary>
    public Task Receiving { get; private set; } = Task.CompletedTask;

    public static TelegramServers ServersOf(SandboxTelegram sandbox) => new(
        SandboxTelegram.MainDc,
        [.. sandbox.Dcs.Select(dc => new TelegramDc(dc.Id, dc.Host, dc.Port))],
        [RsaPublicKey.FromPem(sandbox.PublicKeyPem)]);

    /// <summary>Connects, with a stored session or with a new key.</summary>
    /// <param name="sandbox">Where.</param>
    /// <param name="session">The stored session.</param>
    /// <param name="servers">Other addresses than the sandbox's own.</param>
    /// <param name="sideConnectionIdle">Life of an idle connection for files.</param>
    /// <param name="keyLifetime">Life of temporary keys; null speaks under the stored key.</param>
    public static async Task<OurClient> ConnectAsync(
        SandboxTelegram sandbox,
        byte[]? session = null,
        TelegramServers? servers = null,
        TimeSpan? sideConnectionIdle = null,
        TimeSpan? keyLifetime = null)
    {
        var ours = new OurClient(sandbox, session is null ? null : TelegramSession.FromBytes(session), servers, sideConnectionIdle, keyLifetime);
        await ours.Client.ConnectAsync(TestContext.Current.CancellationToken);
        return ours;
    }

    /// <summary>Signs in by code, with the second factor where there is one.</summary>
    public static async Task<OurClient> SignedInAsync(
        SandboxTelegram sandbox,
        string username,
        TelegramServers? servers = null,
        TimeSpan? sideConnectionIdle = null,
        TimeSpan? keyLifetime = null)
    {
        var person = sandbox.PhoneOf(username).Owner;
        var ours = await ConnectAsync(sandbox, servers: servers, sideConnectionIdle: sideConnectionIdle, keyLifetime: keyLifetime);
        var cancellation = TestContext.Current.CancellationToken;
        var code = await ours.Client.SendCodeAsync(person.Phone, cancellation);
        var step = await ours.Client.SignInAsync(person.Phone, code.PhoneCodeHash, person.Code, cancellation);
        var self = step is LoginStep.Done done ? done.Self : await ours.Client.CheckPasswordAsync(person.Password!, cancellation);
        Assert.Equal(person.Id, self.Id);
        return ours;
    }

    /// <summary>Begins to receive, and waits until what happened before has been received.</summary>
    public async Task ReceiveAsync(UpdateState? from = null)
    {
        Begin(from ?? await Client.GetStateAsync(_stop.Token));
        await Task.WhenAny(_caughtUp.Task, Receiving).WaitAsync(Deadline, _stop.Token);
        if (Receiving.IsCompleted)
            await Receiving;
    }

    /// <summary>Begins to receive.</summary>
    public void Begin(UpdateState? from) => Receiving = Client.RunUpdatesAsync(from, CommitAsync, null, _stop.Token);

    /// <summary>Why the updates ended.</summary>
    public Task<RpcException> RefusedAsync() => Assert.ThrowsAsync<RpcException>(() => Receiving.WaitAsync(Deadline, _stop.Token));

    /// <summary>The next message that was received.</summary>
    public async Task<Message> NextMessageAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Deadline);
        while (_messages.Count == 0)
            Take(await _deliveries.Reader.ReadAsync(limit.Token));
        return _messages.Dequeue();
    }

    /// <summary>The stored position, once it is as wanted. What is received meanwhile stays for who asks for it.</summary>
    public async Task<UpdateState> StateAsync(Func<UpdateState, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Deadline);
        while (true)
        {
            if (State is { } state && wanted(state))
                return state;
            Take(await _deliveries.Reader.ReadAsync(limit.Token));
        }
    }

    /// <summary>The next update of a kind; the others stay for who asks for them.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool>? wanted = null)
        where T : Update
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Deadline);
        while (true)
        {
            if (_updates.OfType<T>().FirstOrDefault(wanted ?? (_ => true)) is { } found)
            {
                _updates.Remove(found);
                return found;
            }

            Take(await _deliveries.Reader.ReadAsync(limit.Token));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Client.DisposeAsync();
        await Receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Take(UpdateDelivery delivery)
    {
        foreach (var item in delivery.Batch?.Items ?? [])
        {
            if (item.Update is { } update)
                _updates.Add(update);
            switch (item.Update)
            {
                case UpdateNewMessage { Message: Message message }:
                    _messages.Enqueue(message);
                    break;
                case UpdateNewChannelMessage { Message: Message message }:
                    _messages.Enqueue(message);
                    break;
                default:
                    break;
            }
        }
    }

    private ValueTask CommitAsync(UpdateDelivery delivery, CancellationToken cancellationToken)
    {
        foreach (var peer in delivery.Batch?.Peers ?? [])
            _hashes[peer.Key] = peer.AccessHash;
        State = delivery.Batch?.State ?? State;
        if (delivery.CaughtUp)
            _caughtUp.TrySetResult();
        return _deliveries.Writer.WriteAsync(delivery, cancellationToken);
    }
}
