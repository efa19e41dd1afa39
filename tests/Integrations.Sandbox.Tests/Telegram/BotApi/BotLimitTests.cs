using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

public sealed class BotLimitTests
{
    private const long Bot = 5_000_000_001;

    private readonly TestClock _clock = new();
    private readonly BotLimits _limits;

    public BotLimitTests() => _limits = new BotLimits(_clock);

    [Fact]
    public void A_private_chat_takes_a_short_burst_and_then_one_message_a_second()
    {
        for (var i = 0; i < 5; i++)
            _limits.Take(Bot, PeerRef.User(1), 1);
        Assert.Equal(5, Refused(PeerRef.User(1)));
        _limits.Take(Bot, PeerRef.User(2), 1);
        _limits.Take(Bot + 1, PeerRef.User(1), 1);

        _clock.Advance(TimeSpan.FromSeconds(4.5));
        Assert.Equal(1, Refused(PeerRef.User(1)));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        _limits.Take(Bot, PeerRef.User(1), 1);
    }

    [Fact]
    public void A_group_takes_twenty_messages_a_minute_and_each_of_an_album_is_one()
    {
        var group = PeerRef.Group(1);
        _limits.Take(Bot, group, 10);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _limits.Take(Bot, group, 8);
        Assert.Equal(50, Refused(group, 3));
        _limits.Take(Bot, group, 2);

        Assert.Equal(50, Refused(group));
        _clock.Advance(TimeSpan.FromSeconds(50));
        _limits.Take(Bot, group, 10);
    }

    [Fact]
    public void A_bot_sends_thirty_messages_a_second_in_all()
    {
        for (var i = 0; i < 30; i++)
            _limits.Take(Bot, PeerRef.User(100 + i), 1);

        Assert.Equal(1, Refused(PeerRef.User(1)));
        _clock.Advance(TimeSpan.FromSeconds(1));
        _limits.Take(Bot, PeerRef.User(1), 1);
    }

    private int? Refused(PeerRef chat, int count = 1)
    {
        var refusal = Assert.Throws<BotApiRefusal>(() => _limits.Take(Bot, chat, count));
        Assert.Equal(($"Too Many Requests: retry after {refusal.RetryAfter}", 429), (refusal.Message, refusal.Code));
        return refusal.RetryAfter;
    }
}
