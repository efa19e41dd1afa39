using System.Globalization;
using System.IO.Pipelines;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>What one seed came to.</summary>
/// <param name="Hash">Of every byte on every line, with its time.</param>
/// <param name="Strays">See <see cref="VirtualTime.Strays"/>.</param>
/// <param name="Bindings">How often a temporary key was bound.</param>
internal sealed record Outcome(string Hash, int Calls, int Messages, int Faults, int Connections, int Strays, int Bindings);

/// <summary>
/// Thirty seconds in which an account talks and is talked to while the network, the servers, the client's machine and its database fail,
/// drawn by a seed; then everything is well again, and the laws are looked at.
/// </summary>
internal sealed class Simulation : IDisposable
{
    private static readonly TimeSpan Storm = TimeSpan.FromSeconds(30);

    /// <summary>A silent connection is found within a ping's interval and its timeout; then a difference and its repetitions.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(6);

    private static readonly PeerKey Boris = new(PeerKind.User, Seed.Boris);
    private static readonly PeerKey Office = new(PeerKind.Chat, Seed.Office);
    private static readonly PeerKey Town = new(PeerKind.Channel, Seed.Town);
    private static readonly int[] Complaints = [16, 17, 18, 19, 20, 32, 33, 34, 35, 64];

    private readonly VirtualTime _time = new();
    private readonly Trace _trace;
    private readonly Random _random;
    private readonly SandboxTelegram _sandbox;
    private readonly SimulatedAccount _account;
    private readonly List<VirtualLink> _links = [];
    private readonly HashSet<string> _sent = new(StringComparer.Ordinal);
    private readonly TimeSpan _latency;
    private readonly TimeSpan? _keyLifetime;
    private bool _refusesConnections;
    private bool _isDark;
    private bool _skipsHistory;
    private int _faults;

    /// <param name="seed">Draws everything.</param>
    /// <param name="keyLifetime">Life of the client's temporary keys; null speaks under the stored key.</param>
    public Simulation(int seed, TimeSpan? keyLifetime = null)
    {
        _keyLifetime = keyLifetime;
        _random = new Random(seed);
        _trace = new Trace(_time);
        _latency = TimeSpan.FromMilliseconds(_random.Next(1, 80));
        _sandbox = new SandboxTelegram(new SandboxTelegramOptions(), _time, new SeededBytes(_random.Next()));
        var servers = new TelegramServers(
            SandboxTelegram.MainDc,
            [new TelegramDc(1, "127.0.0.1", 1), new TelegramDc(2, "127.0.0.1", 2)],
            [RsaPublicKey.FromPem(_sandbox.PublicKeyPem)]);
        _account = new SimulatedAccount(_time, _trace, new SeededBytes(_random.Next()), servers, ConnectAsync, keyLifetime);
    }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="Exception">A law is broken; the message tells what happened last.</exception>
    public static Outcome Run(int seed, TimeSpan? keyLifetime = null)
    {
        using var simulation = new Simulation(seed, keyLifetime);
        try
        {
            simulation._time.Run(simulation.RunAsync, TimeSpan.FromMinutes(30));
            return new Outcome(simulation._trace.Hash, simulation._account.Calls, simulation._sent.Count, simulation._faults, simulation._links.Count, simulation._time.Strays, simulation._sandbox.Bindings);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Seed {seed} (./test --seed {seed} Sandbox -class '*ScheduleTests'): {e.Message}{Environment.NewLine}{simulation._account.Place}{Environment.NewLine}{simulation._trace.Events}", e);
        }
    }

    public void Dispose()
    {
        _trace.Dispose();
        _time.Dispose();
    }

    private async Task RunAsync()
    {
        await BeginAsync();
        var end = _time.GetUtcNow() + Storm;
        while (_time.GetUtcNow() < end)
        {
            await _time.PassAsync(TimeSpan.FromMilliseconds(_random.Next(20, 700)));
            Happen();
        }

        _trace.Event("everything is well again");
        _sandbox.Faults.Clear();
        _account.CommitsToFail = 0;
        (_refusesConnections, _isDark) = (false, false);
        await UntilAsync(() => _account.Sending == 0, "every message is sent");

        // Only what comes next shows that something is missing before it.
        Say(Boris);
        Say(Office);
        Say(Town);
        await UntilAsync(() => Missing().Count == 0, "every message is stored");
        await UntilAsync(() => !_account.Open.Any(), "every call has ended");
        await _account.CloseAsync();
        Verify();
        await _sandbox.DisposeAsync();
    }

