using Integrations.Core.Webhooks;
using Integrations.Testing;

namespace Integrations.Core.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly WebhookOutcome Failed = new(WebhookResult.Failed, "500");
    private static readonly WebhookOutcome Overloaded = new(WebhookResult.Overloaded, "503");

    /// <summary>The totals of the specification's example: the time of each try after the first.</summary>
    private static readonly TimeSpan[] Totals =
        [.. new[] { "00:00:05", "00:05:05", "00:35:05", "02:35:05", "07:35:05", "17:35:05", "1.07:35:05", "2.03:35:05", "3.03:35:05" }.Select(text => TimeSpan.Parse(text, null))];

    [Fact]
    public void Without_chance_the_tries_are_those_of_the_specification()
    {
        var even = new Chance(0.5);
        var at = TimeSpan.Zero;

        Assert.Equal(10, RetrySchedule.Standard.MaxTries);
        Assert.All(Totals, (total, i) => Assert.Equal(total, at += RetrySchedule.Standard.DelayAfter(i + 1, Failed, even)!.Value));
        Assert.Null(RetrySchedule.Standard.DelayAfter(10, Failed, even));
    }

    [Theory]
    [InlineData(WebhookResult.Delivered)]
    [InlineData(WebhookResult.Gone)]
    public void What_is_over_is_not_tried_again(WebhookResult result) =>
        Assert.Null(RetrySchedule.Standard.DelayAfter(1, new WebhookOutcome(result, ""), new Chance(0.5)));

    /// <summary>Whatever the receiver asks for and however chance falls.</summary>
    [Fact]
    public void Every_delay_keeps_its_bounds()
    {
        for (var round = 0; round < LongRun.Rounds(usually: 20_000, inLongRun: 2_000_000); round++)
        {
            var seed = LongRun.Seed ?? round;
            var random = new Random(seed);
            var tries = random.Next(1, 10);
            var step = tries == 1 ? Totals[0] : Totals[tries - 1] - Totals[tries - 2];
            var isOverloaded = random.Next(2) == 0;
            TimeSpan? asked = random.Next(2) == 0 ? TimeSpan.FromSeconds(Math.Pow(10, random.NextDouble() * 9) - 1) : null;

            var delay = RetrySchedule.Standard.DelayAfter(tries, (isOverloaded ? Overloaded : Failed) with { RetryAfter = asked }, random)!.Value;

            var least = step * 0.8;
            var most = step * 1.2;
            if (isOverloaded)
                (least, most) = (Longer(least, RetrySchedule.OverloadPause), Longer(most, RetrySchedule.OverloadPause));
            if (asked is { } wish)
            {
                var cap = Longer(2 * step, RetrySchedule.LeastCap);
                var granted = wish < cap ? wish : cap;
                (least, most) = (Longer(least, granted), Longer(most, granted * 1.2));
            }

            Assert.True(delay >= least - TimeSpan.FromTicks(1) && delay <= most + TimeSpan.FromTicks(1), $"Seed {seed}: {delay} is not within {least} and {most} (try {tries}, asked {asked}).");
        }
    }

    [Fact]
    public void A_whole_row_of_failures_ends_after_ten_tries_and_about_three_days()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var (tries, total) = (1, TimeSpan.Zero);
            while (RetrySchedule.Standard.DelayAfter(tries, Failed, random) is { } delay)
                (tries, total) = (tries + 1, total + delay);

            Assert.Equal(10, tries);
            Assert.InRange(total, Totals[^1] * 0.8, Totals[^1] * 1.2);
        }
    }

    [Fact]
    public void Deliveries_that_fail_together_come_back_apart()
    {
        var random = new Random(1);
        var delays = Enumerable.Range(0, 1000).Select(_ => RetrySchedule.Standard.DelayAfter(2, Failed, random)!.Value).ToArray();

        Assert.InRange(delays.Min(), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(4.1));
        Assert.InRange(delays.Max(), TimeSpan.FromMinutes(5.9), TimeSpan.FromMinutes(6));
    }

    [Fact]
    public void A_receiver_that_asks_for_two_minutes_gets_them_at_the_first_step_too() =>
        Assert.InRange(
            RetrySchedule.Standard.DelayAfter(1, Overloaded with { RetryAfter = TimeSpan.FromMinutes(2) }, new Chance(0))!.Value, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2.4));

    [Fact]
    public void A_header_cannot_put_a_delivery_off_for_ever() =>
        Assert.Equal(TimeSpan.FromHours(1), RetrySchedule.Standard.DelayAfter(1, Overloaded with { RetryAfter = TimeSpan.FromDays(365) }, new Chance(0)));

    [Fact]
    public void A_schedule_has_no_step_of_nothing() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetrySchedule(TimeSpan.FromSeconds(1), TimeSpan.Zero));

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private sealed class Chance(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
