using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Accounts;
using Integrations.Testing;
using Integrations.Workers.Bots;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Workers.Tests.Bots;

/// <summary>How a host shares itself between storing what comes and processing what has come: in turns, with rests. The time of the turns is the test's.</summary>
/// <remarks>A turn takes as long as the test holds a row that it needs.</remarks>
public sealed class UpdateTurnTests(Servers servers) : IAsyncLifetime
{
    private const long Boris = 1_000_002;

    /// <summary>As many as make a turn one of much.</summary>
    private const int Much = 32;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    /// <summary>For what takes no time of the clock's; a passing test never waits for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();

    /// <summary>Shards of the bots so far.</summary>
    private readonly List<int> _taken = [];

    private TestInstallation _installation = null!;

    public async ValueTask InitializeAsync() => _installation = await TestInstallation.StartAsync(servers);

    public ValueTask DisposeAsync() => _installation.DisposeAsync();

    [Theory]
    [InlineData(1, 2)]
    [InlineData(100, 200)]
    [InlineData(499, 998)]
    [InlineData(500, 1000)]
    [InlineData(7000, 1000)]
    public async Task While_much_comes_a_turn_is_followed_by_a_rest_of_twice_its_work_and_of_a_second_at_most(int work, int rest)
    {
        await using var host = Host();
        var bot = await BotWithAsync(Much + 1);
        var claim = await OwnAsync(bot.Shard);
        await using var held = await HoldAsync(bot);

        var draining = Processor(host).DrainAsync(claim, World.Sandbox, _cancel);
        await UntilWaitingAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(work));
        Processor(host).Ring();
        await held.LetGoAsync();