    /// <summary>The key is taken as exchanged: the exchange has tests of its own, and takes longer than all the rest.</summary>
    private async Task BeginAsync()
    {
        _sandbox.StartUnheard();
        var secret = new byte[AuthKey.Size];
        _random.NextBytes(secret);
        var key = new AuthKey(secret);
        _sandbox.World.AddKey(key.Id, secret, SandboxTelegram.MainDc, 77);
        var anna = _sandbox.PhoneOf("anna").Owner;
        await _account.SignInAsync(new TelegramSession(SandboxTelegram.MainDc, key, 77, 0), anna.Phone, anna.Code);
        await UntilAsync(() => _account.IsCaughtUp, "the account is ready");
    }

    private void Happen()
    {
        switch (_random.Next(100))
        {
            case < 35:
                Say(Any(Boris, Office, Town));
                break;
            case < 55:
                Send(Any(Boris, Office, Town));
                break;
            case < 65:
                Ask();
                break;
            case < 76:
                _faults++;
                TroubleTheNetwork();
                break;
            case < 93:
                _faults++;
                TroubleTheServers();
                break;
            default:
                _faults++;
                TroubleTheClient();
                break;
        }
    }

    /// <summary>Somebody else writes.</summary>
    private void Say(PeerKey where)
    {
        var text = NextText("said");
        var place = where == Boris ? PeerRef.User(Seed.Anna) : RefOf(where);
        _trace.Event($"{text} in {where}");
        _sandbox.PhoneOf("boris").Send(place, text);
    }

    private void Send(PeerKey where)
    {
        var text = NextText("sent");
        _trace.Event($"{text} to {where}");
        _account.Send(where, text, _random.NextInt64(1, long.MaxValue));
    }

    private void Ask()
    {
        TimeSpan? giveUpAfter = _random.Next(3) == 0 ? TimeSpan.FromMilliseconds(_random.Next(1, 3000)) : null;
        if (_random.Next(2) == 0)
            _account.Ask("getState", static (client, ct) => client.GetStateAsync(ct), giveUpAfter);
        else
            _account.Ask("getHistory", static (client, ct) => client.GetHistoryAsync(Office, null, 50, ct), giveUpAfter);
    }

    private void TroubleTheNetwork()
    {
        var link = _links.FindLast(link => link.IsUsable);
        var what = _random.Next(6);
        _trace.Event($"the network: {what}");
        switch (what)
        {
            case 0:
                link?.Cut();
                break;
            case 1:
                link?.CutInside();
                break;
            case 2 or 3:
                link?.Silence();
                break;
            case 4:
                _refusesConnections = true;
                link?.Cut();
                _ = LaterAsync(() => _refusesConnections = false);
                break;
            default:
                _isDark = true;
                link?.Silence();
                _ = LaterAsync(() => _isDark = false);
                break;
        }
    }

    private void TroubleTheServers()
    {
        var fault = AFault();
        _skipsHistory |= fault.Kind is FaultKind.DifferenceTooLong or FaultKind.ChannelTooLong;
        _trace.Event($"the servers: {fault.Kind} {fault.Code} {fault.Method}");
        _sandbox.Faults.Add(fault);
    }

    // No latency inside the servers: what they read before they are slow, and look at after a newer connection has spoken, would count
    // as sent by two connections at once.
    private Fault AFault() => _random.Next(_keyLifetime is null ? 25 : 29) switch
    {
        0 or 1 or 2 => new() { Kind = FaultKind.BadMessage, Code = Complaints[_random.Next(Complaints.Length)] },
        3 => new() { Kind = FaultKind.BadSalt, Times = _random.Next(1, 4) },
        4 => new() { Kind = FaultKind.RotateSalts },
        5 => new() { Kind = FaultKind.ForgetSessions },
        6 or 7 => new() { Kind = FaultKind.LoseAnswer, Times = _random.Next(1, 3) },
        8 => new() { Kind = FaultKind.DelayAnswer, Milliseconds = _random.Next(1, 20_000) },
        9 => new() { Kind = FaultKind.DuplicateAnswer, Times = _random.Next(1, 4) },
        10 or 11 => new() { Kind = FaultKind.ResetAfterExecution },
        12 or 13 => new() { Kind = FaultKind.LoseUpdate, Times = _random.Next(1, 4) },
        14 => new() { Kind = FaultKind.DuplicateUpdate, Times = _random.Next(1, 4) },
        15 => new() { Kind = FaultKind.SwapUpdates, Times = _random.Next(1, 4) },
        16 => new() { Kind = FaultKind.DifferenceSlices, Times = 0, Count = _random.Next(1, 4) },
        17 => new() { Kind = FaultKind.DifferenceTooLong },
        18 => new() { Kind = FaultKind.ChannelTooLong },
        19 => new() { Kind = FaultKind.TransportError, Code = _random.Next(3) switch { 0 => 444, 1 => 429, _ => 404 }, Times = _random.Next(1, 3) },
        20 => new() { Kind = FaultKind.RpcError, Code = _random.Next(2) == 0 ? 500 : -503, Error = "Timeout", Times = _random.Next(1, 4) },
        21 => new() { Kind = FaultKind.FloodWait, Seconds = _random.Next(1, 5), Method = "messages.sendMessage" },
        22 => new() { Kind = FaultKind.HalfOpen, Method = Any("messages.sendMessage", "updates.getDifference", "updates.getState") },
        23 => new() { Kind = FaultKind.ResetConnection, Method = Any("messages.sendMessage", "updates.getDifference") },
        25 or 26 => new() { Kind = FaultKind.ForgetTemporaryKeys },
        27 or 28 => new() { Kind = FaultKind.ForgetBindings },
        _ => new() { Kind = FaultKind.CloseConnection },
    };

