using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors that lead from an address of a webhook to a bot, and from there into the inbox: each with what it must not do.</summary>
public sealed class BotDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    [Fact]
    public async Task A_hook_leads_to_its_bot_only_while_the_bot_is_switched_on()
    {
        var tenant = await database.AddTenantAsync();
        var bot = await database.AddBotAsync(tenant, shard: 3);
        string[] both = [$"select tenant_id, bot_id, shard from doors.resolve_bot_hooks(array['nobody', '{bot}'])", $"select tenant_id, bot_id, shard from doors.resolve_bot_token(sha256('token {bot}'))"];

        foreach (var sql in both)
            Assert.Equal([$"{tenant} {bot} 3"], await ApiRowsAsync(sql));
        // A pattern is no id, and neither is the digest of another token.
        Assert.Empty(await ApiRowsAsync("select * from doors.resolve_bot_hooks(array['%'])"));
        Assert.Empty(await ApiRowsAsync("select * from doors.resolve_bot_token(sha256('another'))"));

        foreach (var change in new[] { "is_active = false", "is_active = true, deleted_at = now()" })
        {
            await AdminAsync($"update telegram_bots set {change} where id = '{bot}'");
            foreach (var sql in both)
                Assert.Empty(await ApiRowsAsync(sql));
        }
    }

    [Fact]
    public async Task The_address_with_the_token_asks_for_the_secret_once_the_bot_was_registered_with_one()
    {
        var bot = await database.AddBotAsync(await database.AddTenantAsync());
        var sql = $"select secret_hash is not null from doors.resolve_bot_token(sha256('token {bot}'))";

        Assert.Equal(["True"], await ApiRowsAsync(sql));
        await AdminAsync($"update telegram_bots set registered_at = null where id = '{bot}'");
        Assert.Equal(["False"], await ApiRowsAsync(sql));
        Assert.Equal(["True"], await ApiRowsAsync($"select secret_hash is not null from doors.resolve_bot_hooks(array['{bot}'])"));
    }

    [Fact]
    public async Task Updates_are_stored_once_in_order_under_their_bots_tenant_and_for_no_bot_that_is_gone()
    {
        var (here, there) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var (first, second, gone) = (await database.AddBotAsync(here, shard: 1), await database.AddBotAsync(there, shard: 2), await database.AddBotAsync(there));
        await AdminAsync($"update telegram_bots set deleted_at = now() where id = '{gone}'");
        var sql =
            $$"""
              select bot_id, update_id from doors.store_bot_updates(
                  array['{{second}}', '{{first}}', '{{gone}}', '{{first}}', '{{first}}', '{{Guid.Empty}}']::uuid[], array[7, 9, 1, 8, 9, 1]::bigint[], array[5, null, 5, 5, 5, 5]::bigint[],
                  array['{"n": 1}', '{"n": 2}', '{}', '{"n": 3}', '{}', '{}']::jsonb[])
              """;

        Assert.Equal([$"{second} 7", $"{first} 9", $"{first} 8"], await ApiRowsAsync(sql));
        Assert.Empty(await ApiRowsAsync(sql));
        Assert.Equal(
            [$"{there} {second} 7 2 5 {{\"n\": 1}}", $"{here} {first} 9 1 - {{\"n\": 2}}", $"{here} {first} 8 1 5 {{\"n\": 3}}"],
            await CoreDatabase.RowsAsync(
                database.Admin, $"select tenant_id, bot_id, update_id, shard, chat_id, payload from telegram_bot_updates where bot_id in ('{first}', '{second}', '{gone}') order by seq"));
    }

    [Fact]
    public async Task Bots_are_listed_for_the_shards_and_the_world_that_are_asked_for_and_without_secrets()
    {
        var tenant = await database.AddTenantAsync();
        var mine = await database.AddBotAsync(tenant, shard: 2);
        await database.AddBotAsync(tenant, shard: 3);
        await database.AddBotAsync(tenant, shard: 2, world: "telegram");
        var (off, gone) = (await database.AddBotAsync(tenant, shard: 2), await database.AddBotAsync(tenant, shard: 2));
        await AdminAsync($"update telegram_bots set is_active = false where id = '{off}'; update telegram_bots set deleted_at = now() where id = '{gone}'");

        Assert.Equal(
            [$"{mine}"],
            (await CoreDatabase.RowsAsync(database.Worker, "select id, tenant_id from doors.bots_of_shards(array[2], 'sandbox')")).Where(row => row.EndsWith($"{tenant}", StringComparison.Ordinal)).Select(row => row.Split(' ')[0]));
        Assert.Equal(
            ["tenant_id", "id", "shard", "is_well"],
            await CoreDatabase.RowsAsync(database.Admin, "select unnest(proargnames[3:]) from pg_proc where proname = 'bots_of_shards'"));
    }

    /// <summary>The worker brings no updates, and the Api looks after no shards.</summary>
    [Theory]
    [InlineData("integrations_worker", "select * from doors.store_bot_updates('{}', '{}', '{}', '{}')")]
    [InlineData("integrations_worker", "select * from doors.resolve_bot_hooks(array['x'])")]
    [InlineData("integrations_api", "select * from doors.bots_of_shards('{0}', 'sandbox')")]
    public async Task A_door_opens_to_its_host_alone(string role, string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => CoreDatabase.RowsAsync(role == "integrations_api" ? database.Api : database.Worker, sql));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    private Task<string[]> ApiRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Api, sql);

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);
}
