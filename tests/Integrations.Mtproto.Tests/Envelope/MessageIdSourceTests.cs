using Integrations.Mtproto.Envelope;

namespace Integrations.Mtproto.Tests.Envelope;

public sealed class MessageIdSourceTests
{
    private readonly TestClock _clock = new();

    [Fact]
    public void An_id_is_the_time_with_the_senders_bits()
    {
        var ids = new MessageIdSource(_clock);

        var client = ids.Next();
        var answer = ids.Next(MessageIdKind.ServerAnswer);
        var notice = ids.Next(MessageIdKind.ServerNotice);

        Assert.Equal(_clock.GetUtcNow(), MessageIdSource.ToTime(client));
        Assert.Equal((0, 1, 3), (client & 3, answer & 3, notice & 3));
    }

    [Fact]
    public void Half_a_second_is_half_of_the_lower_word()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(500));

        Assert.Equal(0x80000000, new MessageIdSource(_clock).Next() & 0xffffffff);
    }

    [Fact]
    public void Ids_rise_while_the_clock_stands_or_goes_back()
    {
        var ids = new MessageIdSource(_clock);
        var made = new List<long>();
        for (var i = 0; i < 100; i++)
        {
            made.Add(ids.Next());
            if (i == 50)
                _clock.Jump(TimeSpan.FromMinutes(-10));
        }

        Assert.Equal(made.Order().Distinct(), made);
    }

    [Fact]
    public void The_offset_brings_the_local_clock_to_the_servers()
    {
        var ids = new MessageIdSource(_clock) { Offset = TimeSpan.FromMinutes(-3) };

        Assert.Equal(_clock.GetUtcNow() - TimeSpan.FromMinutes(3), MessageIdSource.ToTime(ids.Next()));
    }

    [Fact]
    public void A_restart_lets_ids_go_back()
    {
        var ids = new MessageIdSource(_clock);
        var ahead = ids.Next();
        ids.Offset = TimeSpan.FromMinutes(-10);
        ids.Restart();

        Assert.True(ids.Next() < ahead);
    }
}
