using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>The client library and the simulated Telegram in one thread, over lines and a clock that are simulated too.</summary>
public sealed class ScheduleTests
{
    private const int SeedsInBlock = 10;

    public static TheoryData<int> Blocks => LongRun.Seed is null ? new(Enumerable.Range(0, LongRun.Rounds(5, 100))) : [0];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Whatever_fails_every_call_ends_no_message_is_lost_or_doubled_and_every_update_arrives(int block)
    {
        foreach (var seed in LongRun.Seed is { } one ? [one] : Enumerable.Range(block * SeedsInBlock, SeedsInBlock))
        {
            var outcome = Simulation.Run(seed);
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {outcome}");
            Assert.True(outcome.Messages > 3);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_seed_goes_the_same_way_each_time_to_the_last_byte(int seed)
    {
        var first = Simulation.Run(seed);

        Assert.Equal(first, Simulation.Run(seed));
        Assert.Equal(0, first.Strays);
    }
}
