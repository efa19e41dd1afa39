using Integrations.Api.Authentication;
using Integrations.Api.Redis;
using Integrations.Core.Tls;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Tests.Authentication;

/// <summary>Failed sign-ins, counted by copies of the service over one real Redis, and by one copy without any.</summary>
public sealed class SignInThrottleTests(Servers servers)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly string _run = Guid.CreateVersion7().ToString("N");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_sixth_try_at_one_account_from_one_address_waits_and_other_pairs_do_not(bool shared)
    {
        using var redis = Connection(shared);
        var throttle = Throttle(redis);
        for (var i = 0; i < SignInThrottle.FreeTries; i++)
            Assert.Null(await EnterAsync(throttle, "a", "Anna"));

        Assert.InRange((await EnterAsync(throttle, "a", "anna"))!.Value, TimeSpan.FromMinutes(14), SignInThrottle.Window);
        Assert.Null(await EnterAsync(throttle, "b", "anna"));
        Assert.Null(await EnterAsync(throttle, "a", "boris"));
    }

    [Fact]
    public async Task Copies_of_the_service_count_together()
    {
        using var one = Connection(shared: true);
        using var two = Connection(shared: true);
        var copies = new[] { Throttle(one), Throttle(two) };

        var waits = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => EnterAsync(copies[i % 2], "a", "anna").AsTask()));

        Assert.Equal(SignInThrottle.FreeTries, waits.Count(wait => wait is null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_crowd_gets_so_many_tries_at_one_account_and_one_address_so_many_at_all(bool shared)
    {
        using var redis = Connection(shared);
        var throttle = Throttle(redis);
        var ofAccount = 0;
        while (await EnterAsync(throttle, $"crowd {ofAccount}", "anna") is null)
            ofAccount++;
        var ofAddress = 0;
        while (await EnterAsync(throttle, "a", $"account {ofAddress}") is null)
            ofAddress++;

        Assert.Equal((SignInThrottle.FreeTriesOfAccount, SignInThrottle.FreeTriesOfAddress), (ofAccount, ofAddress));
    }

    /// <summary>Who has an account of his own must not clear by it what he guesses at others'.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_right_password_forgives_its_own_try_and_no_guess_at_another(bool shared)
    {
        using var redis = Connection(shared);
        var throttle = Throttle(redis);
        for (var i = 0; i < SignInThrottle.FreeTriesOfAddress - 1; i++)
            Assert.Null(await EnterAsync(throttle, "a", $"other {i}"));
        for (var i = 0; i < 10; i++)
        {
            Assert.Null(await EnterAsync(throttle, "a", "mine"));
            await throttle.SucceededAsync($"{_run} a", $"{_run} mine", _cancel);
        }

        Assert.Null(await EnterAsync(throttle, "a", "anna"));
        Assert.NotNull(await EnterAsync(throttle, "a", "anna"));
    }

    [Fact]
    public async Task Without_Redis_a_wait_ends_with_its_window()
    {
        var clock = new TestClock();
        using var redis = Connection(shared: false);
        var throttle = new SignInThrottle(redis, clock, NullLogger<SignInThrottle>.Instance);
        // The first question decides that Redis is away; time stands still, so it is not asked again.
        for (var i = 0; i < SignInThrottle.FreeTries; i++)
            Assert.Null(await EnterAsync(throttle, "a", "anna"));
        Assert.Equal(SignInThrottle.Window, await EnterAsync(throttle, "a", "anna"));

        clock.Advance(SignInThrottle.Window);

        Assert.Null(await EnterAsync(throttle, "a", "anna"));
    }

    private ValueTask<TimeSpan?> EnterAsync(SignInThrottle throttle, string address, string account) => throttle.EnterAsync($"{_run} {address}", $"{_run} {account}", _cancel);

    /// <summary>Its time stands, so that nothing is let through again, and Redis not given up, because the machine is slow.</summary>
    private static SignInThrottle Throttle(RedisConnection redis) => new(redis, new TestClock(), NullLogger<SignInThrottle>.Instance);

    /// <summary>Nobody listens on the discard port.</summary>
    private RedisConnection Connection(bool shared) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:redis"] = shared ? servers.Redis : "127.0.0.1:9,connectTimeout=200" }).Build(),
            new ServerCertificates(Options.Create(new TlsOptions()), NullLogger<ServerCertificates>.Instance));
}
