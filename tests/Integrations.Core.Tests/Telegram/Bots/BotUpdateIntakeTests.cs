using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RabbitMQ.Client;

namespace Integrations.Core.Tests.Telegram.Bots;

/// <summary>Storing what Telegram brings, and ringing for it, over a real database and a real broker; only the time is the test's.</summary>
public sealed class BotUpdateIntakeTests(CoreDatabase database, Servers servers) : IClassFixture<CoreDatabase>, IAsyncLifetime
{
    private static readonly TimeSpan BetweenRings = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    // The broker is shared: the numbers are each test's own.
    private static int _nextShard = 1_000_000 + Random.Shared.Next(1_000_000);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();
    private readonly int _shard = Interlocked.Increment(ref _nextShard);
    private readonly int _otherShard = Interlocked.Increment(ref _nextShard);
    private Doorbell _doorbell = null!;
    private BotUpdateIntake _intake = null!;
    private HeardRings _heard = null!;
    private BotHook _bot = null!;
    private BotHook _otherBot = null!;

    public async ValueTask InitializeAsync()
    {
        _doorbell = new Doorbell(new Uri(servers.RabbitMq), new DoorbellOptions(), TimeProvider.System, database.Meters, NullLogger<Doorbell>.Instance);
        await _doorbell.StartAsync(_cancel);
        await Eventually.IsAsync(() => _doorbell.IsConnected, () => "not connected");
        _heard = await HeardRings.ListenAsync(servers.RabbitMq, _doorbell, Ring.Updates(_shard), Ring.Updates(_otherShard));
        var tenant = await database.AddTenantAsync();
        _bot = new BotHook(tenant, await database.AddBotAsync(tenant, _shard), _shard, null);
        _otherBot = new BotHook(tenant, await database.AddBotAsync(tenant, _otherShard), _otherShard, null);
        _intake = Intake(database.Api);
        await _intake.StartAsync(_cancel);
    }

    public async ValueTask DisposeAsync()
    {
        // A test that has failed must end, too.
        await _intake.StopAsync(CancellationToken.None).WaitAsync(Eventually.Deadline, CancellationToken.None);
        _intake.Dispose();
        await _heard.DisposeAsync();
        await _doorbell.StopAsync(CancellationToken.None);
        _doorbell.Dispose();
    }

    [Fact]
    public async Task However_many_come_a_shard_is_rung_for_once_in_fifty_milliseconds_and_never_left_without_the_last_ring()
    {
        await StoreAsync(_intake, _bot, 1);
        await UntilItPausesAsync();
        Assert.Equal([_shard], await _heard.SoFarAsync());

        await Task.WhenAll(Enumerable.Range(2, 200).SelectMany(update => new[] { StoreAsync(_intake, _bot, update), StoreAsync(_intake, _otherBot, update) }));
        await UntilAllIsToldAsync();
        _clock.Advance(BetweenRings - Moment);
        Assert.Equal(1, _clock.PendingTimers);
        Assert.Empty(await _heard.SoFarAsync());

        _clock.Advance(Moment);
        await UntilItPausesAsync();
        Assert.Equal([_shard, _otherShard], (await _heard.SoFarAsync()).Order());

        // What comes long after the last ring waits for nothing.
        _clock.Advance(BetweenRings);
        await UntilAllIsToldAsync();
        Assert.Empty(await _heard.SoFarAsync());
        await StoreAsync(_intake, _bot, 1000);
        await UntilItPausesAsync();
        Assert.Equal([_shard], await _heard.SoFarAsync());
    }

    [Fact]
    public async Task Whoever_stops_it_between_two_rings_waits_for_no_time_to_pass_and_what_is_due_is_rung()
    {
        await StoreAsync(_intake, _bot, 1);
        await UntilItPausesAsync();
        Assert.Equal([_shard], await _heard.SoFarAsync());
        await Task.WhenAll(StoreAsync(_intake, _bot, 2), StoreAsync(_intake, _otherBot, 2));

        await _intake.StopAsync(_cancel).WaitAsync(Eventually.Deadline, _cancel);

        Assert.Equal([_shard, _otherShard], (await _heard.SoFarAsync()).Order());
    }

    [Fact]
    public async Task What_is_due_is_rung_though_nobody_waits_for_the_stop()
    {
        await StoreAsync(_intake, _bot, 1);
        await UntilItPausesAsync();
        Assert.Equal([_shard], await _heard.SoFarAsync());
        await StoreAsync(_intake, _otherBot, 1);
        await UntilAllIsToldAsync();

        await _intake.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Eventually.Deadline, _cancel);

