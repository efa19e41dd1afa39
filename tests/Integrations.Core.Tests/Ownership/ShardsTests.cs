using Integrations.Core.Ownership;

namespace Integrations.Core.Tests.Ownership;

public sealed class ShardsTests
{
    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", 16, 5)]
    [InlineData("0198f2a0-0000-7000-8000-000000000001", 16, 1)]
    [InlineData("0198f2a0-0000-7000-8000-000000000001", 1, 0)]
    public void An_account_stays_in_its_shard_for_ever(string account, int shardCount, int shard) =>
        Assert.Equal(shard, Shards.ShardOf(Guid.Parse(account), shardCount));

    [Fact]
    public void Accounts_of_one_moment_spread_over_all_shards()
    {
        var now = DateTimeOffset.UnixEpoch;
        var counts = Enumerable.Range(0, 16_000).CountBy(_ => Shards.ShardOf(Guid.CreateVersion7(now), 16)).Select(pair => pair.Value).ToArray();

        Assert.Equal(16, counts.Length);
        Assert.All(counts, count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void A_worker_that_leaves_moves_only_its_own_shards()
    {
        var workers = Enumerable.Range(1, 5).Select(i => new Guid(i, 0, 0, new byte[8])).ToArray();

        for (var shard = 0; shard < 256; shard++)
        {
            var before = Shards.Preferred(shard, workers);
            var after = Shards.Preferred(shard, workers[1..]);
            if (before != workers[0])
                Assert.Equal(before, after);
        }

        Assert.Equal(5, Enumerable.Range(0, 256).Select(shard => Shards.Preferred(shard, workers)).Distinct().Count());
    }

    [Fact]
    public void All_workers_come_to_the_same_answer_in_whatever_order_they_see_each_other()
    {
        var workers = Enumerable.Range(1, 5).Select(i => new Guid(i, 0, 0, new byte[8])).ToArray();

        Assert.Equal(Shards.Preferred(3, workers), Shards.Preferred(3, workers.Reverse()));
        Assert.Null(Shards.Preferred(3, []));
    }
}