    private void TroubleTheClient()
    {
        switch (_random.Next(4))
        {
            case 0:
                _account.Restart(abort: true);
                break;
            case 1:
                _account.Restart(abort: false);
                break;
            case 2:
                _account.CommitsToFail = _random.Next(1, 3);
                break;
            default:
                _account.Clock.Ahead += TimeSpan.FromSeconds(_random.Next(2) == 0 ? 600 : -600);
                _trace.Event($"the client's clock is {_account.Clock.Ahead} ahead");
                break;
        }
    }

    private async Task LaterAsync(Action action)
    {
        await _time.PassAsync(TimeSpan.FromMilliseconds(_random.Next(100, 9000)));
        action();
    }

    private async ValueTask<IDuplexPipe> ConnectAsync(TelegramDc dc, CancellationToken cancellationToken)
    {
        // A handshake of TCP is a round trip: what the same machine sent before it arrives before what it sends after.
        await _time.PassAsync(_latency * 2).WaitAsync(cancellationToken);
        if (_refusesConnections)
            throw new IOException("The connection was refused.");
        if (_isDark)
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
        var link = new VirtualLink(_time, _trace, _links.Count, _latency, window: Any(1024, 8 * 1024, 64 * 1024));
        _trace.Event($"connection {_links.Count}");
        _links.Add(link);
        _sandbox.Serve(dc.Id, link.Server);
        return link.Client;
    }

    private async Task UntilAsync(Func<bool> holds, string what)
    {
        var limit = _time.GetUtcNow() + Recovery;
        while (!holds())
        {
            Assert.True(_account.Broken.Count == 0, string.Join("; ", _account.Broken));
            Assert.True(_time.GetUtcNow() < limit, $"It does not come to be that {what}. Open: {string.Join(", ", _account.Open)}. Missing: {string.Join(", ", Missing())}");
            await _time.PassAsync(TimeSpan.FromMilliseconds(100));
        }
    }

    private List<string> Missing()
    {
        var stored = _account.Stored.Select(message => message.Text).ToHashSet(StringComparer.Ordinal);
        return [.. _sent.Where(text => !stored.Contains(text))];
    }

    private void Verify()
    {
        Assert.True(_account.Broken.Count == 0, string.Join("; ", _account.Broken));
        Assert.Empty(_sandbox.Faults.Violations);
        foreach (var chat in new[] { Boris, Office, Town })
        {
            var truth = _sandbox.World.MessagesAfter(Seed.Anna, RefOf(chat), 0, 10_000)
                .Where(message => _sent.Contains(message.Text))
                .Select(message => (message.Id, message.Text))
                .ToList();
            Assert.True(truth.DistinctBy(message => message.Text).Count() == truth.Count, $"{chat}: a message is there twice: {string.Join(", ", truth)}");
            var stored = _account.Stored.Where(message => message.Chat == chat && _sent.Contains(message.Text)).Select(message => (message.Id, message.Text)).ToList();

            // A history that stands in for a difference repeats what was told before; the receiver knows it by its place and number.
            var taken = _skipsHistory ? stored.Distinct().ToList() : stored;
            Assert.True(truth.SequenceEqual(taken), $"{chat}: {string.Join(", ", truth)} is the truth, and stored was {string.Join(", ", stored)}");
        }
    }

    private string NextText(string kind)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{kind} {_sent.Count}");
        _sent.Add(text);
        return text;
    }

    private T Any<T>(params ReadOnlySpan<T> all) => all[_random.Next(all.Length)];

    private static PeerRef RefOf(PeerKey key) => key.Kind switch
    {
        PeerKind.User => PeerRef.User(key.Id),
        PeerKind.Chat => PeerRef.Group(key.Id),
        _ => PeerRef.Channel(key.Id),
    };

    /// <summary>Random bytes that come the same way each time.</summary>
    private sealed class SeededBytes(int seed) : IRandomSource
    {
        private readonly Random _random = new(seed);

        public void Fill(Span<byte> destination) => _random.NextBytes(destination);
    }
}
