using System.Collections.Concurrent;
using Integrations.Core.Ownership;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Ownership;

/// <summary>Several holders of leases on one real database. Each test has a database of its own: a shard has one owner in it.</summary>
public sealed class ShardLeasesTests(Servers servers) : IAsyncLifetime
{
    /// <summary>Longer than any test: what is had in spite of it was released, not lapsed.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromMinutes(5);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly CoreDatabase _database = new(servers);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<IAsyncDisposable> _disposables = [];

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in Enumerable.Reverse(_disposables))
            await disposable.DisposeAsync();

        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_worker_alone_takes_every_shard()
    {
        var (anna, _) = AWorker("anna");
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);

        Assert.All(anna.Held, claim => Assert.True(anna.MayWrite(claim)));
        Assert.Equal([0, 1, 2, 3], anna.Held.Select(claim => claim.Shard));
        Assert.Equal([$"{anna.WorkerId} 4"], await CoreDatabase.RowsAsync(_database.Admin, "select owner, count(*) from shards group by 1"));
    }

    [Fact]
    public async Task Only_the_very_claim_may_write()
    {
        var (anna, _) = AWorker("anna");
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var claim = anna.Held.First();

        Assert.False(anna.MayWrite(claim with { Epoch = claim.Epoch - 1 }));
        Assert.False(anna.MayWrite(claim with { Epoch = claim.Epoch + 1 }));
        Assert.False(anna.MayWrite(claim with { Shard = -1 }));
        Assert.False(anna.MayWrite(claim with { Shard = 4 }));
    }

    [Fact]
    public async Task A_second_worker_gets_its_share_and_never_do_two_hold_one_shard()
    {
        var (anna, _) = AWorker("anna", Endless);
        var (boris, _) = AWorker("boris", Endless);
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        using var done = new CancellationTokenSource();
        var watching = Task.Run(() => NeverTogether(anna, boris, done.Token), _cancel);

        await boris.StartAsync(_cancel);
        var expected = Enumerable.Range(0, 4).ToLookup(shard => Shards.Preferred(shard, [anna.WorkerId, boris.WorkerId]));
        await Eventually.IsAsync(
            () => Holds(anna, expected[anna.WorkerId]) && Holds(boris, expected[boris.WorkerId]), () => string.Join(", ", _log));
        await done.CancelAsync();
        await watching;

        var log = _log.ToList();
        foreach (var shard in expected[boris.WorkerId])
            Assert.True(log.IndexOf($"anna released {shard}") < log.IndexOf($"boris claimed {shard}"), string.Join(", ", log));

        Assert.DoesNotContain(log, line => line.Contains("lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_stops_hands_everything_over_without_waiting_for_its_leases()
    {
        var (anna, _) = AWorker("anna", Endless);
        var (boris, _) = AWorker("boris", Endless);
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        await boris.StartAsync(_cancel);

        await anna.StopAsync(_cancel);
        await OwnsAsync(boris, 4);

        Assert.Empty(anna.Held);
        Assert.Equal([$"{boris.WorkerId}"], await CoreDatabase.RowsAsync(_database.Admin, "select id from workers"));
    }

    [Fact]
    public async Task A_lease_is_released_only_after_the_last_write_of_its_accounts()
    {
        var (anna, accounts) = AWorker("anna", Endless);
        var finish = new TaskCompletionSource();
        accounts.Releasing = async (claim, _) =>
        {
            await finish.Task;
            await WriteAsync(claim);
        };
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var claims = anna.Held.ToArray();

        var stopping = anna.StopAsync(_cancel);
        await Eventually.IsAsync(() => _log.Count(line => line.StartsWith("anna releasing", StringComparison.Ordinal)) == 4, () => string.Join(", ", _log));
        Assert.All(claims, claim => Assert.True(anna.MayWrite(claim)));
        Assert.Equal(4L, await CoreDatabase.ScalarAsync<long>(_database.Admin, $"select count(*) from shards where owner = '{anna.WorkerId}'"));
        finish.SetResult();
        await stopping;

        Assert.All(claims, claim => Assert.False(anna.MayWrite(claim)));
        Assert.Equal(0L, await CoreDatabase.ScalarAsync<long>(_database.Admin, "select count(*) from shards where owner is not null"));
    }

    [Fact]
    public async Task A_paused_worker_that_wakes_up_may_write_nothing_to_anybody()
    {
        var clock = new TestClock();
        var (anna, _) = AWorker("anna", TimeSpan.FromSeconds(3), clock);
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var claims = anna.Held.ToArray();

        // From here on no time passes for Anna: she is stopped. For the database and for Boris it does.
        var (boris, _) = AWorker("boris", TimeSpan.FromSeconds(3));
        await boris.StartAsync(_cancel);
        await OwnsAsync(boris, 4);
        Assert.All(boris.Held, claim => Assert.Equal(claims[claim.Shard].Epoch + 1, claim.Epoch));
        await Assert.ThrowsAsync<StaleEpochException>(() => WriteAsync(claims[0]));
        await WriteAsync(boris.Held.First());

        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.All(claims, claim => Assert.False(anna.MayWrite(claim)));
        await Eventually.IsAsync(() => _log.Count(line => line.StartsWith("anna lost", StringComparison.Ordinal)) == 4, () => string.Join(", ", _log));
        Assert.DoesNotContain(_log, line => line.StartsWith("anna releas", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_database_the_shards_are_lost_when_the_lease_is_over_and_not_before()
    {
        var admin = new NpgsqlConnectionStringBuilder(servers.PostgresAdmin);
        await using var line = new TcpRelay(admin.Host!, admin.Port);
        line.Mend();
        var clock = new TestClock();
        var (anna, accounts) = AWorker("anna", TimeSpan.FromSeconds(5), clock, line.Port);
        var mayStillWrite = new ConcurrentQueue<bool>();
        accounts.Lost = claim => { mayStillWrite.Enqueue(anna.MayWrite(claim)); return Task.CompletedTask; };
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var claims = anna.Held.ToArray();

        await line.CutAsync();
        clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.All(claims, claim => Assert.True(anna.MayWrite(claim)));
        clock.Advance(TimeSpan.FromTicks(1));

        Assert.All(claims, claim => Assert.False(anna.MayWrite(claim)));
        await Eventually.IsAsync(() => mayStillWrite.Count == 4, () => string.Join(", ", _log));
        Assert.DoesNotContain(true, mayStillWrite);
    }

    [Fact]
    public async Task A_worker_that_lost_its_shards_claims_them_again_when_the_database_is_back()
    {
        var admin = new NpgsqlConnectionStringBuilder(servers.PostgresAdmin);
        await using var line = new TcpRelay(admin.Host!, admin.Port);
        line.Mend();
        var (anna, _) = AWorker("anna", TimeSpan.FromSeconds(2), port: line.Port);
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var before = anna.Held.ToDictionary(claim => claim.Shard, claim => claim.Epoch);

        await line.CutAsync();
        await Eventually.IsAsync(() => anna.Held.Count == 0, () => string.Join(", ", _log));
        line.Mend();
        await OwnsAsync(anna, 4);

        Assert.All(anna.Held, claim => Assert.True(claim.Epoch > before[claim.Shard]));
    }

    [Fact]
    public async Task A_claim_that_waits_for_the_last_writes_holds_up_no_other_shard()
    {
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update shards set owner = '{CoreDatabase.NewId()}', epoch = 7, lease_until = 'infinity' where id = 0");
        await using var writer = await _database.Worker.OpenConnectionAsync(_cancel);
        await using var writing = await writer.BeginTransactionAsync(_cancel);
        await using (var fence = new NpgsqlCommand("select doors.require_epoch(0, 7)", writer, writing))
            await fence.ExecuteNonQueryAsync(_cancel);

        await CoreDatabase.ExecuteAsync(_database.Admin, "update shards set lease_until = '-infinity' where id = 0");

        var (anna, _) = AWorker("anna");
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 3);
        Assert.DoesNotContain(anna.Held, claim => claim.Shard == 0);
        await writing.CommitAsync(_cancel);
        await OwnsAsync(anna, 4);

        Assert.True(anna.Held.Single(claim => claim.Shard == 0).Epoch > 7);
    }

    [Fact]
    public async Task Accounts_that_do_not_finish_at_a_hand_over_are_cut_off_and_the_next_owner_waits_for_the_lease()
    {
        var (anna, accounts) = AWorker("anna", TimeSpan.FromSeconds(3), handOver: TimeSpan.FromSeconds(1));
        accounts.Releasing = (_, _) => Task.Delay(Timeout.Infinite, _cancel);
        await anna.StartAsync(_cancel);
        await OwnsAsync(anna, 4);
        var (boris, _) = AWorker("boris", TimeSpan.FromSeconds(3));
        using var done = new CancellationTokenSource();
        var watching = Task.Run(() => NeverTogether(anna, boris, done.Token), _cancel);
        await boris.StartAsync(_cancel);

        await anna.StopAsync(_cancel);
        await OwnsAsync(boris, 4);
        await done.CancelAsync();
        await watching;

        Assert.Equal(4, _log.Count(line => line.StartsWith("anna lost", StringComparison.Ordinal)));
        Assert.DoesNotContain(_log, line => line.StartsWith("anna released", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Accounts_that_cannot_start_give_the_shard_back_and_are_tried_again_later()
    {
        var clock = new TestClock();
        var (anna, accounts) = AWorker("anna", Endless, clock);
        var fail = true;
        accounts.Claimed = (claim, _) => claim.Shard == 2 && fail ? throw new InvalidOperationException("No.") : Task.CompletedTask;
        await anna.StartAsync(_cancel);

        await Eventually.IsAsync(() => _log.Contains("anna released 2") && anna.Held.Count == 3, () => string.Join(", ", _log));
        Assert.Equal(["2"], await CoreDatabase.RowsAsync(_database.Admin, "select id from shards where owner is null"));
        fail = false;
        await Eventually.IsAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return anna.Held.Count == 4;
            },
            () => string.Join(", ", _log));

        Assert.True(clock.GetUtcNow() >= new TestClock().GetUtcNow() + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_renewal_that_fails_because_it_is_stopped_is_no_failure_of_the_worker()
    {
        var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var admin = new NpgsqlConnectionStringBuilder(_database.Admin.ConnectionString) { Username = "integrations_worker", Password = null };
        var builder = new NpgsqlDataSourceBuilder(admin.ConnectionString);
        builder.UsePasswordProvider(_ => throw new NotSupportedException(), async (_, stopped) =>
        {
            opening.TrySetResult();
            await Task.Delay(Timeout.Infinite, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // As a server does that goes away in the same moment.
            throw new NpgsqlException("The server has closed the connection.");
        });
        await using var source = builder.Build();
        var options = new OwnershipOptions { ShardCount = CoreDatabase.ShardCount, Lease = Endless };
        var anna = new ShardLeases(source, "sandbox", options, TimeProvider.System, _database.Meters, NullLogger<ShardLeases>.Instance);
        await anna.StartAsync(_cancel);
        await opening.Task.WaitAsync(_cancel);

        await anna.DisposeAsync();

        Assert.Empty(anna.Held);
    }

    [Fact]
    public async Task A_consumer_that_comes_too_late_is_refused()
    {
        var (anna, accounts) = AWorker("anna");
        await anna.StartAsync(_cancel);

        Assert.Throws<InvalidOperationException>(() => anna.Attach(accounts));
    }

    private (ShardLeases Leases, RecordingConsumer Accounts) AWorker(
        string name, TimeSpan? lease = null, TimeProvider? time = null, int? port = null, TimeSpan? handOver = null)
    {
        var builder = new NpgsqlDataSourceBuilder(CoreDatabase.LogIn(_database.Admin.ConnectionString, "integrations_worker", CoreDatabase.WorkerPassword));
        builder.ConnectionStringBuilder.MaxPoolSize = 2;
        builder.ConnectionStringBuilder.Port = port ?? builder.ConnectionStringBuilder.Port;
        var source = builder.Build();
        var options = new OwnershipOptions
        {
            ShardCount = CoreDatabase.ShardCount,
            Lease = lease ?? TimeSpan.FromSeconds(10),
            RenewInterval = TimeSpan.FromMilliseconds(100),
            HandOverTimeout = handOver ?? TimeSpan.FromSeconds(30),
        };
        var leases = new ShardLeases(source, "sandbox", options, time ?? TimeProvider.System, _database.Meters, NullLogger<ShardLeases>.Instance);
        var consumer = new RecordingConsumer(name, _log);
        leases.Attach(consumer);
        _disposables.Add(source);
        _disposables.Add(leases);
        return (leases, consumer);
    }

    private Task OwnsAsync(ShardLeases leases, int count) =>
        Eventually.IsAsync(() => leases.Held.Count == count, () => $"holds {string.Join(", ", leases.Held)}; {string.Join(", ", _log)}");

    private static bool Holds(ShardLeases leases, IEnumerable<int> shards) => leases.Held.Select(claim => claim.Shard).SequenceEqual(shards);

    private static void NeverTogether(ShardLeases anna, ShardLeases boris, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            // Who holds it at both looks at Anna held it when Boris was looked at.
            foreach (var claim in anna.Held)
            {
                var both = boris.Held.Any(other => other.Shard == claim.Shard) && anna.MayWrite(claim);
                Assert.False(both, $"Shard {claim.Shard} is held by two.");
            }
        }
    }

    private async Task WriteAsync(ShardClaim claim)
    {
        var tenant = await _database.AddTenantAsync();
        await _database.WorkerTenants.InTenantAsync(tenant, transaction => transaction.RequireEpochAsync(claim, _cancel), _cancel);
    }
}
