using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Integrations.Core.Messaging;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Core.Tests.Messaging;

/// <summary>Over a real broker, with a line between that can be cut. The shards' numbers are each test's own: the broker is shared.</summary>
public sealed class DoorbellTests : IAsyncDisposable
{
    private static int _nextShard = Random.Shared.Next(1_000_000);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<Doorbell> _doorbells = [];
    private readonly TcpRelay _line;
    private readonly Uri _broker;

    public DoorbellTests(Servers servers)
    {
        _broker = new Uri(servers.RabbitMq);
        _line = new TcpRelay(_broker.Host, _broker.Port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var doorbell in _doorbells)
        {
            await doorbell.StopAsync(CancellationToken.None);
            doorbell.Dispose();
        }

        await _line.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task A_ring_is_heard_by_whoever_listens_for_it_and_by_nobody_else()
    {
        _line.Mend();
        var (near, far) = (await ADoorbellAsync(), await ADoorbellAsync());
        var (mine, other) = (Ring.Shard(NewShard()), Ring.Shard(NewShard()));
        await using var listener = new Ear(far, mine);
        await using var elsewhere = new Ear(far, other);
        await listener.ListensAsync();
        await elsewhere.ListensAsync();

        await near.RingAsync(mine, _cancel);

        await listener.HearsAsync(mine);
        await near.RingAsync(other, _cancel);
        await elsewhere.HearsAsync(other);
        Assert.DoesNotContain(other, listener.Heard);
        Assert.DoesNotContain(mine, elsewhere.Heard);
    }

    [Fact]
    public async Task Every_listener_hears_of_events_and_knows_the_highest_position()
    {
        _line.Mend();
        var doorbell = await ADoorbellAsync();
        await using var first = new Ear(doorbell, Ring.Events(0));
        await using var second = new Ear(await ADoorbellAsync(), Ring.Events(0));
        await first.ListensAsync();
        await second.ListensAsync();
        var position = long.MaxValue / 2 + Random.Shared.NextInt64(1_000_000_000);

        await doorbell.RingAsync(Ring.Events(position), _cancel);

        await Eventually.IsAsync(() => first.Heard.Any(ring => ring.Number >= position) && second.Heard.Any(ring => ring.Number >= position), () => "not heard");
    }

    [Fact]
    public async Task A_listener_changes_what_it_listens_for()
    {
        _line.Mend();
        var doorbell = await ADoorbellAsync();
        var (first, second) = (Ring.Shard(NewShard()), Ring.Shard(NewShard()));
        await using var listener = new Ear(doorbell, first);
        await listener.ListensAsync();

        listener.Listener.Attend(second);
        listener.Listener.Ignore(first);
        await RingUntilAsync(doorbell, second, () => listener.Heard.Count(ring => ring == second) > 2);
        var before = listener.Heard.Count(ring => ring == first);
        await doorbell.RingAsync(first, _cancel);
        await RingUntilAsync(doorbell, second, () => listener.Heard.Count(ring => ring == second) > 6);

        Assert.Equal(before, listener.Heard.Count(ring => ring == first));
    }

    [Fact]
    public async Task Rings_that_wait_together_are_heard_as_one()
    {
        _line.Mend();
        var doorbell = await ADoorbellAsync();
        var ring = Ring.Shard(NewShard());
        await using var listener = doorbell.Listen(ring);
        await foreach (var _ in listener.ReadAllAsync(_cancel))
            break;

        await using var witness = new Ear(doorbell, ring);
        await witness.ListensAsync();
        for (var i = 0; i < 100; i++)
            await doorbell.RingAsync(ring, _cancel);

        var last = Ring.Shard(NewShard());
        listener.Attend(last);
        await RingUntilAsync(doorbell, ring, () => witness.Heard.Count > 1);
        var heard = new List<Ring>();
        await foreach (var one in listener.ReadAllAsync(_cancel))
        {
            heard.Add(one);
            if (heard.Contains(last) && heard.Contains(ring))
                break;
        }

        Assert.True(heard.Count < 20, $"Heard {heard.Count} times.");
    }

    [Fact]
    public async Task While_the_broker_is_away_ringing_neither_waits_nor_fails_and_drops_are_counted()
    {
        var dropped = 0L;
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "integrations.doorbell.dropped" && ReferenceEquals(instrument.Meter.Scope, _services.GetRequiredService<IMeterFactory>()))
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref dropped, value));
        meters.Start();
        var doorbell = ADoorbell();
        await doorbell.StartAsync(_cancel);

        for (var i = 0; i < 10_000; i++)
        {
            var ringing = doorbell.RingAsync(Ring.Outbox, _cancel);
            Assert.True(ringing.IsCompletedSuccessfully);
        }

        Assert.Equal(10_000, Interlocked.Read(ref dropped));
        Assert.False(doorbell.IsConnected);
    }

    [Fact]
    public async Task A_broker_that_comes_later_is_found_and_listeners_from_before_hear()
    {
        var doorbell = ADoorbell();
        var ring = Ring.Shard(NewShard());
        await using var listener = new Ear(doorbell, ring);
        await doorbell.StartAsync(_cancel);

        _line.Mend();

        await listener.ListensAsync();
        await RingUntilAsync(doorbell, ring, () => listener.Heard.Count > 1);
    }

    [Fact]
    public async Task After_an_outage_everything_is_heard_once_without_being_rung_and_then_as_before()
    {
        _line.Mend();
        var doorbell = await ADoorbellAsync();
        var ring = Ring.Shard(NewShard());
        await using var listener = new Ear(doorbell, ring);
        await listener.ListensAsync();
        await RingUntilAsync(doorbell, ring, () => listener.Heard.Count > 1);

        await _line.CutAsync();
        await Eventually.IsAsync(() => !doorbell.IsConnected, () => "still connected");
        var before = listener.Heard.Count;
        _line.Mend();
        await Eventually.IsAsync(() => listener.Heard.Count > before, () => "not told that rings may have been missed");

        before = listener.Heard.Count;
        await RingUntilAsync(doorbell, ring, () => listener.Heard.Count > before);
    }

    [Fact]
    public async Task Stopping_while_the_broker_is_away_takes_no_time()
    {
        var doorbell = ADoorbell();
        await using var listener = doorbell.Listen(Ring.Outbox);
        await doorbell.StartAsync(_cancel);

        await doorbell.StopAsync(_cancel).WaitAsync(TimeSpan.FromSeconds(20), _cancel);
    }

    private static int NewShard() => Interlocked.Increment(ref _nextShard);

    private Doorbell ADoorbell()
    {
        var doorbell = new Doorbell(
            new UriBuilder(_broker) { Port = _line.Port }.Uri,
            new DoorbellOptions { MaxReconnectDelay = TimeSpan.FromMilliseconds(500) },
            TimeProvider.System,
            _services.GetRequiredService<IMeterFactory>(),
            NullLogger<Doorbell>.Instance);
        _doorbells.Add(doorbell);
        return doorbell;
    }

    private async Task<Doorbell> ADoorbellAsync()
    {
        var doorbell = ADoorbell();
        await doorbell.StartAsync(_cancel);
        await Eventually.IsAsync(() => doorbell.IsConnected, () => "not connected");
        return doorbell;
    }

    /// <summary>A binding takes a moment at the broker, and a ring before it is lost, as rings may be.</summary>
    private Task RingUntilAsync(Doorbell doorbell, Ring ring, Func<bool> heard) =>
        Eventually.IsAsync(
            async () =>
            {
                await doorbell.RingAsync(ring, _cancel);
                return heard();
            },
            () => $"{ring} was not heard");

    /// <summary>A listener with somebody who reads it.</summary>
    private sealed class Ear : IAsyncDisposable
    {
        private readonly CancellationTokenSource _done = new();
        private readonly Task _reading;

        public Ear(Doorbell doorbell, params Ring[] rings)
        {
            Listener = doorbell.Listen(rings);
            _reading = ReadAsync();
        }

        public DoorbellListener Listener { get; }

        public ConcurrentQueue<Ring> Heard { get; } = new();

        /// <summary>What is heard without being rung tells that the queue stands.</summary>
        public Task ListensAsync() => Eventually.IsAsync(() => !Heard.IsEmpty, () => "does not listen");

        public Task HearsAsync(Ring ring) => Eventually.IsAsync(() => Heard.Count(heard => heard == ring) > 1, () => $"{ring} was not heard, but {string.Join(", ", Heard)}");

        public async ValueTask DisposeAsync()
        {
            await _done.CancelAsync();
            await _reading;
            await Listener.DisposeAsync();
            _done.Dispose();
        }

        private async Task ReadAsync()
        {
            try
            {
                await foreach (var ring in Listener.ReadAllAsync(_done.Token))
                    Heard.Enqueue(ring);
            }
            catch (OperationCanceledException) when (_done.IsCancellationRequested)
            {
                // The test has heard enough.
            }
        }
    }
}
