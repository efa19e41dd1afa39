using System.IO.Pipelines;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>A message that is to be sent, until it is known to be.</summary>
internal sealed record Outgoing(PeerKey Peer, string Text, long RandomId);

/// <summary>One account of the simulation: the client library, and an owner who stores what it delivers and survives its crashes.</summary>
internal sealed class SimulatedAccount(
    VirtualTime time, Trace trace, IRandomSource random, TelegramServers servers, Func<TelegramDc, CancellationToken, ValueTask<IDuplexPipe>> connect, TimeSpan? keyLifetime)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly List<(string Name, Task Call)> _calls = [];
    private readonly Dictionary<PeerKey, long?> _hashes = [];
    private readonly List<Task> _sending = [];
    private readonly List<string> _broken = [];
    private TelegramSession? _session;
    private TelegramClient? _client;
    private UpdateState? _state;
    private CancellationTokenSource _stop = new();
    private Task _receiving = Task.CompletedTask;
    private Task _restarting = Task.CompletedTask;

    /// <summary>The clock of the machine that the client runs on.</summary>
    public WrongClock Clock { get; } = new(time);

    /// <summary>Every message that was stored, in order.</summary>
    public List<(PeerKey Chat, int Id, string Text)> Stored { get; } = [];

    public int Sending => _sending.Count(task => !task.IsCompleted);

    public bool IsCaughtUp { get; private set; }

    /// <summary>Commits that fail from now on.</summary>
    public int CommitsToFail { get; set; }

    /// <summary>Laws that were broken, in words.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>Calls that have no end yet.</summary>
    public IEnumerable<string> Open => _calls.Where(call => !call.Call.IsCompleted).Select(call => call.Name);

    public int Calls => _calls.Count;

    public string Place => $"state {_client?.IsConnected} pts {_state?.Pts} town {string.Join(',', _state?.Channels ?? [])}, {Sending} sending, {_client?.QueuedUpdates} queued, receiving {_receiving.Status}";

    public async Task SignInAsync(TelegramSession key, string phone, string code)
    {
        _session = key;
        await ConnectAsync();
        var sent = await _client!.SendCodeAsync(phone, CancellationToken.None);
        var step = await _client.SignInAsync(phone, sent.PhoneCodeHash, code, CancellationToken.None);
        Assert.IsType<LoginStep.Done>(step);
        _receiving = ReceiveAsync(_client, _stop.Token);
    }

    /// <summary>Ends the client, with its socket aborted or in order, and begins anew from what is stored.</summary>
    public void Restart(bool abort)
    {
        if (_restarting.IsCompleted)
            _restarting = RestartAsync(abort);
    }

    public void Send(PeerKey peer, string text, long randomId) => _sending.Add(SendAsync(new Outgoing(peer, text, randomId)));

    /// <summary>Asks a question, and perhaps gives up waiting.</summary>
    public void Ask(string name, Func<TelegramClient, CancellationToken, Task> question, TimeSpan? giveUpAfter) => _ = AskAsync(name, question, giveUpAfter);

    public async Task CloseAsync()
    {
        await _restarting;
        _stop.Cancel();
        trace.Event("the client is closed");
        await _client!.DisposeAsync();
        trace.Event("the client is closed now");
        await _receiving;
        trace.Event("the updates have ended");
    }

    private async Task RestartAsync(bool abort)
    {
        trace.Event(abort ? "the process is killed" : "the client is restarted");
        _stop.Cancel();
        if (abort)
            _client!.Abort();
        await _client!.DisposeAsync();
        await _receiving;
        _stop = new CancellationTokenSource();
        await ConnectAsync();
        _receiving = ReceiveAsync(_client, _stop.Token);
    }

    private async Task ConnectAsync()
    {
        var client = new TelegramClient(new TelegramClientOptions
        {
            Servers = servers,
            ApiId = 4242,
            ApiHash = "hash",
            Device = new TelegramDevice { Model = "Simulated", SystemVersion = "1", AppVersion = "1" },
            Session = _session,
            SaveSession = (saved, _) =>
            {
                _session = saved;
                return Task.CompletedTask;
            },
            FindAccessHash = (key, _) => ValueTask.FromResult(_hashes.GetValueOrDefault(key)),
            Connect = connect,
            PerfectForwardSecrecy = keyLifetime is not null,
            TemporaryKeyLifetime = keyLifetime ?? TimeSpan.FromDays(1),
            Time = Clock,
            Random = random,
            Logger = trace,
        });
        client.Failed += failure =>
        {
            trace.Event($"the client fails: {failure.GetType().Name}");
            if (client == _client)
                Restart(abort: false);
        };
        _client = client;
        await client.ConnectAsync(CancellationToken.None);
    }

    private async Task ReceiveAsync(TelegramClient client, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await client.RunUpdatesAsync(_state, CommitAsync, null, cancellationToken);
            }
            catch (Exception e) when (e is OperationCanceledException or SessionClosedException && (cancellationToken.IsCancellationRequested || !_restarting.IsCompleted))
            {
                return;
            }
            catch (FailedCommitException)
            {
                // The next run begins where the last commit stood.
            }
            catch (Exception e)
            {
                _broken.Add($"The updates ended with {e.GetType().Name}: {e.Message}");
                return;
            }

            await time.PassAsync(Patience);
        }
    }

    private ValueTask CommitAsync(UpdateDelivery delivery, CancellationToken cancellationToken)
    {
        if (CommitsToFail > 0)
        {
            CommitsToFail--;
            trace.Event("a commit fails");
            throw new FailedCommitException();
        }

        foreach (var peer in delivery.Batch?.Peers ?? [])
        {
            if (!peer.IsMin)
                _hashes[peer.Key] = peer.AccessHash;
        }

        foreach (var item in delivery.Batch?.Items ?? [])
        {
            if (item.Update is { } update && MessageIn(update) is Message message)
                Stored.Add((PeerKey.Of(message.PeerId), message.Id, message.MessageValue));
        }

        _state = delivery.Batch?.State ?? _state;
        IsCaughtUp |= delivery.CaughtUp;
        return ValueTask.CompletedTask;
    }

    /// <summary>As the product's outbox does it: with the same random_id until Telegram has said yes.</summary>
    private async Task SendAsync(Outgoing message)
    {
        while (true)
        {
            var hash = _hashes.GetValueOrDefault(message.Peer);
            var attempt = CallAsync(message.Text, client => client.SendTextAsync(message.Peer, hash, message.Text, message.RandomId, null, CancellationToken.None));
            switch (await attempt)
            {
                case null:
                    return;
                case RpcException { IsRandomIdDuplicate: true }:
                    return;
                case RpcException { RetryAfter: { } wait }:
                    await time.PassAsync(wait);
                    break;
                default:
                    await time.PassAsync(Patience);
                    break;
            }
        }
    }

    private async Task AskAsync(string name, Func<TelegramClient, CancellationToken, Task> question, TimeSpan? giveUpAfter)
    {
        using var impatience = giveUpAfter is { } wait ? new CancellationTokenSource(wait, time) : new CancellationTokenSource();
        var outcome = await CallAsync(name, client => question(client, impatience.Token));
        if (outcome is OperationCanceledException && !impatience.IsCancellationRequested)
            _broken.Add($"{name} was cancelled by nobody.");
    }

    /// <summary>Makes one call, which has to end in an answer (null), in an error that has a type, or in its cancellation.</summary>
    private async Task<Exception?> CallAsync(string name, Func<TelegramClient, Task> call)
    {
        var client = _client!;
        try
        {
            var made = call(client);
            _calls.Add((name, made));
            await made;
            return null;
        }
        catch (Exception e)
        {
            if (e is not (RpcException or SessionClosedException or MessageRejectedException or OperationCanceledException))
                _broken.Add($"{name} ended with {e.GetType().Name}: {e.Message}");
            return e;
        }
    }

    private static MessageBase? MessageIn(Update update) => update switch
    {
        UpdateNewMessage u => u.Message,
        UpdateNewChannelMessage u => u.Message,
        _ => null,
    };

    private sealed class FailedCommitException : Exception;
}
