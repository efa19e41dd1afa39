using System.Net;

namespace Integrations.Core.Telegram.Clients;

/// <summary>One Telegram data centre.</summary>
public sealed record TelegramDc(int Id, IPEndPoint Address);

/// <summary>A public key of the servers, in the PKCS #1 PEM form.</summary>
public sealed record TelegramServerKey(string Pem);

/// <summary>Where a Telegram world is reached.</summary>
/// <param name="FirstDc">The data centre that a new session begins at.</param>
public sealed record TelegramServers(int FirstDc, IReadOnlyList<TelegramDc> Dcs, IReadOnlyList<TelegramServerKey> Keys);

/// <summary>How the product presents itself; shown in the list of devices on the account's phone.</summary>
public sealed record TelegramDevice(string Model, string SystemVersion, string AppVersion, string LangCode, string SystemLangCode);

/// <summary>The way to Telegram's servers.</summary>
/// <param name="Proxy">A link to a proxy, as <see cref="Integrations.Mtproto.Proxies.TelegramProxy.Parse"/> reads it; null goes there directly. A secret.</param>
/// <param name="UseIPv6">Also over IPv6, where IPv4 leads nowhere.</param>
/// <param name="FindProxy">Looks up the host of a proxy that a user has set, and refuses what it must not lead to; null for the operator's own.</param>
public sealed record TelegramRoute(string? Proxy, bool UseIPv6, Func<string, CancellationToken, Task<IPAddress[]>>? FindProxy = null)
{
    /// <summary>Without the proxy's password.</summary>
    public override string ToString() => Proxy is null ? "direct" : "through a proxy";
}

/// <summary>The operator's own application, from my.telegram.org.</summary>
public sealed record TelegramApp(int ApiId, string ApiHash);

/// <summary>What has to be kept of a session so that it can go on later. A secret.</summary>
/// <param name="Payload">Opaque and versioned by the client.</param>
/// <param name="DcId">The data centre that the account lives at.</param>
/// <param name="Key">What tells one session from another, for its fingerprint alone; as secret as the payload.</param>
public sealed record SessionSnapshot(ReadOnlyMemory<byte> Payload, int DcId, ReadOnlyMemory<byte> Key)
{
    /// <summary>What the fingerprint of a session's key is made for.</summary>
    public const string FingerprintPurpose = "telegram_session";

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"session at DC {DcId}";
}

/// <summary>What one client needs.</summary>
public sealed record TelegramClientSettings
{
    /// <summary>Null for Telegram itself, whose addresses and key every client has built in.</summary>
    public required TelegramServers? Servers { get; init; }

    public required TelegramApp App { get; init; }

    public required TelegramDevice Device { get; init; }

    /// <summary>The way there; directly by default.</summary>
    public TelegramRoute Route { get; init; } = new(null, UseIPv6: false);

    /// <summary>Speaks under keys that live for a day and are only ever in memory, in place of the stored one.</summary>
    public bool PerfectForwardSecrecy { get; init; }

    /// <summary>The payload of an earlier <see cref="SessionSnapshot"/>; null begins a new session with a new key.</summary>
    public ReadOnlyMemory<byte>? Session { get; init; }

    /// <summary>
    /// Called, and awaited, whenever the session changes in a way that must not be lost: before a new key is used for anything that
    /// could leave a device on somebody's account, and before a login goes on at another data centre.
    /// </summary>
    public required Func<SessionSnapshot, CancellationToken, Task> SaveSession { get; init; }

    /// <summary>Asked before every byte written. Once it says no, the sockets are aborted and nothing is flushed.</summary>
    public required Func<bool> MayWrite { get; init; }

    /// <summary>How long one call may go without an answer; then it counts as unavailable.</summary>
    public required TimeSpan CallTimeout { get; init; }

    /// <summary>Looks up a peer that was stored earlier; null when it was never seen.</summary>
    public required Func<PeerKey, CancellationToken, ValueTask<KnownPeer?>> FindPeer { get; init; }
}

/// <summary>Makes a client that has not connected yet.</summary>
public delegate ITelegramClient CreateTelegramClient(TelegramClientSettings settings);
