using System.Globalization;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Events;

/// <summary>From the outbox to a reader. Each test has a database of its own: positions are the installation's.</summary>
public sealed class EventTests(Servers servers) : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly CoreDatabase _database = new(servers);
    private EventRelay _relay = null!;
    private EventReader _reader = null!;
    private TenantId _tenant;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _relay = ARelay(_database.SilentDoorbell);
        _reader = new EventReader(_database.ApiTenants);
        _tenant = await _database.AddTenantAsync();
        await _database.AddUserAsync(_tenant, 2);
    }

    public ValueTask DisposeAsync()
    {
        _relay.Dispose();
        return _database.DisposeAsync();
    }

    [Fact]
    public async Task Events_get_positions_without_a_gap_in_the_order_of_the_outbox()
    {
        await PublishAsync(_tenant, null, "a", "b");
        Assert.Equal(2, await _relay.RelayBatchAsync(_cancel));
        await PublishAsync(_tenant, null, "c");
        Assert.Equal(1, await _relay.RelayBatchAsync(_cancel));
        Assert.Equal(0, await _relay.RelayBatchAsync(_cancel));

        var page = await ReadAsync(Owner);

        Assert.Equal([(1, "a"), (2, "b"), (3, "c")], page.Events.Select(one => ((int)one.Position, one.Type)));
        Assert.Equal((3, false), (page.Next, page.Reset));
    }

    [Fact]
    public async Task An_event_that_commits_late_is_placed_after_those_that_readers_have_seen()
    {
        await using var late = await _database.Api.OpenConnectionAsync(_cancel);
        await using var transaction = await late.BeginTransactionAsync(_cancel);
        await using (var insert = new NpgsqlCommand(
            $"select set_config('app.tenant_id', '{_tenant}', true); insert into outbox (tenant_id, type, data) values ('{_tenant}', 'late', '{{}}')", late, transaction))
        {
            await insert.ExecuteNonQueryAsync(_cancel);
        }

        await PublishAsync(_tenant, null, "early");
        await _relay.RelayBatchAsync(_cancel);
        var first = await ReadAsync(Owner);
        await transaction.CommitAsync(_cancel);
        await _relay.RelayBatchAsync(_cancel);

        Assert.Equal(["early"], first.Events.Select(one => one.Type));
        Assert.Equal(["late"], (await ReadAsync(Owner, first.Next)).Events.Select(one => one.Type));
    }

    [Fact]
    public async Task A_batch_has_a_limit_and_the_relay_goes_on_until_the_outbox_is_empty()
    {
        await CoreDatabase.ExecuteAsync(_database.Admin, $"insert into outbox (tenant_id, type, data) select '{_tenant}', 't', '{{}}' from generate_series(1, 1200)");

        var batches = new List<int>();
        for (var i = 0; i < 4; i++)
            batches.Add(await _relay.RelayBatchAsync(_cancel));

        Assert.Equal([500, 500, 200, 0], batches);
        Assert.Equal(["1200 1 1200"], await CoreDatabase.RowsAsync(_database.Admin, "select count(*), min(position), max(position) from events"));
    }

    [Fact]
    public async Task Several_relays_at_once_place_each_event_once_and_no_reader_sees_a_hole()
    {
        var relays = Enumerable.Range(0, 3).Select(_ => ARelay(_database.SilentDoorbell)).ToArray();
        using var done = new CancellationTokenSource();
        var relaying = relays.Select(relay => Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                    await relay.RelayBatchAsync(_cancel);
            },
            _cancel)).ToArray();
        var seen = new List<long>();
        var reading = Task.Run(
            async () =>
            {
                while (seen.Count < 300)
                    seen.AddRange((await ReadAsync(Owner, seen.Count == 0 ? 0 : seen[^1], limit: 7)).Events.Select(one => one.Position));
            },
            _cancel);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async writer =>
        {
            for (var i = 0; i < 50; i++)
                await PublishAsync(_tenant, null, $"{writer}.{i}");
        }));
        await reading;
        await done.CancelAsync();
        await Task.WhenAll(relaying);

        Assert.Equal(Enumerable.Range(1, 300).Select(i => (long)i), seen);
    }

    [Theory]
    [InlineData(Role.Owner, 1, "everybody,mine")]
    [InlineData(Role.Admin, 2, "everybody,theirs")]
    [InlineData(Role.Viewer, 3, "everybody")]
    public async Task Whatever_its_role_a_reader_sees_its_own_and_what_is_for_everybody_and_passes_over_the_rest(Role role, int userId, string types)
    {
        var other = await _database.AddTenantAsync();
        await PublishAsync(_tenant, null, "everybody");
        await PublishAsync(_tenant, 1, "mine");
        await PublishAsync(_tenant, 2, "theirs");
        await PublishAsync(other, null, "foreign");
        await _relay.RelayBatchAsync(_cancel);

        var page = await ReadAsync(new Principal(_tenant, userId, role, null, null));

        Assert.Equal(types, string.Join(',', page.Events.Select(one => one.Type)));
        Assert.Equal(4, page.Next);
    }

    [Fact]
    public async Task Pages_join_without_loss()
    {
        await PublishAsync(_tenant, null, [.. Enumerable.Range(0, 5).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        await _relay.RelayBatchAsync(_cancel);

        var first = await ReadAsync(Owner, 0, limit: 2);
        var second = await ReadAsync(Owner, first.Next, limit: 3);
        var third = await ReadAsync(Owner, second.Next, limit: 3);

        Assert.Equal([2, 5, 5], [first.Next, second.Next, third.Next]);
        Assert.Equal(["0", "1", "2", "3", "4"], first.Events.Concat(second.Events).Concat(third.Events).Select(one => one.Type));
    }

    [Fact]
    public async Task An_event_is_read_as_it_was_published()
    {
        var account = CoreDatabase.NewId();
        await _database.WorkerTenants.InTenantAsync(
            _tenant, transaction => transaction.PublishAsync(new EventDraft(EventTypes.MessageCreated, 1, account, new { DialogId = 7, Text = "Ünï" }), _cancel), _cancel);
        await _relay.RelayBatchAsync(_cancel);

        var one = Assert.Single((await ReadAsync(Owner)).Events);

        Assert.Equal((EventTypes.MessageCreated, 1, account, 7, "Ünï"),
            (one.Type, one.UserId, one.AccountId, one.Data.GetProperty("dialog_id").GetInt32(), one.Data.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Trimming_forgets_the_old_and_a_cursor_from_there_is_reset()
    {
        await PublishAsync(_tenant, null, "old", "older");
        await _relay.RelayBatchAsync(_cancel);
        await CoreDatabase.ExecuteAsync(_database.Admin, "update events set occurred_at = now() - interval '8 days'");
        await PublishAsync(_tenant, null, "new");
        await _relay.RelayBatchAsync(_cancel);

        Assert.Equal(["2"], await CoreDatabase.RowsAsync(_database.Api, "select doors.trim_events(now() - interval '7 days')"));
        Assert.Equal(["-"], await CoreDatabase.RowsAsync(_database.Api, "select doors.trim_events(now() - interval '7 days')"));

        Assert.Equal((3, true, 0), Describe(await ReadAsync(Owner, 0)));
        Assert.Equal((3, true, 0), Describe(await ReadAsync(Owner, 1)));
        Assert.Equal((3, false, 1), Describe(await ReadAsync(Owner, 2)));
        Assert.Equal((3, false, 0), Describe(await ReadAsync(Owner, 3)));
        Assert.Equal((3, true, 0), Describe(await ReadAsync(Owner, 4)));
        Assert.Equal(3, await _reader.HeadAsync(_cancel));

        static (long, bool, int) Describe(EventPage page) => (page.Next, page.Reset, page.Events.Count);
    }

    [Fact]
    public async Task A_signal_wakes_whoever_waits_for_more_and_only_then()
    {
        var clock = new TestClock();
        using var signal = new EventSignal(_reader, _database.SilentDoorbell, clock, NullLogger<EventSignal>.Instance);
        var waiting = signal.WaitAsync(1, _cancel);
        Assert.True(signal.WaitAsync(-1, _cancel).IsCompletedSuccessfully);

        signal.MoveTo(1);
        Assert.False(waiting.IsCompleted);
        signal.MoveTo(2);
        signal.MoveTo(1);

        await waiting;
        Assert.Equal(2, signal.Head);
    }

    [Fact]
    public async Task Without_the_doorbell_the_signal_and_the_relay_poll_every_second()
    {
        var clock = new TestClock();
        using var relay = ARelay(_database.SilentDoorbell, clock);
        using var signal = new EventSignal(_reader, _database.SilentDoorbell, clock, NullLogger<EventSignal>.Instance);
        await relay.StartAsync(_cancel);
        await signal.StartAsync(_cancel);
        await PublishAsync(_tenant, null, "polled");

        var waiting = signal.WaitAsync(0, _cancel);
        await Eventually.IsAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return waiting.IsCompleted;
            },
            () => $"head {signal.Head}");

        await relay.StopAsync(_cancel);
        await signal.StopAsync(_cancel);
    }

    [Fact]
    public async Task With_the_doorbell_an_event_reaches_waiting_readers_without_a_poll()
    {
        using var doorbell = new Doorbell(new Uri(servers.RabbitMq), new DoorbellOptions(), TimeProvider.System, _database.Meters, NullLogger<Doorbell>.Instance);
        await doorbell.StartAsync(_cancel);
        await Eventually.IsAsync(() => doorbell.IsConnected, () => "not connected");
        // Their clock stands still: no poll after the first look.
        var clock = new TestClock();
        using var relay = ARelay(doorbell, clock);
        using var signal = new EventSignal(_reader, doorbell, clock, NullLogger<EventSignal>.Instance);
        await relay.StartAsync(_cancel);
        await signal.StartAsync(_cancel);
        var tenants = new TenantDatabase(_database.Api, doorbell);

        var waiting = signal.WaitAsync(0, _cancel);
        await Eventually.IsAsync(
            async () =>
            {
                // Again until the relay's queue is bound: a ring before that is lost, as rings may be.
                await tenants.InTenantAsync(_tenant, transaction => transaction.PublishAsync(new EventDraft("rung", null, null, new { }), _cancel), _cancel);
                return waiting.IsCompleted;
            },
            () => $"head {signal.Head}");

        await relay.StopAsync(_cancel);
        await signal.StopAsync(_cancel);
        await doorbell.StopAsync(_cancel);
    }

    private Principal Owner => new(_tenant, 1, Role.Owner, null, null);

    private EventRelay ARelay(Doorbell doorbell, TimeProvider? time = null) =>
        new(_database.ApiTenants, doorbell, time ?? TimeProvider.System, _database.Meters, NullLogger<EventRelay>.Instance);

    private Task<EventPage> ReadAsync(Principal principal, long after = 0, int limit = 100) => _reader.ReadAsync(principal, after, limit, _cancel);

    private Task PublishAsync(TenantId tenant, int? userId, params string[] types) =>
        _database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                foreach (var type in types)
                    await transaction.PublishAsync(new EventDraft(type, userId, null, new { }), _cancel);
            },
            _cancel);
}
