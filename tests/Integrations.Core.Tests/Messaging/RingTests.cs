using Integrations.Core.Messaging;

namespace Integrations.Core.Tests.Messaging;

public sealed class RingTests
{
    public static TheoryData<Ring> Rings => [Ring.Outbox, Ring.Shard(0), Ring.Shard(4095), Ring.Channels(7), Ring.Updates(4095), Ring.Events(0), Ring.Events(long.MaxValue)];

    [Theory]
    [MemberData(nameof(Rings))]
    public void A_ring_is_read_as_it_was_written(Ring ring)
    {
        var exchange = ring.Kind is RingKind.Events ? DoorbellNames.EventsExchange : DoorbellNames.Exchange;

        Assert.True(Ring.TryRead(exchange, ring.RoutingKey, ring.Body, out var read));
        Assert.Equal(ring, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("shard.")]
    [InlineData("shard.-1")]
    [InlineData("shard.1x")]
    [InlineData("shard.99999999999")]
    [InlineData("outbox.1")]
    public void What_is_no_ring_is_not_heard(string key) => Assert.False(Ring.TryRead(DoorbellNames.Exchange, key, [], out _));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public void A_position_that_cannot_be_read_means_look(string body)
    {
        Assert.True(Ring.TryRead(DoorbellNames.EventsExchange, "", System.Text.Encoding.ASCII.GetBytes(body), out var ring));
        Assert.Equal(Ring.Events(0), ring);
    }
}
