using System.Diagnostics;
using System.Globalization;
using Integrations.Bench.Product;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Bench.Mtproto;

/// <summary>Our client under measurement, in a process of its own that does nothing else. Each line it is told is a step; each step ends with a line.</summary>
internal static class MeasuredClient
{
    public static async Task<int> RunAsync(string file, int depth, CancellationToken ct)
    {
        var world = MeasuredWorld.Read(file);
        var running = new List<RunningAccount>();
        try
        {
            while (await Console.In.ReadLineAsync(ct) is { } line)
            {
                var words = line.Split(' ');
                var argument = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                switch (words[0])
                {
                    case "connect":
                        var began = Stopwatch.GetTimestamp();
                        var added = world.Accounts.Skip(running.Count).Take(argument).Select(account => new RunningAccount(world, account)).ToList();
                        running.AddRange(added);
                        await Task.WhenAll(added.Select(account => account.StartAsync(ct)));
                        Tell(Stopwatch.GetElapsedTime(began).TotalSeconds);
                        break;
                    case "dialogs":
                        // One after the other, as the script beside it does: the lists of all accounts are never in memory together.
                        var fewest = int.MaxValue;
                        foreach (var account in running)
                            fewest = Math.Min(fewest, await account.CountDialogsAsync(ct));
                        Tell(fewest);
                        break;
                    case "rpc":
                        Tell(await running[0].AskAsync(argument, depth, ct));
                        break;
                    default:
                        throw new ScenarioException($"no step is called {line}");
                }
            }
        }
        finally
        {
            foreach (var account in running)
                await account.DisposeAsync();
        }

        return 0;
    }

    private static void Tell(double figure) => Console.WriteLine(figure.ToString("R", CultureInfo.InvariantCulture));

    private sealed class RunningAccount : IAsyncDisposable
    {
        private readonly TelegramClient _client;
        private readonly UpdateState _state;
        private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _stop = new();
        private Task _receiving = Task.CompletedTask;

        public RunningAccount(MeasuredWorld world, StoredAccount account)
        {
            _state = new UpdateState { Pts = account.Pts, Qts = 0, Date = account.Date, Seq = 0 };
            _client = new TelegramClient(new TelegramClientOptions
            {
                Servers = ServersOf(world),
                ApiId = 4242,
                ApiHash = "hash",
                Device = Device,
                Session = TelegramSession.FromBytes(Convert.FromBase64String(account.Session)),
                SaveSession = static (_, _) => Task.CompletedTask,
                // The product looks it up in its database; nothing that is measured here has a channel.
                FindAccessHash = static (_, _) => ValueTask.FromResult<long?>(null),
            });
        }

        private static TelegramDevice Device { get; } = new() { Model = "Bench", SystemVersion = "1", AppVersion = "1" };

        public async Task StartAsync(CancellationToken ct)
        {
            await _client.ConnectAsync(ct);
            _receiving = _client.RunUpdatesAsync(_state, CommitAsync, null, _stop.Token);
            if (await Task.WhenAny(_caughtUp.Task, _receiving).WaitAsync(ct) == _receiving)
                await _receiving;
        }

        public async Task<int> CountDialogsAsync(CancellationToken ct)
        {
            var answer = await _client.InvokeAsync(
                new MessagesGetDialogs { OffsetDate = 0, OffsetId = 0, OffsetPeer = new InputPeerEmpty(), Limit = 100, Hash = 0 }, ct);
            return answer switch
            {
                MessagesDialogs all => all.Dialogs.Count,
                MessagesDialogsSlice part => part.Dialogs.Count,
                _ => 0,
            };
        }

        /// <summary>Round trips of <c>users.getUsers(self)</c> for each second of processor time that this process used, of all its threads.</summary>
        public async Task<double> AskAsync(int count, int depth, CancellationToken ct)
        {
            var before = Environment.CpuUsage.TotalTime;
            var left = count;
            await Task.WhenAll(Enumerable.Range(0, depth).Select(async _ =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    await _client.InvokeAsync(new UsersGetUsers { Id = [new InputUserSelf()] }, ct);
            }));
            return count / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _client.DisposeAsync();
            await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private ValueTask CommitAsync(UpdateDelivery delivery, CancellationToken ct)
        {
            if (delivery.CaughtUp)
                _caughtUp.TrySetResult();
            return ValueTask.CompletedTask;
        }

        private static TelegramServers? _servers;

        // One for all, as in the product.
        private static TelegramServers ServersOf(MeasuredWorld world) => _servers ??= new(
            Sandbox.Telegram.SandboxTelegram.MainDc,
            [new TelegramDc(Sandbox.Telegram.SandboxTelegram.MainDc, "127.0.0.1", world.Port)],
            [RsaPublicKey.FromPem(world.PublicKey)]);
    }
}
