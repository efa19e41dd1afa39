using Integrations.Core.Ownership;
using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors of a shard's owner to what waits for its bots and what they are to send: each with what it must not do.</summary>
public sealed class BotInboxDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const int Shard = 0;
    private const int OtherShard = 1;

    [Fact]
    public async Task Without_the_current_epoch_nothing_is_claimed_settled_or_returned()
    {
        var bot = await database.AddBotAsync(await database.AddTenantAsync());
        var message = await MessageAsync(bot);
        await UpdateAsync(bot, 1, 5);
        var stale = await database.OwnAsync(Shard);
        await database.OwnAsync(Shard);

        foreach (var sql in new[]
        {
            $"select * from doors.claim_bot_updates({Shard}, {stale.Epoch}, 'sandbox', 10)",
            ClaimMessages(stale),
            $"select doors.settle_bot_messages({Shard}, {stale.Epoch}, 'X', 'x')",
            $"select doors.return_bot_messages({Shard}, {stale.Epoch}, '{{}}')",
        })
        {
            Assert.Equal("IN001", (await Assert.ThrowsAsync<PostgresException>(() => RowsAsync(sql))).SqlState);
        }

        Assert.Equal("pending 0", await StateAsync(message));
    }

    [Fact]
    public async Task Updates_are_read_in_order_and_only_those_of_the_shard_and_the_world_that_may_be_processed_now()
    {
        var claim = await FreshShardAsync();
        var tenant = await database.AddTenantAsync();
        var bot = await database.AddBotAsync(tenant);
        var (elsewhere, otherWorld) = (await database.AddBotAsync(tenant, OtherShard), await database.AddBotAsync(tenant, world: "telegram"));
        foreach (var (update, chat) in new[] { (9, 5L), (2, 6L), (3, 5L), (4, 6L), (5, 7L), (6, 7L) })
            await UpdateAsync(bot, update, chat);
        await UpdateAsync(elsewhere, 1, 5, OtherShard);
        await UpdateAsync(otherWorld, 1, 5);
        // Of chat 6 the first has failed and waits; of chat 7 the first is done.
        await AdminAsync($"update telegram_bot_updates set attempts = 1, not_before = 'infinity' where bot_id = '{bot}' and update_id = 2");
        await AdminAsync($"update telegram_bot_updates set processed_at = now() where bot_id = '{bot}' and update_id = 5");

        Assert.Equal(
            [$"{bot} 9 {tenant} 5", $"{bot} 3 {tenant} 5", $"{bot} 6 {tenant} 7"],
            await RowsAsync($"select bot_id, update_id, tenant_id, chat_id from doors.claim_bot_updates({Shard}, {claim.Epoch}, 'sandbox', 10)"));
    }

    [Fact]
    public async Task Of_one_bot_no_more_updates_are_read_than_its_share()
    {
        var claim = await FreshShardAsync();
        var tenant = await database.AddTenantAsync();
        var (loud, quiet) = (await database.AddBotAsync(tenant), await database.AddBotAsync(await database.AddTenantAsync()));
        foreach (var i in Enumerable.Range(1, 20))
            await UpdateAsync(loud, i, i);
        await UpdateAsync(quiet, 1, 1);

        Assert.Equal(
            [$"{loud} 5", $"{quiet} 1"],
            (await RowsAsync($"select bot_id, count(*) from doors.claim_bot_updates({Shard}, {claim.Epoch}, 'sandbox', 10) group by 1 order by 2 desc")));
    }

    [Theory]
    [InlineData("update messages set not_before = 'infinity' where id = '{0}'")]
    [InlineData("update messages set shard = 1 where id = '{0}'")]
    [InlineData("update messages set status = 'sending' where id = '{0}'")]
    [InlineData("update telegram_bots set is_active = false where id = '{1}'")]
    [InlineData("update telegram_bots set world = 'telegram' where id = '{1}'")]
    [InlineData("update integrations set status = 'error' where id = '{1}'")]
    public async Task Claiming_what_bots_are_to_send_leaves_what_must_wait(string reason)
    {
        var claim = await FreshShardAsync();
        var bot = await database.AddBotAsync(await database.AddTenantAsync());
        var message = await MessageAsync(bot);
        await AdminAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, reason, message, bot));

        Assert.Empty(await RowsAsync(ClaimMessages(claim)));
    }

    [Fact]
    public async Task Claiming_takes_the_oldest_of_each_dialog_leaves_full_bots_and_shows_no_token_of_a_deleted_one()
    {
        var claim = await FreshShardAsync();
        var tenant = await database.AddTenantAsync();
        var (bot, full, gone) = (await database.AddBotAsync(tenant), await database.AddBotAsync(tenant), await database.AddBotAsync(tenant));
        var (first, behind, second, third) = (await MessageAsync(bot, peer: 1), await MessageAsync(bot, peer: 1), await MessageAsync(bot, peer: 2), await MessageAsync(bot, peer: 3));
        var (waiting, late) = (await MessageAsync(full), await MessageAsync(gone));
        await AdminAsync($"update telegram_bots set deleted_at = now(), is_active = false where id = '{gone}'");

        Assert.Equal([$"{first} True", $"{second} True", $"{late} False"], await RowsAsync(ClaimMessages(claim, share: 2, except: $"'{full}'")));
        Assert.Equal("pending 0", await StateAsync(behind));
        Assert.Equal("pending 0", await StateAsync(third));
        Assert.Equal("pending 0", await StateAsync(waiting));
        // Nothing of an account comes by this way.
        var account = await database.AddAccountAsync(tenant);
        await database.AddMessageAsync(tenant, account, await database.AddDialogAsync(tenant, account));
        Assert.Equal([$"{third} True"], await RowsAsync(ClaimMessages(claim, except: $"'{full}'")));
    }

    [Fact]
    public async Task What_an_earlier_owner_was_sending_by_bots_fails_and_is_neither_recovered_nor_returned()
    {
        var claim = await FreshShardAsync();
        var tenant = await database.AddTenantAsync();
        var bot = await database.AddBotAsync(tenant);
        var (earlier, own, held) = (await MessageAsync(bot, "sending", claim.Epoch - 1), await MessageAsync(bot, "sending", claim.Epoch, peer: 2), await MessageAsync(bot, "sending", claim.Epoch, peer: 3));
        var account = await database.AddAccountAsync(tenant);
        var ofAccount = await database.AddMessageAsync(tenant, account, await database.AddDialogAsync(tenant, account), status: "sending", epoch: claim.Epoch - 1);

        await RowsAsync($"select doors.return_messages({Shard}, {claim.Epoch}, '{{}}')");
        Assert.Equal($"sending {claim.Epoch}", await StateAsync(own));
        Assert.Equal(["1"], await RowsAsync($"select doors.settle_bot_messages({Shard}, {claim.Epoch}, 'OUTCOME_UNKNOWN', 'x')"));
        Assert.Equal(["1"], await RowsAsync($"select doors.recover_messages({Shard}, {claim.Epoch})"));
        Assert.Equal(["1"], await RowsAsync($"select doors.return_bot_messages({Shard}, {claim.Epoch}, array['{held}'::uuid])"));

        Assert.Equal(["failed OUTCOME_UNKNOWN"], await AdminRowsAsync($"select status, error_code from messages where id = '{earlier}'"));
        Assert.Equal(["message.updated failed"], await AdminRowsAsync($"select type, data ->> 'status' from outbox where bot_id = '{bot}' and user_id is null"));
        Assert.Equal($"pending {claim.Epoch}", await StateAsync(own));
        Assert.Equal($"sending {claim.Epoch}", await StateAsync(held));
        Assert.StartsWith("pending", await StateAsync(ofAccount), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processed_updates_go_after_their_time_a_limited_number_at_once_and_waiting_ones_stay()
    {
        var bot = await database.AddBotAsync(await database.AddTenantAsync(), shard: 3);
        foreach (var i in Enumerable.Range(1, 4))
            await UpdateAsync(bot, i, 5, 3);
        await AdminAsync($"update telegram_bot_updates set processed_at = now() - make_interval(hours => 23 + update_id::int) where bot_id = '{bot}' and update_id < 4");

        Assert.Equal(["1"], await RowsAsync("select doors.forget_bot_updates(now() - interval '24.5 hours', 1)"));
        Assert.Equal(["1", "2", "4"], await AdminRowsAsync($"select update_id from telegram_bot_updates where bot_id = '{bot}' order by 1"));
        Assert.Equal(["1"], await RowsAsync("select doors.forget_bot_updates(now() - interval '24.5 hours', 10)"));
        Assert.Equal(["1", "4"], await AdminRowsAsync($"select update_id from telegram_bot_updates where bot_id = '{bot}' order by 1"));
    }

    [Fact]
    public async Task The_age_of_the_inbox_is_told_as_a_number_alone()
    {
        await AdminAsync("delete from telegram_bot_updates");
        Assert.Equal(["0"], await RowsAsync("select doors.bot_inbox_age()"));
        var bot = await database.AddBotAsync(await database.AddTenantAsync(), shard: 2);
        await UpdateAsync(bot, 1, 5, 2);
        await AdminAsync($"update telegram_bot_updates set received_at = now() - interval '1 minute' where bot_id = '{bot}'");

        Assert.Equal(["True"], await RowsAsync("select doors.bot_inbox_age() between 60 and 300"));
    }

    [Fact]
    public async Task The_balance_of_bots_stands_beside_that_of_accounts()
    {
        var tenant = await database.AddTenantAsync();
        var bot = await database.AddBotAsync(tenant, shard: 3);
        await MessageAsync(bot, "delivered", peer: 1, shard: 3);
        await MessageAsync(bot, "failed", peer: 2, shard: 3);
        await AdminAsync($"insert into message_counters (tenant_id, channel, stripe, accepted) values ('{tenant}', 'telegram_bot', 0, 3)");

        Assert.Equal(["telegram_bot 3 1 1 0"], await RowsAsync($"select channel, accepted, delivered, failed, in_flight from doors.message_balance() where tenant_id = '{tenant}'"));
    }

    private static string ClaimMessages(ShardClaim claim, int share = 10, string except = "") =>
        $"select id, token_sealed is not null from doors.claim_bot_messages({Shard}, {claim.Epoch}, 'sandbox', 10, {share}, array[{except}]::uuid[])";

    private async Task<ShardClaim> FreshShardAsync()
    {
        await AdminAsync(
            $"delete from messages where shard = {Shard}; delete from telegram_bot_updates where shard = {Shard}; delete from outbox; update shards set epoch = epoch + 5 where id = {Shard}");
        return await database.OwnAsync(Shard);
    }

    private Task UpdateAsync(Guid bot, int update, long chat, int shard = Shard) =>
        AdminAsync($"insert into telegram_bot_updates (bot_id, update_id, tenant_id, shard, chat_id, payload) select id, {update}, tenant_id, {shard}, {chat}, '{{}}' from telegram_bots where id = '{bot}'");

    /// <summary>An accepted message of a bot, in a dialog of its own for each peer.</summary>
    private async Task<Guid> MessageAsync(Guid bot, string status = "pending", long epoch = 0, long peer = 1000002, int shard = Shard)
    {
        var message = CoreDatabase.NewId();
        await AdminAsync(
            $"""
             insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id) select gen_random_uuid(), tenant_id, 'telegram_bot', id, 'user', {peer} from telegram_bots where id = '{bot}'
             on conflict do nothing;
             insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, accepted_at, epoch)
             select '{message}', tenant_id, bot_id, id, {shard}, 'telegram_bot_out', '{status}', 'hello', now(), {epoch} from dialogs where bot_id = '{bot}' and peer_id = {peer};
             """);
        return message;
    }

    private async Task<string> StateAsync(Guid message) => (await AdminRowsAsync($"select status, epoch from messages where id = '{message}'"))[0];

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);
}
