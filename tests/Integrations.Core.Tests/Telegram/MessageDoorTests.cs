using Integrations.Core.Ownership;
using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors of a shard's owner to accounts and messages: each with what it must not do.</summary>
public sealed class MessageDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const int Shard = 0;
    private const int OtherShard = 1;

    [Fact]
    public async Task Without_the_current_epoch_nothing_is_claimed_recorded_recovered_or_failed()
    {
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var message = await database.AddMessageAsync(tenant, account, dialog);
        var stale = await database.OwnAsync(Shard);
        await database.OwnAsync(Shard);

        foreach (var sql in new[]
        {
            $"select * from doors.claim_messages({Shard}, {stale.Epoch}, 'sandbox', 10, '{{}}')",
            $"select doors.recover_messages({Shard}, {stale.Epoch})",
            $"select doors.fail_messages({Shard}, {stale.Epoch}, '{account}', 'X', 'x')",
            Record(stale, message, "delivered"),
            $"select doors.return_messages({Shard}, {stale.Epoch}, '{{}}')",
            $"select doors.save_positions({Shard}, {stale.Epoch}, array['{account}'::uuid], '{{1}}', '{{1}}', '{{1}}', '{{1}}')",
            $"select doors.save_channel_positions({Shard}, {stale.Epoch}, array['{account}'::uuid], '{{1}}', '{{1}}')",
        })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => RowsAsync(sql));
            Assert.Equal("IN001", refused.SqlState);
        }

        Assert.Equal("pending 0", await StateAsync(message));
        Assert.Empty(await AdminRowsAsync($"select pts from telegram_update_states where account_id = '{account}' union select pts from telegram_channel_states where account_id = '{account}'"));
    }

    [Fact]
    public async Task Claiming_takes_the_oldest_unfinished_message_of_each_dialog_interactive_first()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var bulk = await database.AddMessageAsync(tenant, account, dialog, priority: 0);
        var behind = await database.AddMessageAsync(tenant, account, dialog);
        var other = await database.AddDialogAsync(tenant, account, peer: 77);
        var interactive = await database.AddMessageAsync(tenant, account, other);

        var first = await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 1, '{{}}')");
        var rest = await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 10, '{{}}')");

        Assert.Equal([interactive.ToString()], first);
        Assert.Equal([bulk.ToString()], rest);
        Assert.Equal("pending 0", await StateAsync(behind));
        Assert.Equal($"sending {claim.Epoch}", await StateAsync(bulk));
    }

    [Theory]
    [InlineData("update messages set not_before = 'infinity' where id = '{0}'")]
    [InlineData("update messages set shard = 1 where id = '{0}'")]
    [InlineData("update telegram_accounts set status = 'paused' where id = '{1}'")]
    [InlineData("update telegram_accounts set goal = 'disconnected' where id = '{1}'")]
    [InlineData("insert into telegram_flood_waits (account_id, method, tenant_id, until) select id, 'messages.sendMessage', tenant_id, 'infinity' from telegram_accounts where id = '{1}'")]
    [InlineData("insert into telegram_flood_waits (account_id, method, chat, tenant_id, until) select id, 'messages.sendMessage', '{2}', tenant_id, 'infinity' from telegram_accounts where id = '{1}'")]
    [InlineData("update messages set status = 'sending' where id = '{0}'")]
    [InlineData("update telegram_accounts set world = 'telegram' where id = '{1}'")]
    public async Task Claiming_leaves_what_must_wait(string reason)
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var message = await database.AddMessageAsync(tenant, account, dialog);
        await CoreDatabase.ExecuteAsync(database.Admin, string.Format(System.Globalization.CultureInfo.InvariantCulture, reason, message, account, dialog));

        Assert.Empty(await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 10, '{{}}')"));
    }

    [Fact]
    public async Task Claiming_leaves_accounts_that_are_named_as_full()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        await database.AddMessageAsync(tenant, account, dialog);

        Assert.Empty(await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 10, array['{account}'::uuid])"));
    }

    [Fact]
    public async Task An_outcome_is_written_once_with_its_event_and_its_log_line()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var message = await database.AddMessageAsync(tenant, account, dialog);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set trace_id = 'abc' where id = '{message}'");
        await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 10, '{{}}')");

        Assert.Equal([message.ToString()], await RowsAsync(Record(claim, message, "delivered", telegramId: 5)));
        Assert.Empty(await RowsAsync(Record(claim, message, "failed")));
        Assert.Equal($"delivered {claim.Epoch}", await StateAsync(message));
        Assert.Equal(
            ["message.updated delivered 5 1"],
            await AdminRowsAsync($"select type, data->>'status', data->>'telegram_message_id', user_id from outbox where data->>'id' = '{message}'"));
        Assert.Equal(["personal.send_message success abc"], await AdminRowsAsync($"select action, status, trace_id from integration_logs where details->>'message_id' = '{message}'"));
    }

    [Fact]
    public async Task An_outcome_for_a_message_of_another_shard_or_a_later_epoch_is_left_alone()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(OtherShard);
        var elsewhere = await database.AddMessageAsync(tenant, account, dialog, shard: OtherShard, status: "sending", epoch: claim.Epoch);
        var (tenant2, account2, dialog2) = await AnAccountAsync(Shard);
        var later = await database.AddMessageAsync(tenant2, account2, dialog2, status: "sending", epoch: claim.Epoch - 1);

        Assert.Empty(await RowsAsync(Record(claim, elsewhere, "delivered")));
        Assert.Empty(await RowsAsync(Record(claim, later, "delivered")));
    }

    [Fact]
    public async Task The_own_message_that_came_back_first_gives_way_to_the_accepted_one_and_no_other_row_does()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var message = await database.AddMessageAsync(tenant, account, dialog, status: "sending", epoch: claim.Epoch);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_message_id)
             select gen_random_uuid(), '{tenant}', '{account}', '{dialog}', {Shard}, d, s, 'hello', n
               from (values ('personal_telegram_out', 'delivered', 9), ('personal_telegram_in', 'received', 8)) v (d, s, n)
             """);

        await RowsAsync(Record(claim, message, "delivered", telegramId: 9));

        Assert.Equal([$"8 personal_telegram_in", "9 personal_telegram_out"], await AdminRowsAsync($"select telegram_message_id, direction from messages where dialog_id = '{dialog}' order by 1"));
        Assert.Equal($"delivered {claim.Epoch}", await StateAsync(message));
    }

    [Fact]
    public async Task Recovering_gives_back_what_an_earlier_owner_left_in_sending_and_not_ones_own()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var left = await database.AddMessageAsync(tenant, account, dialog, status: "sending", epoch: claim.Epoch - 1);
        var own = await database.AddMessageAsync(tenant, account, dialog, status: "sending", epoch: claim.Epoch);
        var (tenant2, account2, dialog2) = await AnAccountAsync(OtherShard);
        var elsewhere = await database.AddMessageAsync(tenant2, account2, dialog2, shard: OtherShard, status: "sending", epoch: 0);

        Assert.Equal(["1"], await RowsAsync($"select doors.recover_messages({Shard}, {claim.Epoch})"));
        Assert.StartsWith("pending", await StateAsync(left), StringComparison.Ordinal);
        Assert.StartsWith("sending", await StateAsync(own), StringComparison.Ordinal);
        Assert.StartsWith("sending", await StateAsync(elsewhere), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Returning_gives_back_only_what_this_epoch_claimed_and_nobody_holds()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var forgotten = await database.AddMessageAsync(tenant, account, dialog, status: "sending", epoch: claim.Epoch);
        var held = await database.AddMessageAsync(tenant, account, dialog, status: "sending", epoch: claim.Epoch);
        var done = await database.AddMessageAsync(tenant, account, dialog, status: "delivered", epoch: claim.Epoch);
        var (tenant2, account2, dialog2) = await AnAccountAsync(OtherShard);
        var elsewhere = await database.AddMessageAsync(tenant2, account2, dialog2, shard: OtherShard, status: "sending", epoch: claim.Epoch);

        Assert.Equal(["1"], await RowsAsync($"select doors.return_messages({Shard}, {claim.Epoch}, array['{held}'::uuid])"));
        Assert.Equal(
            ["pending", "sending", "delivered", "sending"],
            await Task.WhenAll(new[] { forgotten, held, done, elsewhere }.Select(async message => (await StateAsync(message)).Split(' ')[0])));
    }

    [Fact]
    public async Task Positions_are_saved_for_accounts_of_the_shard_and_for_no_others()
    {
        var claim = await FreshShardAsync();
        var (_, here, _) = await AnAccountAsync(Shard);
        var (_, elsewhere, _) = await AnAccountAsync(OtherShard);
        var both = $"array['{here}','{elsewhere}']::uuid[]";

        foreach (var pts in new[] { 5, 6 })
        {
            await RowsAsync($"select doors.save_positions({Shard}, {claim.Epoch}, {both}, '{{{pts},{pts}}}', '{{1,1}}', '{{2,2}}', '{{3,3}}')");
            await RowsAsync($"select doors.save_channel_positions({Shard}, {claim.Epoch}, {both}, '{{77,77}}', '{{{pts},{pts}}}')");
        }

        Assert.Equal([$"{here} 6 1 2 3"], await AdminRowsAsync($"select account_id, pts, qts, date, seq from telegram_update_states where account_id = any ({both})"));
        Assert.Equal([$"{here} 77 6"], await AdminRowsAsync($"select account_id, channel_id, pts from telegram_channel_states where account_id = any ({both})"));
    }

    [Fact]
    public async Task Failing_an_account_ends_its_unfinished_messages_and_nobody_elses()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(Shard);
        var pending = await database.AddMessageAsync(tenant, account, dialog);
        var done = await database.AddMessageAsync(tenant, account, dialog, status: "delivered");
        var (tenant2, account2, dialog2) = await AnAccountAsync(Shard);
        var other = await database.AddMessageAsync(tenant2, account2, dialog2);

        Assert.Equal(["1"], await RowsAsync($"select doors.fail_messages({Shard}, {claim.Epoch}, '{account}', 'TG_SESSION_EXPIRED', 'gone')"));
        Assert.Equal(["failed TG_SESSION_EXPIRED gone"], await AdminRowsAsync($"select status, error_code, error_detail from messages where id = '{pending}'"));
        Assert.StartsWith("delivered", await StateAsync(done), StringComparison.Ordinal);
        Assert.StartsWith("pending", await StateAsync(other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failing_does_not_reach_an_account_of_another_shard()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync(OtherShard);
        var message = await database.AddMessageAsync(tenant, account, dialog, shard: OtherShard);

        Assert.Equal(["0"], await RowsAsync($"select doors.fail_messages({Shard}, {claim.Epoch}, '{account}', 'X', 'x')"));
        Assert.StartsWith("pending", await StateAsync(message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accounts_are_listed_for_the_shards_and_the_world_that_are_asked_for_and_without_secrets()
    {
        var tenant = await database.AddTenantAsync();
        var here = await database.AddAccountAsync(tenant, shard: 2);
        await database.AddAccountAsync(tenant, shard: 2, world: "telegram");
        await database.AddAccountAsync(tenant, shard: 3);
        var deleted = await database.AddAccountAsync(tenant, shard: 2);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set deleted_at = now() where id = '{deleted}'");

        Assert.Equal([here.ToString()], await RowsAsync("select id from doors.accounts_of_shards('{2}', 'sandbox')"));
        var columns = await AdminRowsAsync("select unnest(proargnames) from pg_proc where proname = 'accounts_of_shards'");
        Assert.DoesNotContain(columns, column => column.Contains("payload", StringComparison.Ordinal) || column.Contains("phone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_live_Telegram_user_is_told_only_as_yes_or_no_and_not_about_the_asking_account()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant, shard: 3);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set telegram_user_id = 555 where id = '{account}'");

        Assert.Equal(
            ["True False False"],
            await RowsAsync($"select doors.live_telegram_user('sandbox', 555, gen_random_uuid()), doors.live_telegram_user('sandbox', 555, '{account}'), doors.live_telegram_user('telegram', 555, gen_random_uuid())"));
    }

    [Fact]
    public async Task The_balance_counts_what_was_accepted_against_what_is_there()
    {
        var (tenant, account, dialog) = await AnAccountAsync(3);
        foreach (var status in new[] { "delivered", "delivered", "failed", "pending", "sending" })
            await database.AddMessageAsync(tenant, account, dialog, shard: 3, status: status);

        await CoreDatabase.ExecuteAsync(
            database.Admin, $"insert into message_counters (tenant_id, channel, stripe, accepted) values ('{tenant}', 'personal_telegram', 0, 4), ('{tenant}', 'personal_telegram', 1, 2)");

        Assert.Equal(["personal_telegram 6 2 1 2"], await RowsAsync($"select channel, accepted, delivered, failed, in_flight from doors.message_balance() where tenant_id = '{tenant}'"));
    }

    /// <summary>Takes the shard over and clears its queue, so that tests of one class do not meet.</summary>
    private async Task<ShardClaim> FreshShardAsync()
    {
        await CoreDatabase.ExecuteAsync(database.Admin, $"delete from messages where shard = {Shard}; update shards set epoch = epoch + 5 where id = {Shard}");
        return await database.OwnAsync(Shard);
    }

    private async Task<(Core.Tenancy.TenantId Tenant, Guid Account, Guid Dialog)> AnAccountAsync(int shard)
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant, shard);
        return (tenant, account, await database.AddDialogAsync(tenant, account));
    }

    private static string Record(ShardClaim claim, Guid message, string status, int? telegramId = null)
    {
        var id = telegramId is { } value ? value.ToString(System.Globalization.CultureInfo.InvariantCulture) : "null";
        return $"select * from doors.record_outcomes({claim.Shard}, {claim.Epoch}, array['{message}'::uuid], array['{status}'], array[{id}]::integer[], "
            + "array[null]::timestamptz[], array[null]::text[], array[null]::text[], array[null]::timestamptz[])";
    }

    private async Task<string> StateAsync(Guid message) => (await AdminRowsAsync($"select status, epoch from messages where id = '{message}'"))[0];

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);
}