        await UntilItRestsAsync();
        Assert.Equal(1, await bot.WaitingAsync());
        _clock.Advance(TimeSpan.FromMilliseconds(rest) - Moment);
        Assert.Equal(1, _clock.PendingTimers);
        _clock.Advance(Moment);
        Assert.Equal(0, _clock.PendingTimers);
        await draining.WaitAsync(Patience, _cancel);
        Assert.Equal(0, await bot.WaitingAsync());
    }

    [Theory]
    // Few at once, though more is coming.
    [InlineData(Much - 1, 100, 0)]
    // Many, but nothing has come for a quarter of a second.
    [InlineData(Much + 1, 100, 250)]
    // Many, but nothing has ever been rung for: what was left from before.
    [InlineData(Much + 1, 100, null)]
    public async Task Where_little_comes_no_turn_is_followed_by_a_rest(int updates, int work, int? rungBefore)
    {
        await using var host = Host();
        var bot = await BotWithAsync(updates);
        var claim = await OwnAsync(bot.Shard);
        await using var held = await HoldAsync(bot);

        var draining = Processor(host).DrainAsync(claim, World.Sandbox, _cancel);
        await UntilWaitingAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(work));
        if (rungBefore is { } before)
        {
            Processor(host).Ring();
            _clock.Advance(TimeSpan.FromMilliseconds(before));
        }

        await held.LetGoAsync();

        // The clock stands: a rest would never end.
        await draining.WaitAsync(Patience, _cancel);
        Assert.Equal(0, await bot.WaitingAsync());
    }

    [Fact]
    public async Task Shards_take_turns_batch_by_batch_and_a_rest_belongs_to_the_turn()
    {
        await using var host = Host(shardsAtOnce: 1);
        var (first, second) = (await BotWithAsync(2 * Much), await BotWithAsync(2 * Much, shard => shard != _taken[0]));
        var (firstClaim, secondClaim) = (await OwnAsync(first.Shard), await OwnAsync(second.Shard));
        await using var held = await HoldAsync(first);

        var draining = Processor(host).DrainAsync(firstClaim, World.Sandbox, _cancel);
        await UntilWaitingAsync(1);
        var beside = Processor(host).DrainAsync(secondClaim, World.Sandbox, _cancel);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Processor(host).Ring();
        await held.LetGoAsync();
        await UntilItRestsAsync();
        await OthersHaveHadTimeAsync();
        Assert.Equal((Much, 2 * Much), (await first.WaitingAsync(), await second.WaitingAsync()));

        _clock.Advance(TimeSpan.FromMilliseconds(200));
        await Task.WhenAll(draining, beside).WaitAsync(Patience, _cancel);

        Assert.Equal(
            [.. Enumerable.Repeat($"{first.Id}", Much), .. Enumerable.Repeat($"{second.Id}", Much)],
            await _installation.Customer.RowsAsync($"select bot_id from messages where bot_id in ('{first.Id}', '{second.Id}') order by seq limit {2 * Much}"));
    }

    [Fact]
    public async Task As_many_shards_as_the_setting_says_are_processed_at_once_and_no_more()
    {
        await using var host = Host(shardsAtOnce: 2);
        var bots = new List<TestBot>();
        for (var i = 0; i < 3; i++)
            bots.Add(await BotWithAsync(Much, shard => !_taken.Contains(shard)));
        await using var held = await HoldAsync([.. bots]);

        var draining = new List<Task>();
        foreach (var bot in bots)
            draining.Add(Processor(host).DrainAsync(await OwnAsync(bot.Shard), World.Sandbox, _cancel));
        await UntilWaitingAsync(2);
        await OthersHaveHadTimeAsync();
        Assert.Equal(2, await TurnsUnderWayAsync());

        await held.LetGoAsync();
        await Task.WhenAll(draining).WaitAsync(Patience, _cancel);
        foreach (var bot in bots)
            Assert.Equal(0, await bot.WaitingAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_worker_that_ends_in_its_rest_ends_at_once_and_the_next_one_processes_what_is_left_once(bool killed)
    {
        var bot = await BotWithAsync(3 * Much);
        await using var held = await HoldAsync(bot);
        await using var first = await TestWorker.StartAsync(_installation, UseClock, ("Bots:UpdateBatch", $"{Much}"));
        await UntilWaitingAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        Processor(first).Ring();
        await held.LetGoAsync();
        await UntilItRestsAsync();
        Assert.Equal(2 * Much, await bot.WaitingAsync());

        // The clock stands: the rest never ends by itself.
        var ending = killed ? first.KillAsync() : first.StopAsync();
        try
        {
            await ending.WaitAsync(Patience, _cancel);
        }
        finally
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2 * Much, await bot.WaitingAsync());
        await using var second = await TestWorker.StartAsync(_installation);
        await bot.UntilProcessedAsync();
        Assert.Equal(Enumerable.Range(1, 3 * Much).Select(i => $"m{i:000}"), await bot.TextsAsync());
        Assert.Equal([$"{3 * Much}"], await _installation.Customer.RowsAsync($"select messages_received from integrations where id = '{bot.Id}'"));
    }

    private static UpdateProcessor Processor(TestWorker host) => host.Services.GetRequiredService<UpdateProcessor>();

    private TestWorker Host(int shardsAtOnce = 1) =>
        TestWorker.Create(_installation, UseClock, ("Bots:UpdateBatch", $"{Much}"), ("Bots:ShardsAtOnce", $"{shardsAtOnce}"));

    /// <summary>The turns' clock alone: leases and the database go by the real one.</summary>
    private void UseClock(IServiceCollection services) => services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UpdateProcessor>(provider, _clock));

    private async Task<TestBot> BotWithAsync(int updates, Predicate<int>? shard = null)
    {
        TestBot bot;
        do
        {
            bot = await TestBot.ConnectAsync(_installation);
        }
        while (shard?.Invoke(bot.Shard) == false);

        _taken.Add(bot.Shard);
        await bot.StoreAsync(Enumerable.Range(1, updates).Select(i => TestBot.Message(Boris, i, $"m{i:000}")));
        return bot;
    }

    private async Task<ShardClaim> OwnAsync(int shard) => new(
        shard,
        await _installation.ScalarAsync<long>($"update shards set owner = gen_random_uuid(), epoch = epoch + 1, lease_until = 'infinity' where id = {shard} returning epoch"));

    /// <summary>What a turn needs last.</summary>
    private Task<HeldRows> HoldAsync(params TestBot[] bots) => HeldRows.HoldAsync(
        _installation.Admin, $"select from integrations where id in ({string.Join(',', bots.Select(bot => $"'{bot.Id}'"))}) for update");

    private Task<long> TurnsUnderWayAsync() => _installation.ScalarAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%messages_received%' and pid <> pg_backend_pid()");

    private async Task UntilWaitingAsync(long turns) => await Eventually.BecomesAsync($"{turns} turns wait for the row of their bot", _ => TurnsUnderWayAsync(), count => count == turns);

    private Task UntilItRestsAsync() => _clock.WaitForTimerAsync(cancellationToken: _cancel).WaitAsync(Patience, _cancel);

    /// <summary>Another host comes through with as much work in the meantime: whoever could go on has done so.</summary>
    private async Task OthersHaveHadTimeAsync()
    {
        await using var another = TestWorker.Create(_installation, static _ => { });
        var bot = await BotWithAsync(2 * Much, shard => !_taken.Contains(shard));
        await Processor(another).DrainAsync(await OwnAsync(bot.Shard), World.Sandbox, _cancel);
    }
}