        // It may end as one that was cancelled, or as one that had nothing left.
        await Record.ExceptionAsync(() => _intake.ExecuteTask!);
        Assert.Equal([_otherShard], await _heard.SoFarAsync());
    }

    [Fact]
    public async Task A_database_that_hangs_fails_all_that_wait_for_it_stores_nothing_of_them_and_takes_them_when_they_come_again()
    {
        await using var impatient = database.ApiWith("Command Timeout=1");
        using var intake = Intake(impatient);
        await intake.StartAsync(_cancel);
        await using var hung = await HeldRows.HoldAsync(database.Admin, "lock table telegram_bot_updates in exclusive mode");

        var bringing = Enumerable.Range(1, 20).SelectMany(update => new[] { StoreAsync(intake, _bot, update), StoreAsync(intake, _otherBot, update) }).ToList();
        foreach (var update in bringing)
            Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<NpgsqlException>(() => update.WaitAsync(Eventually.Deadline, _cancel))).InnerException);
        await hung.LetGoAsync();
        Assert.Equal(["0"], await StoredAsync());

        await Task.WhenAll(Enumerable.Range(1, 20).SelectMany(update => new[] { StoreAsync(intake, _bot, update), StoreAsync(intake, _otherBot, update) }));
        Assert.Equal(["40"], await StoredAsync());
        await intake.StopAsync(_cancel);
    }

    private BotUpdateIntake Intake(NpgsqlDataSource host) =>
        new(new TenantDatabase(host, database.SilentDoorbell), _doorbell, new TelegramBotOptions(), _clock, database.Meters, NullLogger<BotUpdateIntake>.Instance);

    private Task StoreAsync(BotUpdateIntake intake, BotHook bot, int update) => intake.StoreAsync(bot, new BotUpdate(update, 7, $$"""{"update_id":{{update}}}"""), _cancel);

    private Task<string[]> StoredAsync() => CoreDatabase.RowsAsync(database.Admin, $"select count(*) from telegram_bot_updates where bot_id in ('{_bot.BotId}', '{_otherBot.BotId}')");

    private Task UntilItPausesAsync() => _clock.WaitForTimerAsync(BetweenRings, _cancel).WaitAsync(Eventually.Deadline, _cancel);

    /// <summary>One that is there already rings for nobody, and is answered after whatever was stored before it has been handed on.</summary>
    private Task UntilAllIsToldAsync() => StoreAsync(_intake, _bot, 1);

    /// <summary>A queue that takes every ring as it was rung; listeners of the product make one of many.</summary>
    private sealed class HeardRings(Doorbell doorbell, IConnection connection, IChannel channel, string queue) : IAsyncDisposable
    {
        public static async Task<HeardRings> ListenAsync(string broker, Doorbell doorbell, params Ring[] rings)
        {
            var cancel = TestContext.Current.CancellationToken;
            var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(cancel);
            var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
            var queue = (await channel.QueueDeclareAsync(cancellationToken: cancel)).QueueName;
            foreach (var ring in rings)
                await channel.QueueBindAsync(queue, DoorbellNames.Exchange, ring.RoutingKey, cancellationToken: cancel);
            return new(doorbell, connection, channel, queue);
        }

        /// <summary>The shards that were rung for since the last look. A ring of this one's own comes after all that were rung before it.</summary>
        public async Task<List<long>> SoFarAsync()
        {
            var cancel = TestContext.Current.CancellationToken;
            var mark = Ring.Updates(Interlocked.Increment(ref _nextShard));
            await channel.QueueBindAsync(queue, DoorbellNames.Exchange, mark.RoutingKey, cancellationToken: cancel);
            await doorbell.RingAsync(mark, cancel);
            var heard = new List<long>();
            await Eventually.IsAsync(
                async () =>
                {
                    while (await channel.BasicGetAsync(queue, autoAck: true, cancel) is { } message)
                    {
                        Assert.True(Ring.TryRead(message.Exchange, message.RoutingKey, message.Body.Span, out var ring), message.RoutingKey);
                        if (ring == mark)
                            return true;
                        heard.Add(ring.Number);
                    }

                    return false;
                },
                () => $"the mark was not heard, but {string.Join(", ", heard)}");
            return heard;
        }

        public async ValueTask DisposeAsync()
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
