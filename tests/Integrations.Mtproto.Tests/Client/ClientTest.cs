using System.Collections.Concurrent;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>A client against scripted data centres.</summary>
public abstract class ClientTest : IAsyncDisposable
{
    private readonly List<TelegramClient> _clients = [];
    private readonly ConcurrentQueue<TelegramSession> _saved = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected static User Self { get; } = new() { Id = 1001, FirstName = "A", AccessHash = 5 };

    private protected ScriptedTelegram Telegram { get; } = new();

    /// <summary>Every session that the client asked to be stored, in order.</summary>
    protected IReadOnlyList<TelegramSession> Saved => [.. _saved];

    /// <summary>The wait before a call is repeated after trouble inside Telegram.</summary>
    protected TimeSpan TroubleDelay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>What the owner knows of peers from earlier runs.</summary>
    private protected Func<PeerKey, ValueTask<long?>> FindAccessHash { get; set; } = static _ => ValueTask.FromResult<long?>(null);

    /// <summary>Runs inside each save, before it is done.</summary>
    private protected Func<TelegramSession, CancellationToken, Task> WhileSaving { get; set; } = static (_, _) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var client in _clients)
            await client.DisposeAsync();
        await Telegram.DisposeAsync();
    }

    protected static AuthAuthorization Authorised() => new() { User = Self };

    private protected TelegramClient Create(TelegramSession? session = null)
    {
        var client = new TelegramClient(new TelegramClientOptions
        {
            Servers = Telegram.Servers,
            ApiId = 1,
            ApiHash = "hash",
            Device = new TelegramDevice { Model = "test", SystemVersion = "1", AppVersion = "1" },
            Session = session,
            SaveSession = async (saved, ct) =>
            {
                await WhileSaving(saved, ct);
                Telegram.Note($"save dc{saved.DcId} user{saved.UserId}");
                _saved.Enqueue(saved);
            },
            FindAccessHash = (key, _) => FindAccessHash(key),
            Connect = Telegram.ConnectAsync,
            ServerTroubleDelay = TroubleDelay,
        });
        _clients.Add(client);
        return client;
    }

    private protected async Task<TelegramClient> ConnectAsync(TelegramSession? session = null)
    {
        var client = Create(session);
        await client.ConnectAsync(Token);
        return client;
    }

    /// <summary>Waits until something holds; what it stands at is told when it never does.</summary>
    private protected static async Task UntilAsync<T>(Func<T> look, Func<T, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!holds(look()))
        {
            Assert.False(limit.IsCancellationRequested, $"It still stands at {look()}.");
            await timer.WaitForNextTickAsync(Token);
        }
    }

    /// <summary>A client that has been logged in at the first data centre.</summary>
    private protected async Task<TelegramClient> LoggedInAsync()
    {
        var client = await ConnectAsync();
        var script = Telegram.Answer;
        Telegram.Answer = static (_, _) => Authorised();
        Assert.IsType<LoginStep.Done>(await client.SignInAsync("9996621234", "hash", "22222", Token));
        Telegram.Answer = script;
        return client;
    }
}
