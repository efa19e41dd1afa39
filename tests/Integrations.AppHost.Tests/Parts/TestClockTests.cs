using Integrations.Testing;

namespace Integrations.AppHost.Tests.Parts;

public sealed class TestClockTests
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void A_time_limit_is_over_when_its_time_has_come_and_not_before()
    {
        var clock = new TestClock();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), clock);
        clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(limit.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(limit.IsCancellationRequested);
    }

    [Fact]
    public void Timers_fire_in_the_order_in_which_they_are_due_at_the_time_at_which_they_are_due()
    {
        var clock = new TestClock();
        var start = clock.GetUtcNow();
        var fired = new List<(string, double)>();
        void At(string name) => fired.Add((name, (clock.GetUtcNow() - start).TotalSeconds));
        using var late = clock.CreateTimer(_ => At("late"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(_ => At("often"), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("often", 2), ("late", 3), ("often", 4)], fired);
        Assert.Equal(5, clock.GetElapsedTime(0, clock.GetTimestamp()).TotalSeconds);
    }

    [Fact]
    public async Task One_can_wait_until_somebody_has_asked_for_a_timer()
    {
        var clock = new TestClock();
        var asked = clock.WaitForTimerAsync(TimeSpan.FromSeconds(5), _cancel);
        using var tooLate = clock.CreateTimer(_ => { }, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        Assert.False(asked.IsCompleted);
        using var soon = clock.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);

        await asked;
        Assert.Equal(2, clock.PendingTimers);
    }

    [Fact]
    public void A_disposed_timer_does_not_fire()
    {
        var clock = new TestClock();
        var fired = false;
        clock.CreateTimer(_ => fired = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).Dispose();
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False(fired);
    }
}
