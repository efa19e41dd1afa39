using System.Security.Cryptography;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;

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

    private readonly TelegramWorld _world;

    public SandboxTelegram(SandboxTelegramOptions options, TimeProvider? time = null)
    {
        _world = new TelegramWorld(options, time ?? TimeProvider.System, RandomNumberGenerator.Fill);
    }

    /// <summary>Where the data centres listen.</summary>
    public IReadOnlyList<DcAddress> Dcs { get; } = [];

    /// <summary>The servers' RSA public key, PKCS#1.</summary>
    public string PublicKeyPem { get; } = "";

    /// <summary>The key's fingerprint: 64 bits in hex.</summary>
    public string Fingerprint { get; } = "";

    /// <summary>Everybody, in order of id.</summary>
    public IReadOnlyList<PersonCard> People => [.. _world.People().Select(PersonCard.From)];

    /// <summary>What goes wrong on request, and what clients did wrong.</summary>
    public FaultPlan Faults { get; } = new();

    internal TelegramWorld World => _world;

    /// <summary>The phone of a person, by id.</summary>
    /// <returns>Null when there is no such person.</returns>
    public TelegramPhone? FindPhone(long personId) => _world.FindPerson(personId) is null ? null : new TelegramPhone(_world, personId);

    /// <summary>The phone of a person, by public name.</summary>
    /// <exception cref="ArgumentException">Nobody has this name.</exception>
    public TelegramPhone PhoneOf(string username) =>
        _world.FindUsername(username) is { Kind: PeerKind.User } peer
            ? new TelegramPhone(_world, peer.Id)
            : throw new ArgumentException($"Nobody is called {username}.", nameof(username));

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }
}
