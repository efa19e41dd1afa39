using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>The client library and the simulated Telegram in one thread, over lines and a clock that are simulated too.</summary>
public sealed class ScheduleTests
{
    private const int SeedsInBlock = 10;

    /// <summary>Fewer: each makes a dozen keys or two, which is where its time goes.</summary>
    private const int SecretSeedsInBlock = 3;

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

    /// <summary>Keys of twelve seconds: what happens to a client once a day happens two or three times in each storm, and more often by faults.</summary>
    /// <remarks>How such a seed goes depends on the servers' RSA key too, which is made once in each process.</remarks>
    [Theory]
    [MemberData(nameof(Blocks))]
    public void The_same_holds_while_keys_are_made_renewed_lost_and_unbound(int block)
    {
        var seeds = LongRun.Seed is { } one ? [one] : Enumerable.Range(block * SecretSeedsInBlock, SecretSeedsInBlock).ToArray();
        foreach (var seed in seeds)
        {
            var outcome = Simulation.Run(seed, TimeSpan.FromSeconds(12));
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {outcome}");
            Assert.True(outcome.Messages > 3);
            Assert.True(outcome.Bindings > 0);
        }
    }

    [Fact]
    public void A_seed_with_temporary_keys_goes_the_same_way_each_time_too()
    {
        var first = Simulation.Run(1, TimeSpan.FromSeconds(12));

        Assert.Equal(first, Simulation.Run(1, TimeSpan.FromSeconds(12)));
        Assert.Equal(0, first.Strays);

        // It is a run in which keys are renewed.
        Assert.True(first.Bindings > 3);
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
