using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Mtproto.Session;

/// <summary>What one session needs from outside.</summary>
public sealed class MtprotoSessionOptions
{
    /// <summary>The key of this session; it must not be in use on any other connection.</summary>
    public required AuthKey AuthKey { get; init; }

    /// <summary>
    /// Makes the session speak under temporary keys, each bound to <see cref="AuthKey"/>, under which nothing is sealed then but the
    /// binding. Null speaks under that key itself.
    /// </summary>
    public ForwardSecrecy? ForwardSecrecy { get; init; }

    /// <summary>Opens a new connection to the data centre. Called again after each loss.</summary>
    public required Func<CancellationToken, ValueTask<FrameConnection>> ConnectAsync { get; init; }

    /// <summary>Salts stored with the key, or the first salt of the key exchange; none makes the server tell one.</summary>
    public IReadOnlyList<ServerSalt> Salts { get; init; } = [];

    /// <summary>Server's clock minus ours, when it is known already.</summary>
    public TimeSpan? ClockOffset { get; init; }

    /// <summary>
    /// Bytes to put before a call while the server has not yet answered one on this connection: <c>invokeWithLayer</c> and
    /// <c>initConnection</c> up to their last field, the query.
    /// </summary>
    public ReadOnlyMemory<byte> Introduction { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IRandomSource Random { get; init; } = SystemRandomSource.Instance;

    public SessionTimings Timings { get; init; } = new();

    /// <summary>Pushed updates that may wait to be read; more are dropped and told as missed.</summary>
    public int MaxNotices { get; init; } = 256;

    /// <summary>The most that a compressed message may inflate to, in bytes.</summary>
    public int MaxInflated { get; init; } = Tl.TlGzip.DefaultMaxInflated;

    /// <summary>Told of each change; called from the session's own loop, so it must be quick.</summary>
    public Action<SessionState> StateChanged { get; init; } = static _ => { };

    /// <summary>
    /// Told that the server sent other salts, which are worth storing. Called from the session's own loop; never for a temporary key,
    /// whose salts are of no use to anything else.
    /// </summary>
    public Action<IReadOnlyList<ServerSalt>> SaltsChanged { get; init; } = static _ => { };

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
