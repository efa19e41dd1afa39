using System.Net;
using Integrations.Api.RateLimits;
using Integrations.Api.Redis;
using Integrations.Core.RateLimits;
using Integrations.Core.Tls;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Tests.RateLimits;

/// <summary>The arithmetic, in Redis and in the process; time is handed in. Only the expiry of keys goes by Redis' own clock, so the buckets here last for seconds.</summary>
public sealed class BucketTests : IDisposable
{
    private static readonly RateLimit TenAMinute = new(10, 10);
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();
    private readonly RedisConnection _connection;
    private readonly RedisBuckets _shared;
    private readonly LocalBuckets _own;
    private readonly string _bucket = $"test:{Guid.CreateVersion7()}";

    public BucketTests(Servers servers)
    {
        _connection = ConnectionTo(servers.Redis);
        (_shared, _own) = (new RedisBuckets(_connection), new LocalBuckets(_clock));
    }

    public void Dispose() => _connection.Dispose();

    internal static RedisConnection ConnectionTo(string redis) =>
        new(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:redis"] = redis }).Build(),
            new ServerCertificates(Options.Create(new TlsOptions()), NullLogger<ServerCertificates>.Instance));

    [Fact]
    public async Task A_full_bucket_lets_a_burst_through_and_then_tells_how_long_to_wait()
    {
        for (var left = 9; left >= 0; left--)
        {
            var taken = await TakeAsync(TenAMinute);
            Assert.Equal((true, left, TimeSpan.FromSeconds(6 * (10 - left))), (taken.Admitted, taken.Remaining, taken.UntilFull));
        }

        var refused = await TakeAsync(TenAMinute);
        Assert.Equal(new BucketAnswer(false, 0, TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(60)), refused);

        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(2), (await TakeAsync(TenAMinute)).Wait);
    }

    [Fact]
    public async Task Tokens_come_back_evenly_and_never_more_than_the_bucket_holds()
    {
        for (var i = 0; i < 10; i++)
            await TakeAsync(TenAMinute);

        _clock.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal([true, true, false], await TakeAsync(3, TenAMinute));

        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(10, (await TakeAsync(11, TenAMinute)).Count(admitted => admitted));
    }

    [Fact]
    public async Task A_refused_request_takes_nothing()
    {
        for (var i = 0; i < 30; i++)
            await TakeAsync(TenAMinute);

        _clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal([true, false], await TakeAsync(2, TenAMinute));
    }

    [Fact]
    public async Task A_limit_that_was_lowered_does_not_make_anybody_wait_for_what_he_did_under_the_old_one()
    {
        for (var i = 0; i < 10; i++)
            await TakeAsync(TenAMinute);

        var refused = await TakeAsync(new RateLimit(60, 2));

        Assert.Equal((false, TimeSpan.FromSeconds(1)), (refused.Admitted, refused.Wait));
    }

    [Fact]
    public async Task Odd_numbers_lose_nothing_in_rounding()
    {
        foreach (var perMinute in new[] { 1, 7, 13, 31 })
        {
            var (bucket, limit) = ($"{_bucket}:{perMinute}", new RateLimit(perMinute, 7));
            for (var i = 0; i < 7; i++)
                Assert.True((await _shared.TakeAsync(bucket, limit, _clock.GetUtcNow(), _cancel)).Admitted, $"{perMinute}: {i}");
            Assert.False((await _shared.TakeAsync(bucket, limit, _clock.GetUtcNow(), _cancel)).Admitted);
        }

        foreach (var perMinute in new[] { 999, 59_999, 99_991 })
        {
            var limit = new RateLimit(perMinute, perMinute);
            Assert.Equal(perMinute, Enumerable.Range(0, perMinute + 5).Count(_ => _own.Take($"{perMinute}", limit).Admitted));
        }
    }

    [Fact]
    public async Task The_bucket_in_the_process_answers_as_the_one_in_Redis_does()
    {
        var random = new Random(20260512);
        for (var i = 0; i < 400; i++)
        {
            var limit = new RateLimit(random.Next(1, 20), random.Next(1, 20));
            Assert.Equal(await TakeAsync(limit), _own.Take(_bucket, limit));
            _clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 4000)));
        }
    }

    [Fact]
    public async Task Redis_own_clock_is_the_one_that_counts_and_a_full_bucket_is_forgotten()
    {
        var limit = new RateLimit(100_000, 1);

        Assert.True((await _shared.TakeAsync(_bucket, limit, at: null, _cancel)).Admitted);

        await Eventually.BecomesAsync(
            "the key is gone", async _ => await _connection.UseAsync(database => database.KeyExistsAsync("integrations:limit:" + _bucket), _cancel), exists => !exists);
        Assert.True((await _shared.TakeAsync(_bucket, limit, at: null, _cancel)).Admitted);
    }

    [Fact]
    public void A_process_remembers_a_bounded_number_of_callers_and_those_longest_who_asked_most()
    {
        var greedy = new RateLimit(1, 5);
        for (var i = 0; i < 5; i++)
            _own.Take("greedy", greedy);

        for (var i = 0; i < 3 * LocalBuckets.Capacity; i++)
        {
            _own.Take($"caller {i}", TenAMinute);
            Assert.InRange(_own.Count, 1, LocalBuckets.Capacity);
        }

        Assert.False(_own.Take("greedy", greedy).Admitted);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64")]
    public void An_address_is_counted_as_what_one_customer_of_a_provider_has(string address, string counted) =>
        Assert.Equal(counted, CallerAddress.Counted(IPAddress.Parse(address)));

    private Task<BucketAnswer> TakeAsync(RateLimit limit) => _shared.TakeAsync(_bucket, limit, _clock.GetUtcNow(), _cancel);

    private async Task<List<bool>> TakeAsync(int times, RateLimit limit)
    {
        var admitted = new List<bool>();
        for (var i = 0; i < times; i++)
            admitted.Add((await TakeAsync(limit)).Admitted);
        return admitted;
    }
}
