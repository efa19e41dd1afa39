using System.Globalization;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.BotFather;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.Server.Methods;
using Integrations.Sandbox.Telegram.World;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Sandbox.Telegram;

/// <summary>Where one data centre listens.</summary>
public sealed record DcAddress(int Id, string Host, int Port);

/// <summary>
/// The simulated Telegram as one object: a world, its MTProto servers, the phones of its people, and faults on request. A test starts it
/// on free ports with <c>Dc1Port = Dc2Port = 0</c> and no directory.
/// </summary>
public sealed class SandboxTelegram : IAsyncDisposable
{
    /// <summary>The data centre that a client without a session begins with.</summary>
    public const int MainDc = 2;

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    /// <summary>How exactly scheduled messages keep their time.</summary>
    private static readonly TimeSpan DueEvery = TimeSpan.FromSeconds(1);

    // Generating a key takes a good part of a second; a world without a directory shares the one of its process.
    private static readonly Lazy<RsaPrivateKey> SharedKey = new(RsaPrivateKey.Generate);

    private readonly SandboxTelegramOptions _options;
    private readonly TelegramWorld _world;
    private readonly ServerParts _parts;
    private readonly UpdatePump _pump;
    private readonly BotFatherChat _botFather;
    private readonly RsaPrivateKey _key;
    private readonly List<DataCenter> _dataCenters;
    private ITimer? _sweep;
    private ITimer? _due;
    private Task _pumping = Task.CompletedTask;
    private Task _answering = Task.CompletedTask;
    private long _lastConnection;
    private bool _isStopped;

    /// <summary>Opens the world; nothing listens yet.</summary>
    public SandboxTelegram(
        SandboxTelegramOptions options, TimeProvider? time = null, IRandomSource? random = null, ILoggerFactory? loggers = null)
    {
        _options = options;
        time ??= TimeProvider.System;
        random ??= SystemRandomSource.Instance;
        loggers ??= NullLoggerFactory.Instance;
        _world = new TelegramWorld(options, time, random);
        _key = options.Directory is { } directory ? KeyOf(directory) : SharedKey.Value;
        var clock = new ServerClock(time, Faults);
        var temporaryKeys = new TemporaryKeys(_world, clock);
        _parts = new ServerParts
        {
            World = _world,
            Faults = Faults,
            Clock = clock,
            Random = random,
            Options = options,
            Sessions = new SessionTable(),
            Dispatcher = Dispatcher(loggers),
            TemporaryKeys = temporaryKeys,
            Traffic = new KeyTraffic(_world, temporaryKeys, Faults, time),
            Delays = new Delays(time),
        };
        _pump = new UpdatePump(_parts, loggers.CreateLogger<UpdatePump>());
        _botFather = new BotFatherChat(_world, loggers.CreateLogger<BotFatherChat>());
        _dataCenters = [DataCenter(1, options.Dc1Port, loggers), DataCenter(2, options.Dc2Port, loggers)];
        BotApi = new BotApiServer(_world, Faults, time, loggers.CreateLogger<BotApiServer>());
        Faults.Added += HappenAtOnce;
    }

    /// <summary>Where the data centres listen; empty until they do.</summary>
    public IReadOnlyList<DcAddress> Dcs => _parts.Dcs;

    /// <summary>The servers' RSA public key, PKCS#1.</summary>
    public string PublicKeyPem => _key.Public.ToPem();

    /// <summary>The key's fingerprint: 64 bits in hex.</summary>
    public string Fingerprint => _key.Public.Fingerprint.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Everybody, in order of id.</summary>
    public IReadOnlyList<PersonCard> People => [.. _world.People().Select(PersonCard.From)];

    /// <summary>What goes wrong on request, and what clients did wrong.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>TCP connections that are open now.</summary>
    public int OpenConnections => _dataCenters.Sum(dc => dc.Connections.Count);

    /// <summary>How often a temporary key has been bound.</summary>
    public int Bindings => _parts.TemporaryKeys.Bindings;

    internal TelegramWorld World => _world;

    internal BotApiServer BotApi { get; }

    /// <summary>The phone of a person, by id.</summary>
    /// <returns>Null when there is no such person.</returns>
    public TelegramPhone? FindPhone(long personId) => _world.FindPerson(personId) is null ? null : new TelegramPhone(_world, personId);

    /// <summary>The phone of a person, by public name.</summary>
    /// <exception cref="ArgumentException">Nobody has this name.</exception>
    public TelegramPhone PhoneOf(string username) =>
        _world.FindUsername(username) is { Kind: PeerKind.User } peer
            ? new TelegramPhone(_world, peer.Id)
            : throw new ArgumentException($"Nobody is called {username}.", nameof(username));

