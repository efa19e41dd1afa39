using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors to what is told in working groups: each with what it must not do.</summary>
public sealed class MirrorDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const int Shard = 0;

    [Fact]
    public async Task What_happens_is_planned_once_and_only_for_projects_that_mirror()
    {
        await DrainAsync();
        var tenant = await database.AddTenantAsync();
        var (mirrored, plain) = (await ProjectAsync(tenant, true, -1000000000501), await ProjectAsync(tenant, false, -1000000000502));
        var (inside, outside, nowhere) = (await AccountAsync(tenant, mirrored), await AccountAsync(tenant, plain), await database.AddAccountAsync(tenant));
        var told = await SaidAsync(tenant, inside, 21);
        await SaidAsync(tenant, outside, 22);
        await SaidAsync(tenant, nowhere, 23);
        // The group itself, which an account reads that is in it: telling it there would never end.
        await SaidAsync(tenant, inside, 501, "channel");
        // And what is said to a bot that manages the group.
        var managing = await database.AddBotAsync(tenant);
        var bot = await database.AddBotAsync(tenant);
        await AdminAsync($"update integrations set project_id = '{mirrored}' where id in ('{managing}', '{bot}'); insert into working_group_bots (bot_id, tenant_id, project_id) values ('{managing}', '{tenant}', '{mirrored}')");
        await BotSaidAsync(tenant, managing, 24);
        var toBot = await BotSaidAsync(tenant, bot, 25);

        Assert.Equal(["{0}"], await PlanAsync());

        Assert.Equal([$"{told} 1", $"{toBot} 1"], await AdminRowsAsync($"select message_id, news from mirror_items where tenant_id = '{tenant}' order by seq"));
        Assert.Empty(await PlanAsync());
        // News of what waits already is no second item, and what came while it is being posted is not lost.
        await AdminAsync($"insert into outbox (tenant_id, user_id, account_id, type, data) select '{tenant}', 1, '{inside}', 'message.updated', jsonb_build_object('id', '{told}'); select doors.relay_events(500)");
        Assert.Equal(["{0}"], await PlanAsync());
        Assert.Equal([$"{told} 2", $"{toBot} 1"], await AdminRowsAsync($"select message_id, news from mirror_items where tenant_id = '{tenant}' order by seq"));
    }

    [Fact]
    public async Task Two_planners_at_once_plan_each_event_once()
    {
        await DrainAsync();
        var tenant = await database.AddTenantAsync();
        var account = await AccountAsync(tenant, await ProjectAsync(tenant, true, -1000000000601));
        foreach (var i in Enumerable.Range(1, 20))
            await SaidAsync(tenant, account, 700 + i);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PlanAsync(7))));
        await DrainAsync();

        Assert.Equal(["20 20"], await AdminRowsAsync($"select count(*), sum(news) from mirror_items where tenant_id = '{tenant}'"));
    }

    [Fact]
    public async Task Events_that_no_group_was_told_yet_are_kept_while_there_is_a_group()
    {
        await DrainAsync();
        var tenant = await database.AddTenantAsync();
        var account = await AccountAsync(tenant, await ProjectAsync(tenant, true, -1000000000701));
        await SaidAsync(tenant, account, 31);
        await AdminAsync("update events set occurred_at = now() - interval '30 days'");

        await WorkerAsync("select doors.trim_events(now() - interval '7 days')");

        Assert.Equal(["1"], await AdminRowsAsync($"select count(*) from events where tenant_id = '{tenant}'"));
        Assert.Equal(["{0}"], await PlanAsync());
        await WorkerAsync("select doors.trim_events(now() - interval '7 days')");
        Assert.Equal(["0"], await AdminRowsAsync($"select count(*) from events where tenant_id = '{tenant}'"));
    }

    [Fact]
    public async Task Groups_are_listed_for_the_shard_and_the_world_that_are_asked_for_and_only_where_something_is_mirrored()
    {
        var tenant = await database.AddTenantAsync();
        var claim = await database.OwnAsync(3);
        var (shown, off, elsewhere, otherWorld) = (
            await ProjectAsync(tenant, true, -1001, 3), await ProjectAsync(tenant, false, -1002, 3), await ProjectAsync(tenant, true, -1003, 1), await ProjectAsync(tenant, true, -1004, 3, "telegram"));

        Assert.Equal([$"{tenant} {shown} False"], await RowsAsync($"select * from doors.groups_of_shard(3, {claim.Epoch}, 'sandbox')"));
        Assert.Equal("IN001", (await Assert.ThrowsAsync<PostgresException>(() => RowsAsync($"select * from doors.groups_of_shard(3, {claim.Epoch - 1}, 'sandbox')"))).SqlState);
        Assert.NotEqual(off, elsewhere);
        Assert.NotEqual(off, otherWorld);
    }

    [Fact]
    public async Task The_backlog_is_told_as_numbers_alone() =>
        Assert.Equal(
            ["bigint", "double precision"],
            await RowsAsync("select unnest(array[pg_typeof(waiting)::text, pg_typeof(oldest_seconds)::text]) from doors.mirror_backlog()"));

    private async Task<Guid> ProjectAsync(TenantId tenant, bool mirrors, long chat, int shard = Shard, string world = "sandbox")
    {
        var id = CoreDatabase.NewId();
        await AdminAsync(
            $"""
             insert into projects (id, tenant_id, name, mirroring) values ('{id}', '{tenant}', 'Project {id}', {mirrors});
             insert into working_groups (project_id, tenant_id, shard, world, chat_id) values ('{id}', '{tenant}', {shard}, '{world}', {chat});
             """);
        return id;
    }

    private async Task<Guid> AccountAsync(TenantId tenant, Guid project)
    {
        var account = await database.AddAccountAsync(tenant);
        await AdminAsync($"update telegram_accounts set project_id = '{project}' where id = '{account}'");
        return account;
    }

    private async Task<Guid> SaidAsync(TenantId tenant, Guid account, long peer, string kind = "user")
    {
        var (dialog, message) = (CoreDatabase.NewId(), CoreDatabase.NewId());
        await AdminAsync(
            $"""
             insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id) values ('{dialog}', '{tenant}', 'personal_telegram', '{account}', '{kind}', {peer});
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text) values ('{message}', '{tenant}', '{account}', '{dialog}', 0, 'personal_telegram_in', 'received', 'x');
             insert into outbox (tenant_id, user_id, account_id, type, data) values ('{tenant}', 1, '{account}', 'message.created', jsonb_build_object('id', '{message}', 'dialog_id', '{dialog}'));
             select doors.relay_events(500);
             """);
        return message;
    }

    private async Task<Guid> BotSaidAsync(TenantId tenant, Guid bot, long peer)
    {
        var (dialog, message) = (CoreDatabase.NewId(), CoreDatabase.NewId());
        await AdminAsync(
            $"""
             insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id) values ('{dialog}', '{tenant}', 'telegram_bot', '{bot}', 'user', {peer});
             insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text) values ('{message}', '{tenant}', '{bot}', '{dialog}', 0, 'telegram_bot_in', 'received', 'x');
             insert into outbox (tenant_id, bot_id, type, data) values ('{tenant}', '{bot}', 'message.created', jsonb_build_object('id', '{message}', 'dialog_id', '{dialog}'));
             select doors.relay_events(500);
             """);
        return message;
    }

    private Task<string[]> PlanAsync(int limit = 500) => RowsAsync($"select shards::text from doors.plan_mirror({limit})");

    private async Task DrainAsync()
    {
        while ((await PlanAsync()).Length > 0)
        {
        }
    }

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);

    private Task WorkerAsync(string sql) => CoreDatabase.ExecuteAsync(database.Worker, sql);
}
