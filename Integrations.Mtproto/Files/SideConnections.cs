using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Files;

/// <summary>
/// Connections to data centres that are not the account's own, for files only. Each has a key of its own, to which the login is carried over,
/// and is closed when it has been idle.
/// </summary>
/// <param name="open">Makes a key, connects and carries the login over.</param>
/// <param name="idle">After so long without a call a connection is closed.</param>
/// <param name="time">The clock.</param>
internal sealed class SideConnections(Func<int, CancellationToken, Task<MtprotoSession>> open, TimeSpan idle, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<int, Side> _sides = [];
    private ITimer? _timer;
    private Task _closing = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Connections that are open.</summary>
    public int Count => _sides.Count;

    /// <summary>Uses the connection to a data centre, opening it first where there is none.</summary>
    public async Task<T> UseAsync<T>(int dcId, Func<MtprotoSession, Task<T>> use, CancellationToken cancellationToken)
    {
        Side side;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_sides.TryGetValue(dcId, out side!) || side.Session.State == SessionState.Closed)
            {
                if (side is not null)
                    await side.DisposeAsync();
                _sides.Remove(dcId);
                _sides[dcId] = side = new Side(await open(dcId, cancellationToken));
            }

            side.Users++;
            _timer ??= time.CreateTimer(_ => _closing = CloseIdleAsync(), null, idle, idle);
        }
        finally
        {
            _gate.Release();
        }

        try
        {
            return await use(side.Session);
        }
        finally
        {
            side.LastUsed = time.GetUtcNow();
            Interlocked.Decrement(ref side.Users);
        }
    }

    /// <summary>Gives up a connection whose login is not valid there any more; the next use makes another one.</summary>
    public async Task ForgetAsync(int dcId)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            if (_sides.Remove(dcId, out var side))
                await side.DisposeAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        _disposed = true;
        try
        {
            if (_timer is not null)
                await _timer.DisposeAsync();
            foreach (var side in _sides.Values)
                await side.DisposeAsync();
            _sides.Clear();
        }
        finally
        {
            _gate.Release();
        }

        await _closing;
    }

    private async Task CloseIdleAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            var oldest = time.GetUtcNow() - idle;
            foreach (var (dcId, side) in _sides.Where(pair => Volatile.Read(ref pair.Value.Users) == 0 && pair.Value.LastUsed <= oldest).ToList())
            {
                _sides.Remove(dcId);
                await side.DisposeAsync();
            }

            if (_sides.Count == 0 && _timer is { } timer)
            {
                _timer = null;
                await timer.DisposeAsync();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One connection, and the loop that reads what nobody here wants: news that come although none were asked for.</summary>
    private sealed class Side(MtprotoSession session) : IAsyncDisposable
    {
        public int Users;

        private readonly Task _draining = DrainAsync(session);

        public MtprotoSession Session => session;

        public DateTimeOffset LastUsed { get; set; }

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            await _draining;
        }

        private static async Task DrainAsync(MtprotoSession session)
        {
            try
            {
                while (await session.NextNoticeAsync(CancellationToken.None) is not null)
                {
                    // The account's own connection is where updates are taken from.
                }
            }
            catch (Exception e) when (e is IOException or AuthKeyUnknownException or Transport.TransportException)
            {
                // The session's end is told to the calls on it, and the next use opens another one.
            }
        }
    }
}
