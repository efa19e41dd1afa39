using Integrations.Core.Tenancy;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors by which workers find what is due at channels and with messages that were sent: each with what it must not do.</summary>
public sealed class ChannelDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    [Fact]
    public async Task What_is_scheduled_enters_the_queue_when_its_time_has_come_and_not_before()
    {
        var (tenant, account) = await AccountAsync(11);
        var gone = await database.AddAccountAsync(tenant, 11, "disconnected");
        var (due, later, lost) = (await MessageAsync(tenant, account, 11, "scheduled"), await MessageAsync(tenant, account, 11, "scheduled"), await MessageAsync(tenant, gone, 11, "scheduled"));
        await AdminAsync(
            $"""
             update messages set scheduled_for = now() - interval '1 minute', accepted_at = now() - interval '1 day' where id in ('{due}', '{lost}');
             update messages set scheduled_for = now() + interval '1 minute' where id = '{later}'
             """);

        Assert.Empty(await WorkerRowsAsync("select doors.release_scheduled(array[12], 100)"));
        Assert.Equal(["11"], await WorkerRowsAsync("select doors.release_scheduled(array[11], 100)"));

        Assert.Equal(
            [$"{due} pending - True", $"{later} scheduled - False", $"{lost} failed ACCOUNT_NOT_ACTIVE True"],
            await AdminRowsAsync($"select id, status, error_code, accepted_at > now() - interval '1 minute' and status <> 'scheduled' from messages where shard = 11 and tenant_id = '{tenant}' order by seq"));
        Assert.Empty(await WorkerRowsAsync("select doors.release_scheduled(array[11], 100)"));
    }

    [Fact]
    public async Task Of_a_messages_changes_the_oldest_is_due_once_the_message_is_there()
    {
        var (tenant, account) = await AccountAsync(12);
        var (delivered, waiting) = (await MessageAsync(tenant, account, 12, "delivered"), await MessageAsync(tenant, account, 12, "pending"));
        var (first, second, early) = (await ChangeAsync(tenant, account, delivered, 12), await ChangeAsync(tenant, account, delivered, 12), await ChangeAsync(tenant, account, waiting, 12));
        const string Due = "select id from doors.due_message_changes(array[12], 'sandbox', 'sandbox', 10, array[]::uuid[])";

        Assert.Equal([$"{first}"], await WorkerRowsAsync(Due));
        Assert.Empty(await WorkerRowsAsync("select id from doors.due_message_changes(array[13], 'sandbox', 'sandbox', 10, array[]::uuid[])"));
        Assert.Empty(await WorkerRowsAsync("select id from doors.due_message_changes(array[12], 'telegram', 'sandbox', 10, array[]::uuid[])"));
        Assert.Empty(await WorkerRowsAsync($"select id from doors.due_message_changes(array[12], 'sandbox', 'sandbox', 10, array['{first}']::uuid[])"));

        await AdminAsync($"update message_changes set state = 'done' where id = '{first}'; update messages set status = 'delivered' where id = '{waiting}'");
        Assert.Equal([$"{second}", $"{early}"], await WorkerRowsAsync(Due));

        // An account that is away keeps them for a day; then they are told as what nobody will do.
        await AdminAsync($"update telegram_accounts set status = 'error' where id = '{account}'");
        Assert.Empty(await WorkerRowsAsync(Due));
        await AdminAsync($"update message_changes set created_at = now() - interval '25 hours' where id = '{second}'");
        Assert.Equal([$"{second} False"], await WorkerRowsAsync(Due.Replace("select id", "select id, is_ready", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Questions_are_due_until_they_lapse_and_only_for_accounts_that_are_connected()
    {
        var (tenant, account) = await AccountAsync(13);
        var away = await database.AddAccountAsync(tenant, 13, "error");
        var (asked, lapsed) = (await LookAsync(tenant, account, "1 minute"), await LookAsync(tenant, account, "-1 minute"));
        await LookAsync(tenant, away, "1 minute");

        Assert.Equal([$"{asked}"], await WorkerRowsAsync("select id from doors.due_channel_looks(array[13], 'sandbox', 10, array[]::uuid[])"));
        Assert.Empty(await WorkerRowsAsync($"select id from doors.due_channel_looks(array[13], 'sandbox', 10, array['{asked}']::uuid[])"));
        Assert.Empty(await WorkerRowsAsync("select id from doors.due_channel_looks(array[99], 'sandbox', 10, array[]::uuid[])"));
        Assert.Empty(await WorkerRowsAsync("select id from doors.due_channel_looks(array[13], 'telegram', 10, array[]::uuid[])"));
        Assert.NotEqual(asked, lapsed);
    }

    [Fact]
    public async Task Questions_that_have_lapsed_go()
    {
        var (tenant, account) = await AccountAsync(14);
        var (asked, _) = (await LookAsync(tenant, account, "1 minute"), await LookAsync(tenant, account, "-1 minute"));

        await WorkerRowsAsync("select doors.forget_channel_looks(100)");

        Assert.Equal([$"{asked}"], await AdminRowsAsync($"select id from telegram_channel_looks where tenant_id = '{tenant}'"));
    }

    [Fact]
    public async Task Channels_are_due_on_their_shard_in_their_world_and_while_they_are_looked_after()
    {
        var (tenant, account) = await AccountAsync(15);
        var bot = await database.AddBotAsync(tenant, 15);
        var (mine, bots, off, gone, lost) = (
            await ChannelAsync(tenant, "account_id", account, -1), await ChannelAsync(tenant, "bot_id", bot, -2), await ChannelAsync(tenant, "bot_id", bot, -3),
            await ChannelAsync(tenant, "bot_id", bot, -4), await ChannelAsync(tenant, "bot_id", bot, -5));
        await AdminAsync(
            $"""
             update telegram_channels set is_active = false where id in ('{off}', '{lost}');
             update telegram_channels set error_code = 'CHANNEL_NOT_FOUND' where id = '{lost}';
             update telegram_channels set deleted_at = now() where id = '{gone}'
             """);
        const string Due = "select id from doors.due_channel_checks(array[15], 'sandbox', 'sandbox', 10, array[]::uuid[]) order by channel_id desc";

        Assert.Equal([$"{mine}", $"{bots}", $"{lost}"], await WorkerRowsAsync(Due));
        Assert.Equal([$"{mine}"], await WorkerRowsAsync(Due.Replace("'sandbox', 'sandbox'", "'sandbox', 'telegram'", StringComparison.Ordinal)));
        Assert.Empty(await WorkerRowsAsync(Due.Replace("15", "16", StringComparison.Ordinal)));

        await AdminAsync($"update telegram_channels set check_at = now() + interval '1 hour' where id = '{mine}'; update integrations set status = 'error' where id = '{bot}'");
        Assert.Empty(await WorkerRowsAsync(Due));
    }

    [Theory]
    [InlineData("select doors.release_scheduled(array[0], 1)")]
    [InlineData("select * from doors.due_message_changes(array[0], 'sandbox', 'sandbox', 1, array[]::uuid[])")]
    [InlineData("select * from doors.due_channel_checks(array[0], 'sandbox', 'sandbox', 1, array[]::uuid[])")]
    [InlineData("select * from doors.due_channel_looks(array[0], 'sandbox', 1, array[]::uuid[])")]
    [InlineData("select doors.forget_channel_looks(1)")]
    public async Task They_are_the_workers_alone(string sql) =>
        Assert.Equal("42501", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => CoreDatabase.RowsAsync(database.Api, sql))).SqlState);

    private async Task<(TenantId Tenant, Guid Account)> AccountAsync(int shard)
    {
        var tenant = await database.AddTenantAsync();
        return (tenant, await database.AddAccountAsync(tenant, shard));
    }

    private async Task<Guid> MessageAsync(TenantId tenant, Guid account, int shard, string status) =>
        await database.AddMessageAsync(tenant, account, await database.AddDialogAsync(tenant, account, Random.Shared.Next(1, int.MaxValue)), shard, status);

    private async Task<Guid> ChangeAsync(TenantId tenant, Guid account, Guid message, int shard)
    {
        var id = CoreDatabase.NewId();
        await AdminAsync($"insert into message_changes (id, tenant_id, message_id, account_id, shard, kind) values ('{id}', '{tenant}', '{message}', '{account}', {shard}, 'pin')");
        return id;
    }

    private async Task<Guid> LookAsync(TenantId tenant, Guid account, string lifetime)
    {
        var id = CoreDatabase.NewId();
        await AdminAsync(
            $"insert into telegram_channel_looks (id, tenant_id, user_id, account_id, kind, expires_at) values ('{id}', '{tenant}', 1, '{account}', 'list', now() + interval '{lifetime}')");
        return id;
    }

    private async Task<Guid> ChannelAsync(TenantId tenant, string column, Guid sender, long channel)
    {
        var id = CoreDatabase.NewId();
        await AdminAsync($"insert into telegram_channels (id, tenant_id, user_id, {column}, channel_id, title, type) values ('{id}', '{tenant}', 1, '{sender}', {channel}, 'c', 'channel')");
        return id;
    }

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);

    private Task<string[]> WorkerRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);
}
