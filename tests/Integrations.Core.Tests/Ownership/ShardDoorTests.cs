using Npgsql;

namespace Integrations.Core.Tests.Ownership;

/// <summary>The doors to <c>shards</c>: each with what it must not do.</summary>
public sealed class ShardDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private static readonly Guid Anna = Guid.Parse("00000000-0000-7000-8000-00000000000a");
    private static readonly Guid Boris = Guid.Parse("00000000-0000-7000-8000-00000000000b");

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_raises_the_epoch_and_refuses_everybody_else()
    {
        await ResetAsync(0);

        Assert.Equal("1", await ClaimAsync(0, Anna));
        Assert.Equal("-", await ClaimAsync(0, Boris));
        Assert.Equal("-", await ClaimAsync(0, Anna));
        Assert.Equal(["1"], await RowsAsync("select epoch from shards where id = 0"));
    }

    [Fact]
    public async Task A_claim_of_a_shard_that_does_not_exist_is_refused() => Assert.Equal("-", await ClaimAsync(4000, Anna));

    [Theory]
    [InlineData("500 milliseconds", "-")]
    [InlineData("1500 milliseconds", "8")]
    public async Task A_lapsed_lease_is_waited_out_one_second_more(string ago, string epoch)
    {
        await ResetAsync(0);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update shards set owner = '{Anna}', epoch = 7, lease_until = clock_timestamp() - interval '{ago}' where id = 0");

        Assert.Equal(epoch, await ClaimAsync(0, Boris));
    }

    [Fact]
    public async Task A_claim_waits_for_writes_that_run_under_the_older_epoch()
    {
        await ResetAsync(0);
        await ClaimAsync(0, Anna);
        await using var writer = await database.Worker.OpenConnectionAsync(_cancel);
        await using var writing = await writer.BeginTransactionAsync(_cancel);
        await ExecuteAsync(writer, "select doors.require_epoch(0, 1)");
        await CoreDatabase.ExecuteAsync(database.Admin, "update shards set lease_until = '-infinity' where id = 0");

        var claim = ClaimAsync(0, Boris);
        await WaitForLockWaitAsync();
        Assert.False(claim.IsCompleted);
        await writing.CommitAsync(_cancel);

        Assert.Equal("2", await claim);
    }

    [Fact]
    public async Task After_a_claim_the_older_epoch_is_refused()
    {
        await ResetAsync(0);
        await ClaimAsync(0, Anna);
        await RowsAsync($"select doors.release_shard(0, '{Anna}', 1)");
        await ClaimAsync(0, Boris);

        await RefusedAsync("select doors.require_epoch(0, 1)");
        await RowsAsync("select doors.require_epoch(0, 2)");
    }

    [Theory]
    [InlineData(0, 99)]
    [InlineData(4000, 1)]
    public async Task An_epoch_that_never_was_is_refused(int shard, long epoch) => await RefusedAsync($"select doors.require_epoch({shard}, {epoch})");

    [Fact]
    public async Task A_released_shard_refuses_even_its_last_epoch()
    {
        await ResetAsync(0);
        await ClaimAsync(0, Anna);
        Assert.Equal(["True"], await RowsAsync($"select doors.release_shard(0, '{Anna}', 1)"));

        await RefusedAsync("select doors.require_epoch(0, 1)");
    }

    [Theory]
    [InlineData("b", 1)]
    [InlineData("a", 0)]
    [InlineData("a", 2)]
    public async Task Only_the_holder_of_the_very_claim_releases_it(string who, long epoch)
    {
        await ResetAsync(0);
        await ClaimAsync(0, Anna);

        Assert.Equal(["False"], await RowsAsync($"select doors.release_shard(0, '{(who == "a" ? Anna : Boris)}', {epoch})"));
        Assert.Equal([$"{Anna}"], await RowsAsync("select owner from shards where id = 0"));
    }

    [Fact]
    public async Task A_renewal_prolongs_the_named_claims_of_that_worker_and_nothing_else()
    {
        for (var shard = 0; shard < CoreDatabase.ShardCount; shard++)
            await ResetAsync(shard);

        await ClaimAsync(0, Anna);
        await ClaimAsync(1, Anna);
        await ClaimAsync(2, Boris);
        await ClaimAsync(3, Anna);
        await CoreDatabase.ExecuteAsync(database.Admin, "update shards set lease_until = clock_timestamp() - interval '1 second' where id = 3");

        // 0 is named; 1 is named with another epoch; 2 is Boris'; 3 has lapsed.
        Assert.Equal(["0 1"], await RowsAsync($"select * from doors.renew_shards('{Anna}', '{{0,1,2,3}}', '{{1,9,1,1}}', '1 hour')"));
        Assert.Equal(["0"], await RowsAsync("select id from shards where lease_until > clock_timestamp() + interval '30 minutes'"));
    }

    private Task ResetAsync(int shard) =>
        CoreDatabase.ExecuteAsync(database.Admin, $"update shards set owner = null, epoch = 0, lease_until = null where id = {shard}");

    private async Task<string> ClaimAsync(int shard, Guid worker) => (await RowsAsync($"select doors.claim_shard({shard}, '{worker}', '1 minute')"))[0];

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private async Task RefusedAsync(string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => RowsAsync(sql));
        Assert.Equal("IN001", refused.SqlState);
    }

    private async Task WaitForLockWaitAsync()
    {
        while (await CoreDatabase.ScalarAsync<long>(
            database.Admin, "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())") == 0)
        {
            _cancel.ThrowIfCancellationRequested();
        }
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(_cancel);
    }
}
