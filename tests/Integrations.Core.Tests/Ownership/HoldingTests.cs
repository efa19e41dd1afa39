using Integrations.Core.Ownership;

namespace Integrations.Core.Tests.Ownership;

public sealed class HoldingTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(4.999, 4.999, true)]
    [InlineData(5, 0, false)]
    [InlineData(0, 5, false)]
    [InlineData(1, -3600, true)]
    public void A_lease_ends_when_either_clock_says_so(double monotonic, double wall, bool alive)
    {
        // Monotonic alone: the process was stopped and the wall clock set back. Wall alone: the machine slept.
        var time = new TwoClocks();
        var holding = new Holding(new ShardClaim(0, 1), Lease, time, Holding.Now(time));

        time.Monotonic += TimeSpan.FromSeconds(monotonic);
        time.Wall += TimeSpan.FromSeconds(wall);

        Assert.Equal(alive, holding.IsAlive);
    }

    [Fact]
    public void A_renewal_counts_from_before_it_was_sent()
    {
        var time = new TwoClocks();
        var holding = new Holding(new ShardClaim(0, 1), Lease, time, Holding.Now(time));
        time.Pass(TimeSpan.FromSeconds(1));
        var before = Holding.Now(time);
        time.Pass(TimeSpan.FromSeconds(3));
        holding.Renew(before);

        time.Pass(TimeSpan.FromSeconds(1.9));
        Assert.True(holding.IsAlive);
        time.Pass(TimeSpan.FromSeconds(0.1));
        Assert.False(holding.IsAlive);
    }

    private sealed class TwoClocks : TimeProvider
    {
        public TimeSpan Monotonic { get; set; }

        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan by)
        {
            Monotonic += by;
            Wall += by;
        }

        public override long GetTimestamp() => Monotonic.Ticks;

        public override DateTimeOffset GetUtcNow() => Wall;
    }
}
