using System.IO.Pipelines;
using System.Net;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Proxies;
using Integrations.Mtproto.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Mtproto;

/// <summary>How a program presents itself in <c>initConnection</c>; the account's owner sees it in the list of devices.</summary>
public sealed record TelegramDevice
{
    public required string Model { get; init; }

    public required string SystemVersion { get; init; }

    public required string AppVersion { get; init; }

    /// <summary>ISO 639-1, of the program's interface.</summary>
    public string LangCode { get; init; } = "en";

    /// <summary>ISO 639-1, optionally with a region.</summary>
    public string SystemLangCode { get; init; } = "en";
}

/// <summary>What one <see cref="TelegramClient"/> needs; everything from outside is here, so that it runs deterministically.</summary>
public sealed record TelegramClientOptions
{
    public required TelegramServers Servers { get; init; }

    /// <summary>Of the operator's own application (my.telegram.org).</summary>
    public required int ApiId { get; init; }

    public required string ApiHash { get; init; }

    public required TelegramDevice Device { get; init; }

    /// <summary>An earlier session to go on with; null makes a new key at the first data centre.</summary>
    public TelegramSession? Session { get; init; }

    /// <summary>
    /// Awaited whenever the session changes in a way that must not be lost: a new key before its first use in a login, the data centre
    /// before a login goes on there, the user once it is through, other salts while somebody is logged in. Never two at a time.
    /// </summary>
    public required Func<TelegramSession, CancellationToken, Task> SaveSession { get; init; }

    /// <summary>Asked before every write to a socket; once it says no, the socket is aborted and nothing is flushed.</summary>
    public Func<bool> MayWrite { get; init; } = static () => true;

    /// <summary>The access hash of a peer that was delivered in an earlier batch; null when it was never seen.</summary>
    public required Func<PeerKey, CancellationToken, ValueTask<long?>> FindAccessHash { get; init; }

    public TransportFormat Transport { get; init; } = TransportFormat.Intermediate;

    /// <summary>Hides the protocol from middle boxes that look for it.</summary>
    public bool Obfuscated { get; init; }

    /// <summary>
    /// Speaks under keys that live for a day and are only ever in memory, each bound to the stored one: whoever gets hold of a stored session
    /// and of recorded traffic cannot read what was said before.
    /// </summary>
    /// <remarks>
    /// Off by default: every connect then makes a key, which takes three round trips and tens of milliseconds of processor time, so that
    /// a host with a thousand accounts is ready half a minute later after a start. Connections at the side, for files, do not need it: their
    /// keys are made for them alone and never stored.
    /// </remarks>
    public bool PerfectForwardSecrecy { get; init; }

    /// <summary>Life of such a key.</summary>
    public TimeSpan TemporaryKeyLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The way to the data centres; null goes there directly.</summary>
    public TelegramProxy? Proxy { get; init; }

    /// <summary>
    /// Finds the addresses of the proxy's host, in the order in which they are tried; null asks the system. Who has the proxy from somebody he does not
    /// trust refuses here, by an <see cref="IOException"/>, where it must not lead.
    /// </summary>
    public Func<string, CancellationToken, Task<IPAddress[]>>? FindProxy { get; init; }

    /// <summary>Also tries addresses of IPv6, after those of IPv4.</summary>
    public bool UseIPv6 { get; init; }

    /// <summary>Opens a byte stream to a data centre; by default a TCP connection behind <see cref="MayWrite"/>.</summary>
    public Func<TelegramDc, CancellationToken, ValueTask<IDuplexPipe>>? Connect { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IRandomSource Random { get; init; } = SystemRandomSource.Instance;

    /// <summary>How often a call that may be repeated is repeated after trouble inside Telegram (500, -503) before it is told.</summary>
    public int ServerTroubleRetries { get; init; } = 2;

    /// <summary>The wait before the first such repetition, ±20 %; each further one waits twice as long.</summary>
    public TimeSpan ServerTroubleDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A connection to another data centre, for its files, is closed after so long without use.</summary>
    public TimeSpan SideConnectionIdle { get; init; } = TimeSpan.FromSeconds(60);

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
