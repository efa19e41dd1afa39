using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>What every connection and session of the data centres shares.</summary>
internal sealed class ServerParts
{
    public required TelegramWorld World { get; init; }

    public required FaultPlan Faults { get; init; }

    /// <summary>The servers' clock, which a fault may move.</summary>
    public required TimeProvider Clock { get; init; }

    public required IRandomSource Random { get; init; }

    public required SandboxTelegramOptions Options { get; init; }

    public required SessionTable Sessions { get; init; }

    public required RpcDispatcher Dispatcher { get; init; }

    public required TemporaryKeys TemporaryKeys { get; init; }

    public required KeyTraffic Traffic { get; init; }

    public required Delays Delays { get; init; }

    /// <summary>Where the data centres listen, known once all of them do.</summary>
    public IReadOnlyList<DcAddress> Dcs { get; set; } = [];

    /// <summary>Who is signed in, or about to be, under a key.</summary>
    public long? PersonOf(long keyId) => World.PersonUnder(TemporaryKeys.AccountKeyOf(keyId));

    /// <summary>A permanent key, or a temporary one that has not expired, if this data centre made it.</summary>
    public StoredKey? FindKey(long keyId, int dcId) => TemporaryKeys.Find(keyId, dcId) ?? World.FindKey(keyId, dcId);

    /// <summary>The sessions under a permanent key and under the temporary one that stands for it.</summary>
    public IReadOnlyList<Session> SessionsOf(long accountKeyId) => TemporaryKeys.BoundTo(accountKeyId) is { } temporary
        ? [.. Sessions.OfKey(accountKeyId), .. Sessions.OfKey(temporary)]
        : Sessions.OfKey(accountKeyId);

    public long NextUniqueId()
    {
        Span<byte> bytes = stackalloc byte[8];
        Random.Fill(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }
}

/// <summary>Work put off by a fault. Timers that are still waiting when the server stops are dropped.</summary>
internal sealed class Delays(TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<ITimer> _waiting = [];
    private bool _stopped;

    public void After(TimeSpan delay, Action act)
    {
        lock (_gate)
        {
            if (_stopped)
                return;
            ITimer? timer = null;
            timer = time.CreateTimer(
                _ =>
                {
                    lock (_gate)
                    {
                        _waiting.Remove(timer!);
                        if (_stopped)
                            return;
                    }
                    timer!.Dispose();
                    act();
                },
                null,
                delay,
                Timeout.InfiniteTimeSpan);
            _waiting.Add(timer);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            foreach (var timer in _waiting)
                timer.Dispose();
            _waiting.Clear();
        }
    }
}
