using Integrations.AppHost.LocalHosting.Running;

namespace Integrations.AppHost.Tests.Parts;

public sealed class RestartDelayTests
{
    [Fact]
    public void The_delay_doubles_up_to_half_a_minute()
    {
        var delay = new RestartDelay();

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 7).Select(_ => delay.Next(TimeSpan.FromSeconds(1)).TotalSeconds));
    }

    [Fact]
    public void A_process_that_ran_for_a_while_starts_the_delays_over()
    {
        var delay = new RestartDelay();
        delay.Next(TimeSpan.Zero);
        delay.Next(TimeSpan.Zero);

        Assert.Equal(1, delay.Next(RestartDelay.Stable).TotalSeconds);
        Assert.Equal(2, delay.Next(TimeSpan.Zero).TotalSeconds);
    }
}