    /// <summary>Begins to listen.</summary>
    /// <exception cref="InvalidOperationException">A port is taken; the message names it.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var dc in _dataCenters)
            dc.Start();
        _parts.Dcs = [.. _dataCenters.Select(dc => dc.Address)];
        Begin();
        BotApi.Start();
        return Task.CompletedTask;
    }

    /// <summary>Begins without listening: a test brings the connections (<see cref="Serve"/>).</summary>
    internal void StartUnheard()
    {
        _parts.Dcs = [.. _dataCenters.Select(dc => new DcAddress(dc.Id, "127.0.0.1", dc.Id))];
        Begin();
    }

    /// <summary>Serves one client whose bytes come by another way than TCP.</summary>
    internal void Serve(int dcId, IClientStream stream) => _dataCenters.First(dc => dc.Id == dcId).Serve(stream);

    /// <summary>Resets every connection and stops listening. What the world remembers stays.</summary>
    public async Task StopAsync()
    {
        if (_isStopped)
            return;
        _isStopped = true;
        Faults.Added -= HappenAtOnce;
        if (_sweep is not null)
            await _sweep.DisposeAsync();
        if (_due is not null)
            await _due.DisposeAsync();
        _parts.Delays.Dispose();
        await BotApi.DisposeAsync();
        foreach (var dc in _dataCenters)
            await dc.DisposeAsync();
        _world.Unsubscribe(_botFather.Hear);
        _botFather.Complete();
        await _answering;
        _world.Unsubscribe(_pump.Post);
        _pump.Complete();
        await _pumping;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _world.Dispose();
    }

    private void Begin()
    {
        _world.Subscribe(_pump.Post);
        _pumping = _pump.RunAsync();
        _world.Subscribe(_botFather.Hear);
        _answering = _botFather.RunAsync();
        _due = _parts.Clock.CreateTimer(_ => _world.SendDue(), null, DueEvery, DueEvery);
        _sweep = _parts.Clock.CreateTimer(_ => Sweep(), null, SweepEvery, SweepEvery);
    }

    private static RsaPrivateKey KeyOf(string directory)
    {
        var path = Path.Combine(directory, "rsa.pem");
        if (File.Exists(path))
            return RsaPrivateKey.FromPem(File.ReadAllText(path));
        var key = RsaPrivateKey.Generate();
        // Written beside and renamed: a half-written key would lock every client out.
        File.WriteAllText(path + ".new", key.ToPem());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(path + ".new", path, overwrite: true);
        return key;
    }

    private static RpcDispatcher Dispatcher(ILoggerFactory loggers)
    {
        var dispatcher = new RpcDispatcher(loggers.CreateLogger<RpcDispatcher>());
        dispatcher.AddHelp();
        dispatcher.AddAuth();
        dispatcher.AddPassword();
        dispatcher.AddAccount();
        dispatcher.AddUpdates();
        dispatcher.AddPeople();
        dispatcher.AddMessages();
        dispatcher.AddHistories();
        dispatcher.AddRooms();
        dispatcher.AddFiles();
        dispatcher.AddTopics();
        dispatcher.AddInvites();
        dispatcher.AddScheduled();
        dispatcher.AddRights();
        return dispatcher;
    }

    private DataCenter DataCenter(int id, int port, ILoggerFactory loggers)
    {
        var handshake = new ServerHandshakeOptions
        {
            Keys = [_key],
            DcId = id,
            Random = _parts.Random,
            Time = _parts.Clock,
            IsKeyIdTaken = keyId => _parts.FindKey(keyId, id) is not null,
        };
        return new DataCenter(
            _parts, handshake, id, port, () => Interlocked.Increment(ref _lastConnection), loggers.CreateLogger<DataCenter>());
    }

    private void Sweep()
    {
        var oldest = _parts.Clock.GetUtcNow() - _options.SessionMemory;
        _parts.TemporaryKeys.Sweep();
        _parts.Sessions.ForgetWhere(session => !session.IsConnected && session.LastUsed < oldest);
    }

    private void HappenAtOnce(Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.ForgetSessions:
                _parts.Sessions.ForgetWhere(session => Concerns(fault, session.DcId, _parts.PersonOf(session.KeyId)));
                break;
            case FaultKind.ForgetTemporaryKeys:
                _parts.TemporaryKeys.ForgetWhere((dcId, keyId) => Concerns(fault, dcId, _world.PersonUnder(keyId)));
                break;
            case FaultKind.ForgetBindings:
                _parts.TemporaryKeys.UnbindWhere((dcId, keyId) => Concerns(fault, dcId, _world.PersonUnder(keyId)));
                break;
            case FaultKind.RotateSalts:
                _world.RotateSalts();
                break;
            case FaultKind.SignOut when fault.Person is { } personId:
                foreach (var keyId in _world.KeysOf(personId))
                    _world.LogOut(keyId);
                break;
            case FaultKind.CloseConnection when fault.Method is null:
                EndConnections(fault, ConnectionEnd.Close);
                break;
            case FaultKind.ResetConnection when fault.Method is null:
                EndConnections(fault, ConnectionEnd.Reset);
                break;
            case FaultKind.HalfOpen when fault.Method is null:
                EndConnections(fault, ConnectionEnd.Freeze);
                break;
            default:
                break;
        }
    }

    private void EndConnections(Fault fault, ConnectionEnd end)
    {
        foreach (var connection in _dataCenters.SelectMany(dc => dc.Connections))
        {
            if (Concerns(fault, connection.DcId, connection.PersonId))
                connection.End(end);
        }
    }

    private static bool Concerns(Fault fault, int dcId, long? personId) =>
        (fault.Dc is null || fault.Dc == dcId) && (fault.Person is null || fault.Person == personId);
}
