using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Core.Tests.Secrets;

public sealed class DataKeyCacheTests
{
    private static readonly TenantId Tenant = new(Guid.Parse("00000000-0000-7000-8000-000000000001"));

    private readonly TestClock _clock = new();

    [Fact]
    public void The_least_recently_used_key_goes_first()
    {
        using var cache = ACache(capacity: 2);
        Put(cache, 1);
        Put(cache, 2);
        Assert.True(cache.TryCopy(Tenant, 1, out _));
        Put(cache, 3);

        Assert.True(cache.TryCopy(Tenant, 1, out _));
        Assert.False(cache.TryCopy(Tenant, 2, out _));
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public void A_key_leaves_when_its_time_is_over_though_nobody_asks_for_it()
    {
        using var cache = ACache(capacity: 10);
        Put(cache, 1);

        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Use_does_not_prolong_a_keys_time()
    {
        using var cache = ACache(capacity: 10);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Put(cache, 1);
        _clock.Advance(TimeSpan.FromMinutes(4.9));
        Assert.True(cache.TryCopy(Tenant, 1, out _));
        _clock.Advance(TimeSpan.FromMinutes(0.1));

        Assert.False(cache.TryCopy(Tenant, 1, out _));
    }

    [Fact]
    public void A_copy_is_the_callers_own()
    {
        using var cache = ACache(capacity: 1);
        Put(cache, 1);
        Assert.True(cache.TryCopy(Tenant, 1, out var copy));
        Put(cache, 2);
        Assert.Equal(1, copy[0]);
        copy[0] = 9;

        Put(cache, 1);
        Assert.True(cache.TryCopy(Tenant, 1, out var again));
        Assert.Equal(1, again[0]);
    }

    [Fact]
    public void The_newest_is_what_was_put_as_such_while_it_is_there()
    {
        using var cache = ACache(capacity: 10);
        Put(cache, 2, newest: true);
        Put(cache, 1, newest: false);

        Assert.True(cache.TryCopyNewest(Tenant, out var version, out _, out _));
        Assert.Equal(2, version);
        cache.Forget(Tenant);
        Assert.False(cache.TryCopyNewest(Tenant, out _, out _, out _));
        Assert.Equal(0, cache.Count);
    }

    private DataKeyCache ACache(int capacity) => new(capacity, TimeSpan.FromMinutes(5), _clock);

    private void Put(DataKeyCache cache, byte version, bool newest = false) => cache.Put(Tenant, version, _clock.GetUtcNow(), [version, 0, 0], newest);
}
