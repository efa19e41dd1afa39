using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Session;
using Microsoft.Extensions.Logging;

namespace Integrations.Mtproto;

/// <summary>The session that is to be kept: one change at a time, stored before it holds; other salts are stored behind the caller's back.</summary>
/// <param name="save">The owner's.</param>
/// <param name="session">An earlier one, which is stored already.</param>
/// <param name="logger">Told when salts could not be stored.</param>
internal sealed partial class SessionKeeper(Func<TelegramSession, CancellationToken, Task> save, TelegramSession? session, ILogger logger)
    : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _saving = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private TelegramSession? _current = session;
    private Task _storing = Task.CompletedTask;
    private bool _isStoring;
    private bool _saltsAreNews;
    private bool _isGivenUp;

    public TelegramSession? Current
    {
        get
        {
            lock (_gate)
                return _current;
        }
    }

    /// <summary>Stores a session with a key of its own, and goes on with it.</summary>
    public Task BeginAsync(TelegramSession begun, CancellationToken cancellationToken) => SaveAsync(_ => begun, cancellationToken);

    /// <summary>Stores whose session it is.</summary>
    public Task BelongsToAsync(long userId, CancellationToken cancellationToken) =>
        SaveAsync(current => current! with { UserId = userId }, cancellationToken);

    /// <summary>
    /// Takes what the server said of its salts. A session that somebody is logged in under is stored at once, so that the next start
    /// need not ask for them; before the login the next save brings them along.
    /// </summary>
    public void Learn(AuthKey key, IReadOnlyList<ServerSalt> salts)
    {
        lock (_gate)
        {
            if (_current is not { } current || current.Key.Id != key.Id || current.Salts.SequenceEqual(salts))
                return;
            _current = current with { Salts = [.. salts] };
            if (current.UserId == 0 || _isGivenUp || _closing.IsCancellationRequested)
                return;
            _saltsAreNews = true;
            if (_isStoring)
                return;
            _isStoring = true;
            _storing = StoreSaltsAsync();
        }
    }

    /// <summary>The session is worthless: once this returns it is not stored again, unless somebody logs in under it.</summary>
    public async Task GiveUpAsync(CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken);
        lock (_gate)
            _isGivenUp = true;
        _saving.Release();
    }

    /// <summary>Ends what still runs; after it nothing is stored.</summary>
    public async ValueTask DisposeAsync()
    {
        Task storing;
        lock (_gate)
        {
            _isGivenUp = true;
            storing = _storing;
        }

        _closing.Cancel();
        await storing;
        _closing.Dispose();
        _saving.Dispose();
    }

    private async Task SaveAsync(Func<TelegramSession?, TelegramSession> change, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken);
        try
        {
            var changed = change(Current);
            await save(changed, cancellationToken);
            lock (_gate)
            {
                // Salts that were told while it was being stored are not to be lost.
                var told = _current is { } current && current.Key.Id == changed.Key.Id ? current.Salts : changed.Salts;
                _current = changed with { Salts = told };
                _isGivenUp = false;
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task StoreSaltsAsync()
    {
        // Whoever learnt the salts holds the gate, and has a connection to serve.
        await Task.Yield();
        while (true)
        {
            try
            {
                while (await StoreNewsAsync())
                {
                    // Others were told meanwhile.
                }

                return;
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                // Salts that are out of date cost the next start a round trip and no more.
                return;
            }
            catch (Exception e)
            {
                LogSaltsNotStored(logger, e, Current?.Key.Id ?? 0);
                lock (_gate)
                {
                    // What was told while storing failed counts on this loop to be stored.
                    if (!_saltsAreNews || _isGivenUp)
                    {
                        _isStoring = false;
                        return;
                    }
                }
            }
        }
    }

    /// <returns>False when there was nothing to store.</returns>
    private async Task<bool> StoreNewsAsync()
    {
        await _saving.WaitAsync(_closing.Token);
        try
        {
            TelegramSession kept;
            lock (_gate)
            {
                if (!_saltsAreNews || _isGivenUp)
                    return _isStoring = false;
                _saltsAreNews = false;
                kept = _current!;
            }

            await save(kept, _closing.Token);
            return true;
        }
        finally
        {
            _saving.Release();
        }
    }

    [LoggerMessage(EventId = 6020, Level = LogLevel.Warning, Message = "The salts of key {AuthKeyId} could not be stored; the next start asks for them")]
    private static partial void LogSaltsNotStored(ILogger logger, Exception exception, long authKeyId);
}
