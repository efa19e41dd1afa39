using Integrations.Core.Notices;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Tests.Notices;

/// <summary>Who is told what, made by the database of the timeline itself.</summary>
public sealed class NoticeTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_accounts_user_and_the_administrators_are_told_and_nobody_else()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 7);
        await database.AddUserAsync(tenant, 8);
        await CoreDatabase.ExecuteAsync(
            database.Admin, $"insert into users (id, tenant_id, user_id, subject, role, is_active) values ('{CoreDatabase.NewId()}', '{tenant}', 9, '9', 'admin', false)");

        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");

        Assert.Equal(["1 account_error", "7 account_error"], await RowsAsync(account, "user_id, kind"));
        Assert.Equal(0, (await ListAsync(tenant, 8)).Total);
        Assert.Equal(
            ["1 notice.created", "7 account.timeline", "7 notice.created"],
            await CoreDatabase.RowsAsync(database.Admin, $"select user_id, type from outbox where account_id = '{account}' order by 1, 2"));
    }

    [Fact]
    public async Task A_problem_its_end_and_its_return_are_one_notice_until_it_was_read()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await TellAsync(tenant, account, TimelineKind.Dropped, "TG_UNAVAILABLE");
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");
        Assert.Equal(["account_error 1"], await RowsAsync(account, "kind, times"));
        await TellAsync(tenant, account, TimelineKind.Back);
        Assert.Equal(["account_back 1 True"], await RowsAsync(account, "kind, times, resolved_at is not null"));
        await TellAsync(tenant, account, TimelineKind.Dropped, "TG_UNAVAILABLE");
        Assert.Equal(["account_error 2 False"], await RowsAsync(account, "kind, times, resolved_at is not null"));
        await TellAsync(tenant, account, TimelineKind.Back);

        Assert.Equal(1, await MarkAsync(tenant, 1));
        await TellAsync(tenant, account, TimelineKind.Dropped, "TG_UNAVAILABLE");

        Assert.Equal(["account_back True", "account_error False"], await RowsAsync(account, "kind, read_at is not null"));
    }

    [Fact]
    public async Task What_was_read_while_it_lasted_is_unread_again_when_it_is_over_or_gets_worse()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");
        await MarkAsync(tenant, 1);
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");
        Assert.Equal(0, (await ListAsync(tenant, 1)).Unread);

        await TellAsync(tenant, account, TimelineKind.Error, "TG_SESSION_EXPIRED");
        Assert.Equal((1, NoticeKind.LoginNeeded), Newest(await ListAsync(tenant, 1)));
        await MarkAsync(tenant, 1);
        await TellAsync(tenant, account, TimelineKind.LoginFinished);
        Assert.Equal((1, NoticeKind.AccountBack), Newest(await ListAsync(tenant, 1)));
    }

    [Fact]
    public async Task An_end_that_somebody_brought_about_himself_is_no_news()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");

        await TellAsync(tenant, account, TimelineKind.Paused);

        Assert.Equal(0, (await ListAsync(tenant, 1)).Unread);
        Assert.Equal(["account_error True"], await RowsAsync(account, "kind, resolved_at is not null"));
    }

    [Fact]
    public async Task A_muted_kind_is_not_told_and_a_muted_end_only_ends()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await new ChangeNoticeSettings(database.ApiTenants).ExecuteAsync(PrincipalOf(tenant, 1), [NoticeKind.AccountBack, NoticeKind.FloodWait], Token);
        await TellAsync(tenant, account, TimelineKind.FloodWait, "TG_API_429", InAnHour);
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");
        await TellAsync(tenant, account, TimelineKind.Back);

        Assert.Equal(["account_back True True"], await RowsAsync(account, "kind, resolved_at is not null, read_at is not null"));
        Assert.Equal([NoticeKind.AccountBack, NoticeKind.FloodWait], await new ReadNoticeSettings(database.ApiTenants).ExecuteAsync(PrincipalOf(tenant, 1), Token));
    }

    [Fact]
    public async Task Messages_that_fail_are_told_once_for_each_dialog_until_that_is_read()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 7);
        var dialog = await database.AddDialogAsync(tenant, account);
        await FailAsync(tenant, account, dialog, "TG_PEER_FORBIDDEN");
        await FailAsync(tenant, account, dialog, "TG_PEER_FORBIDDEN");
        await FailAsync(tenant, account, dialog, "TG_SESSION_EXPIRED");
        Assert.Equal(["7 message_failed 2"], await RowsAsync(account, "user_id, kind, times"));

        await MarkAsync(tenant, 7);
        await FailAsync(tenant, account, dialog, "TG_PEER_FORBIDDEN");
        Assert.Equal((1, NoticeKind.MessageFailed), Newest(await ListAsync(tenant, 7)));
        Assert.Equal(2, (await ListAsync(tenant, 7)).Total);
    }

    [Fact]
    public async Task A_wait_that_has_passed_is_forgotten_and_its_end_told_once()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await TellAsync(tenant, account, TimelineKind.FloodWait, "TG_API_429", InAnHour);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into telegram_flood_waits (account_id, method, chat, tenant_id, until) values
                 ('{account}', 'messages.sendMessage', '', '{tenant}', now() - interval '1 s'), ('{account}', 'contacts.resolvePhone', '', '{tenant}', now() + interval '1 h')
             """);
        await EndWaitsAsync();
        Assert.Equal(["flood_wait"], await RowsAsync(account, "kind"));

        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_flood_waits set until = now() - interval '1 s' where account_id = '{account}'");
        await EndWaitsAsync();
        await EndWaitsAsync();

        Assert.Equal(["flood_over"], await RowsAsync(account, "kind"));
        Assert.Equal(["flood_wait", "flood_over"], await CoreDatabase.RowsAsync(database.Admin, $"select kind from account_events where account_id = '{account}' order by seq"));
    }

    [Fact]
    public async Task The_timeline_is_bounded_by_age_and_by_number()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into account_events (tenant_id, account_id, kind, at) select '{tenant}', '{account}', 'resumed', now() - interval '1 day' from generate_series(1, 12);
             insert into account_events (tenant_id, account_id, kind, at) values ('{tenant}', '{account}', 'renamed', now() - interval '91 days');
             """);

        await CoreDatabase.ScalarAsync<int>(database.Worker, "select doors.forget_account_events(now() - interval '90 days', 10)");

        Assert.Equal(["resumed 10"], await CoreDatabase.RowsAsync(database.Admin, $"select kind, count(*) from account_events where account_id = '{account}' group by 1"));
    }

    [Fact]
    public async Task Nobody_reads_or_marks_the_notices_of_another_tenant()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await TellAsync(tenant, account, TimelineKind.Error, "TG_UNAVAILABLE");
        var other = await database.AddTenantAsync();
        var notice = (await ListAsync(tenant, 1)).Items[0].Id;

        Assert.Equal(0, (await ListAsync(other, 1)).Total);
        Assert.Equal(0, await new MarkNoticesRead(database.ApiTenants).ExecuteAsync(PrincipalOf(other, 1), [notice], Token));
        Assert.Equal(1, (await ListAsync(tenant, 1)).Unread);
    }

    [Fact]
    public async Task A_session_is_known_by_its_fingerprint_alone_and_stands_once()
    {
        var (tenant, account) = await AnAccountOfAsync(userId: 1);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set session_fingerprint = '\\x0102', session_payload = '\\x00' where id = '{account}'");
        Assert.Equal(1L, await CoreDatabase.ScalarAsync<long>(database.Api, "select count(*) from doors.known_sessions(array['\\x0102'::bytea, '\\x0304'::bytea])"));

        var second = await database.AddAccountAsync(await database.AddTenantAsync());
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => CoreDatabase.ExecuteAsync(
            database.Admin, $"update telegram_accounts set session_fingerprint = '\\x0102', session_payload = '\\x00' where id = '{second}'"));
        Assert.Equal("idx_telegram_accounts_fingerprint", refused.ConstraintName);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set session_payload = null where id = '{account}'");
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set session_fingerprint = '\\x0102', session_payload = '\\x00' where id = '{second}'");
    }

    [Fact]
    public async Task Administrators_are_told_of_a_bots_trouble_and_of_its_end_and_of_each_bot_by_itself()
    {
        var tenant = await database.AddTenantAsync();
        await database.AddUserAsync(tenant, 8);
        var (bot, other) = (await database.AddBotAsync(tenant, name: "Shop"), await database.AddBotAsync(tenant));
        Task StandsAsync(Guid which, string status, string? code = null) => CoreDatabase.ExecuteAsync(
            database.Admin, $"update integrations set status = '{status}', last_error_code = {(code is null ? "null" : $"'{code}'")} where id = '{which}'");
        Task<string[]> NoticesAsync(Guid which) => CoreDatabase.RowsAsync(
            database.Admin, $"select user_id, kind, code, times, resolved_at is not null, read_at is not null from notices where bot_id = '{which}' order by created_at");

        await StandsAsync(bot, "error", "TG_BOT_TOKEN_INVALID");
        await StandsAsync(other, "error", "TG_UNAVAILABLE");
        Assert.Equal(["1 bot_error TG_BOT_TOKEN_INVALID 1 False False"], await NoticesAsync(bot));
        Assert.Equal((2, 0), ((await ListAsync(tenant, 1)).Unread, (await ListAsync(tenant, 8)).Total));
        var told = (await ListAsync(tenant, 1)).Items.Single(notice => notice.BotId == bot);
        Assert.Equal(("Shop", null), (told.BotName, told.AccountId));
        // Tried anew it is neither well nor ill; then it is ill again, which is no news.
        await StandsAsync(bot, "pending");
        await StandsAsync(bot, "error", "TG_BOT_TOKEN_INVALID");
        Assert.Equal(["1 bot_error TG_BOT_TOKEN_INVALID 1 False False"], await NoticesAsync(bot));
        await StandsAsync(bot, "active");
        Assert.Equal(["1 bot_back TG_BOT_TOKEN_INVALID 1 True False"], await NoticesAsync(bot));
        await StandsAsync(bot, "error", "TG_UNAVAILABLE");
        Assert.Equal(["1 bot_error TG_UNAVAILABLE 2 False False"], await NoticesAsync(bot));
        // Whoever switches it off knows.
        await StandsAsync(bot, "inactive");
        Assert.Equal(["1 bot_error TG_UNAVAILABLE 2 True True"], await NoticesAsync(bot));
        Assert.Equal(["1 notice.created", "1 notice.created", "1 notice.updated", "1 notice.updated", "1 notice.updated", "1 notice.updated"], await CoreDatabase.RowsAsync(
            database.Admin, $"select user_id, type from outbox where tenant_id = '{tenant}' and type like 'notice.%' order by 2"));
    }

    [Fact]
    public async Task Whoever_connected_a_channel_is_told_that_nothing_can_be_posted_there_and_that_it_can_again()
    {
        var tenant = await database.AddTenantAsync();
        await database.AddUserAsync(tenant, 8);
        var bot = await database.AddBotAsync(tenant);
        var channel = Guid.CreateVersion7();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"insert into telegram_channels (id, tenant_id, user_id, bot_id, channel_id, title, type) values ('{channel}', '{tenant}', 8, '{bot}', -1001234567890, 'News', 'channel')");
        Task StandsAsync(string change) => CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_channels set {change} where id = '{channel}'");
        Task<string[]> NoticesAsync() => CoreDatabase.RowsAsync(
            database.Admin, $"select user_id, kind, code, times, resolved_at is not null, read_at is not null from notices where channel_id = '{channel}' order by created_at");

        await StandsAsync("error_code = 'CHANNEL_RIGHTS_MISSING'");
        // Looked at again it is the same.
        await StandsAsync("error_code = 'CHANNEL_RIGHTS_MISSING', checked_at = now()");
        Assert.Equal(["8 channel_lost CHANNEL_RIGHTS_MISSING 1 False False"], await NoticesAsync());
        var told = (await ListAsync(tenant, 8)).Items.Single();
        Assert.Equal((channel, "News", NoticeKind.ChannelLost), (told.ChannelId!.Value, told.ChannelName, told.Kind));
        Assert.Equal(0, (await ListAsync(tenant, 1)).Total);
        await StandsAsync("error_code = null");
        Assert.Equal(["8 channel_back CHANNEL_RIGHTS_MISSING 1 True False"], await NoticesAsync());
        await StandsAsync("error_code = 'CHANNEL_NOT_FOUND'");
        Assert.Equal(["8 channel_lost CHANNEL_NOT_FOUND 2 False False"], await NoticesAsync());
        await StandsAsync("deleted_at = now()");
        Assert.Equal(["8 channel_lost CHANNEL_NOT_FOUND 2 True True"], await NoticesAsync());
        Assert.Equal(0, (await ListAsync(tenant, 8)).Total);
    }

    [Fact]
    public async Task What_a_bot_could_not_deliver_is_told_to_its_sender_or_else_to_who_looks_after_bots()
    {
        var tenant = await database.AddTenantAsync();
        await database.AddUserAsync(tenant, 8);
        var bot = await database.AddBotAsync(tenant);
        var dialog = Guid.CreateVersion7();
        await CoreDatabase.ExecuteAsync(
            database.Admin, $"insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id, title) values ('{dialog}', '{tenant}', 'telegram_bot', '{bot}', 'user', 77, 'Gleb')");
        async Task FailAsync(string sentBy, string code)
        {
            var id = Guid.CreateVersion7();
            await CoreDatabase.ExecuteAsync(
                database.Admin,
                $"""
                 insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, sent_by) values ('{id}', '{tenant}', '{bot}', '{dialog}', 0, 'telegram_bot_out', 'pending', 'x', {sentBy});
                 update messages set status = 'failed', error_code = '{code}' where id = '{id}';
                 """);
        }

        await FailAsync("8", "TG_PEER_FORBIDDEN");
        await FailAsync("8", "TG_PEER_FORBIDDEN");
        await FailAsync("null", "TG_PEER_UNKNOWN");
        await FailAsync("8", "BOT_NOT_ACTIVE");

        Assert.Equal(
            ["1 TG_PEER_UNKNOWN 1", "8 TG_PEER_FORBIDDEN 2"],
            await CoreDatabase.RowsAsync(database.Admin, $"select user_id, code, times from notices where bot_id = '{bot}' and kind = 'message_failed' order by user_id"));
        var told = (await ListAsync(tenant, 8)).Items.Single();
        Assert.Equal((dialog, "Gleb"), (told.DialogId!.Value, told.DialogName));
    }

    private static DateTimeOffset InAnHour => TimeProvider.System.GetUtcNow().AddHours(1);

    private static Principal PrincipalOf(TenantId tenant, int userId) => new(tenant, userId, Role.Operator, null, null);

    private static (int, NoticeKind) Newest(NoticePage page) => (page.Unread, page.Items[0].Kind);

    private async Task<(TenantId Tenant, Guid Account)> AnAccountOfAsync(int userId)
    {
        var tenant = await database.AddTenantAsync();
        if (userId != 1)
            await database.AddUserAsync(tenant, userId);
        return (tenant, await database.AddAccountAsync(tenant, userId: userId));
    }

    private Task TellAsync(TenantId tenant, Guid account, TimelineKind kind, string? code = null, DateTimeOffset? until = null) =>
        database.WorkerTenants.InTenantAsync(
            tenant, transaction => AccountTimeline.WriteAsync(transaction, account, new TimelineEntry(kind) { Code = code, Until = until }, Token), Token);

    private async Task FailAsync(TenantId tenant, Guid account, Guid dialog, string code)
    {
        var message = await database.AddMessageAsync(tenant, account, dialog);
        await database.WorkerTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command($"update messages set status = 'failed', error_code = '{code}' where id = '{message}'");
                await command.ExecuteNonQueryAsync(Token);
            },
            Token);
    }

    private Task<NoticePage> ListAsync(TenantId tenant, int userId) => new ListNotices(database.ApiTenants).ExecuteAsync(PrincipalOf(tenant, userId), 1, 20, Token);

    private Task<int> MarkAsync(TenantId tenant, int userId) => new MarkNoticesRead(database.ApiTenants).ExecuteAsync(PrincipalOf(tenant, userId), null, Token);

    private Task<int> EndWaitsAsync() => CoreDatabase.ScalarAsync<int>(database.Worker, "select doors.end_flood_waits(100)");

    private Task<string[]> RowsAsync(Guid account, string columns) =>
        CoreDatabase.RowsAsync(database.Admin, $"select {columns} from notices where account_id = '{account}' order by created_at, user_id");
}
