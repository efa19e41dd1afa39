using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The door through which workers learn which files of bots wait.</summary>
public sealed class BotFileDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    [Fact]
    public async Task Files_are_listed_for_the_shard_and_the_world_in_order_and_of_no_bot_more_than_its_share()
    {
        var claim = await database.OwnAsync(1);
        var (tenant, other) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var (bot, foreign) = (await database.AddBotAsync(tenant, shard: 1), await database.AddBotAsync(other, shard: 1));
        var (elsewhere, real) = (await database.AddBotAsync(tenant, shard: 2), await database.AddBotAsync(tenant, shard: 1, world: "telegram"));
        var first = await AddFileAsync(tenant, bot, 1);
        var second = await AddFileAsync(tenant, bot, 1);
        var third = await AddFileAsync(tenant, bot, 1);
        var others = await AddFileAsync(other, foreign, 1);
        await AddFileAsync(tenant, elsewhere, 2);
        await AddFileAsync(tenant, real, 1);
        await AddFileAsync(tenant, bot, 1, "ready");
        await AddFileAsync(tenant, bot, 1, "waiting", notBefore: "now() + interval '1 minute'");

        Assert.Equal([first, second, others], await WaitingAsync(claim, [], []));
        Assert.Equal([second, others], await WaitingAsync(claim, [first], []));
        Assert.Equal([others], await WaitingAsync(claim, [first, second], []));
        Assert.Equal([others], await WaitingAsync(claim, [], [bot]));
        Assert.Equal([third, others], await WaitingAsync(claim, [first], [], share: 3, skip: second));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => WaitingAsync(new ShardClaim(1, claim.Epoch + 1), [], []));
        Assert.Equal(StaleEpochException.SqlState, refused.SqlState);
    }

    private async Task<Guid[]> WaitingAsync(ShardClaim claim, Guid[] busy, Guid[] resting, int share = 2, Guid? skip = null)
    {
        await using var command = database.Worker.CreateCommand("select media_id from doors.waiting_bot_files($1, $2, 'sandbox', $3, $4, 100, $5)");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = claim.Shard });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = claim.Epoch });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = busy });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = resting });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = share });
        List<Guid> found = [];
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            found.Add(reader.GetGuid(0));
        return [.. found.Where(id => id != skip)];
    }

    private async Task<Guid> AddFileAsync(TenantId tenant, Guid bot, int shard, string state = "waiting", string notBefore = "'-infinity'")
    {
        var (file, dialog) = (CoreDatabase.NewId(), CoreDatabase.NewId());
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into media (id, tenant_id, kind, source, state, shard, not_before, location_sealed) values ('{file}', '{tenant}', 'photo', 'telegram', '{state}', {shard}, {notBefore}, 'a secret');
             insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id) values ('{dialog}', '{tenant}', 'telegram_bot', '{bot}', 'user', {Math.Abs((long)file.GetHashCode()) + 1});
             insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, media_id)
             values (gen_random_uuid(), '{tenant}', '{bot}', '{dialog}', {shard}, 'telegram_bot_in', 'received', '', '{file}');
             """);
        return file;
    }
}
