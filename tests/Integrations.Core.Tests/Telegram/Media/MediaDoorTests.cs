using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Tests.Telegram.Media;

/// <summary>The doors of a shard's owner to messages with files, and to the files themselves: each with what it must not do.</summary>
public sealed class MediaDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const int Shard = 0;

    [Fact]
    public async Task Without_the_current_epoch_no_message_with_a_file_and_no_address_is_claimed()
    {
        var stale = await database.OwnAsync(Shard);
        await database.OwnAsync(Shard);

        foreach (var sql in new[] { ClaimSql(stale), BotClaimSql(stale), AddressSql(stale) })
            Assert.Equal("IN001", (await Assert.ThrowsAsync<PostgresException>(() => RowsAsync(sql))).SqlState);
    }

    [Fact]
    public async Task An_album_is_claimed_whole_and_only_when_all_its_files_are_here()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync();
        var (first, waiting) = (await FileAsync(tenant), await FileAsync(tenant, "waiting"));
        var (one, two) = (await MessageAsync(tenant, account, dialog, first, album: 7), await MessageAsync(tenant, account, dialog, waiting, album: 7));
        var behind = await database.AddMessageAsync(tenant, account, dialog);

        Assert.Empty(await RowsAsync(ClaimSql(claim)));
        // What was said later stands behind it, also as a text.
        Assert.Empty(await RowsAsync($"select id from doors.claim_messages({Shard}, {claim.Epoch}, 'sandbox', 10, '{{}}')"));

        await AdminAsync($"update media set state = 'ready', size = 5 where id = '{waiting}'");
        Assert.Equal([$"{one} {first}", $"{two} {waiting}"], await RowsAsync(ClaimSql(claim)));
        Assert.Empty(await RowsAsync(ClaimSql(claim)));
        Assert.Equal("pending", await StateAsync(behind));
    }

    [Theory]
    [InlineData("update messages set not_before = 'infinity' where id = '{0}'")]
    [InlineData("update messages set shard = 1 where id = '{0}'")]
    [InlineData("update media set state = 'waiting' where id = '{2}'")]
    [InlineData("update telegram_accounts set status = 'paused' where id = '{1}'")]
    [InlineData("update telegram_accounts set goal = 'disconnected' where id = '{1}'")]
    [InlineData("update telegram_accounts set world = 'telegram' where id = '{1}'")]
    [InlineData("insert into telegram_flood_waits (account_id, method, tenant_id, until) select id, 'messages.sendMedia', tenant_id, 'infinity' from telegram_accounts where id = '{1}'")]
    public async Task Claiming_messages_with_files_leaves_what_must_wait(string reason)
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync();
        var file = await FileAsync(tenant);
        var message = await MessageAsync(tenant, account, dialog, file);
        await AdminAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, reason, message, account, file));

        Assert.Empty(await RowsAsync(ClaimSql(claim)));
    }

    [Fact]
    public async Task Of_one_account_one_is_claimed_at_a_time_and_full_ones_are_left()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync();
        var first = await MessageAsync(tenant, account, dialog, await FileAsync(tenant));
        var second = await MessageAsync(tenant, account, await database.AddDialogAsync(tenant, account, peer: 78), await FileAsync(tenant));

        Assert.Empty(await RowsAsync(ClaimSql(claim, $"'{account}'")));
        Assert.StartsWith(first.ToString(), Assert.Single(await RowsAsync(ClaimSql(claim))), StringComparison.Ordinal);
        Assert.StartsWith(second.ToString(), Assert.Single(await RowsAsync(ClaimSql(claim))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_bots_send_with_files_is_claimed_album_by_album_and_shows_no_token_of_a_deleted_one()
    {
        var claim = await FreshShardAsync();
        var tenant = await database.AddTenantAsync();
        var (bot, gone, full) = (await database.AddBotAsync(tenant), await database.AddBotAsync(tenant), await database.AddBotAsync(tenant));
        var (one, two) = (await BotMessageAsync(tenant, bot, album: 9), await BotMessageAsync(tenant, bot, album: 9));
        var (last, waiting) = (await BotMessageAsync(tenant, gone), await BotMessageAsync(tenant, full));
        await AdminAsync($"update telegram_bots set deleted_at = now(), is_active = false where id = '{gone}'");

        Assert.Equal([$"{one} True", $"{two} True", $"{last} False"], await RowsAsync(BotClaimSql(claim, $"'{full}'")));
        Assert.Equal("pending", await StateAsync(waiting));
    }

    [Fact]
    public async Task Addresses_are_shown_to_the_owner_of_the_shard_that_sends_and_only_what_waits_and_is_due()
    {
        var claim = await FreshShardAsync();
        var (tenant, account, dialog) = await AnAccountAsync();
        Guid[] files = [await AddressAsync(tenant), await AddressAsync(tenant), await AddressAsync(tenant), await AddressAsync(tenant), await AddressAsync(tenant)];
        foreach (var file in files[..4])
            await MessageAsync(tenant, account, dialog, file);
        await AdminAsync(
            $"""
             update media set not_before = 'infinity' where id = '{files[1]}';
             update messages set shard = 1 where media_id = '{files[2]}';
             update media set state = 'failed' where id = '{files[3]}';
             """);

        // The fifth is no message's.
        Assert.Empty(await RowsAsync(AddressSql(claim, $"'{files[0]}'")));
        Assert.Equal([$"{files[0]} 1"], await RowsAsync(AddressSql(claim)));
    }

    [Fact]
    public async Task Uploads_that_nobody_sent_go_a_limited_number_at_a_time_and_what_a_message_has_stays()
    {
        var (tenant, account, dialog) = await AnAccountAsync();
        Guid[] files = [await FileAsync(tenant), await FileAsync(tenant), await FileAsync(tenant), await FileAsync(tenant)];
        await AdminAsync(
            $"""
             update media set created_at = now() - interval '2 days' where id in ('{files[0]}', '{files[1]}', '{files[2]}');
             insert into media_parts (tenant_id, media_id, part, content) values ('{tenant}', '{files[0]}', 0, '\x01');
             """);
        await MessageAsync(tenant, account, dialog, files[2]);

        Assert.Equal(["1"], await RowsAsync("select doors.forget_unsent_media(now() - interval '1 day', 1)"));
        Assert.Equal(["1"], await RowsAsync("select doors.forget_unsent_media(now() - interval '1 day', 10)"));
        Assert.Equal(["0"], await RowsAsync("select doors.forget_unsent_media(now() - interval '1 day', 10)"));
        Assert.Equal(new[] { files[2], files[3] }.Select(id => id.ToString()).Order(StringComparer.Ordinal), await CoreDatabase.RowsAsync(database.Admin, $"select id from media where tenant_id = '{tenant}' order by id::text collate \"C\""));
        Assert.Empty(await CoreDatabase.RowsAsync(database.Admin, $"select 1 from media_parts where media_id = '{files[0]}'"));
    }

    [Fact]
    public async Task An_upload_that_a_message_is_just_taking_is_not_swept_away()
    {
        var (tenant, account, dialog) = await AnAccountAsync();
        var file = await FileAsync(tenant);
        await AdminAsync($"update media set created_at = now() - interval '2 days' where id = '{file}'");
        await using var connection = await database.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var taking = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        // As a message takes it: its row is locked first.
        await using (var insert = new NpgsqlCommand(
            $"select from media where id = '{file}' for update; {InsertSql(CoreDatabase.NewId(), tenant, account, dialog, file, null)}", connection, taking))
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await RowsAsync("select doors.forget_unsent_media(now() - interval '1 day', 100)");

        await taking.CommitAsync(TestContext.Current.CancellationToken);
        Assert.Single(await CoreDatabase.RowsAsync(database.Admin, $"select 1 from media where id = '{file}'"));
    }

    private static string ClaimSql(ShardClaim claim, string except = "") =>
        $"select id, media_id from doors.claim_media_messages({Shard}, {claim.Epoch}, 'sandbox', 10, array[{except}]::uuid[])";

    private static string BotClaimSql(ShardClaim claim, string except = "") =>
        $"select id, token_sealed is not null from doors.claim_bot_media_messages({Shard}, {claim.Epoch}, 'sandbox', 10, 5, array[{except}]::uuid[])";

    private static string AddressSql(ShardClaim claim, string except = "") =>
        $"select id, attempts from doors.claim_media_addresses({Shard}, {claim.Epoch}, 10, array[{except}]::uuid[])";

    private static string InsertSql(Guid id, TenantId tenant, Guid account, Guid dialog, Guid file, long? album) =>
        $"""
         insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at, media_id, album_id)
         values ('{id}', '{tenant}', '{account}', '{dialog}', {Shard}, 'personal_telegram_out', 'pending', '', {id.GetHashCode()}, now(), '{file}', {album?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"})
         """;

    private async Task<ShardClaim> FreshShardAsync()
    {
        await AdminAsync("update messages set status = 'failed' where status in ('pending', 'sending')");
        return await database.OwnAsync(Shard);
    }

    private async Task<(TenantId Tenant, Guid Account, Guid Dialog)> AnAccountAsync()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant);
        await AdminAsync($"update telegram_accounts set shard = {Shard} where id = '{account}'");
        return (tenant, account, await database.AddDialogAsync(tenant, account));
    }

    private async Task<Guid> FileAsync(TenantId tenant, string state = "ready")
    {
        var id = CoreDatabase.NewId();
        await AdminAsync($"insert into media (id, tenant_id, kind, source, state, size) values ('{id}', '{tenant}', 'photo', 'upload', '{state}', 5)");
        return id;
    }

    private async Task<Guid> AddressAsync(TenantId tenant)
    {
        var id = CoreDatabase.NewId();
        await AdminAsync($"insert into media (id, tenant_id, kind, source, location_sealed) values ('{id}', '{tenant}', 'photo', 'url', '\\x01')");
        return id;
    }

    private async Task<Guid> MessageAsync(TenantId tenant, Guid account, Guid dialog, Guid file, long? album = null)
    {
        var id = CoreDatabase.NewId();
        await AdminAsync(InsertSql(id, tenant, account, dialog, file, album));
        return id;
    }

    private async Task<Guid> BotMessageAsync(TenantId tenant, Guid bot, long? album = null)
    {
        var (id, file) = (CoreDatabase.NewId(), await FileAsync(tenant));
        await AdminAsync(
            $"""
             insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id) values (gen_random_uuid(), '{tenant}', 'telegram_bot', '{bot}', 'user', 5) on conflict do nothing;
             update telegram_bots set shard = {Shard} where id = '{bot}';
             insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, accepted_at, media_id, album_id)
             select '{id}', '{tenant}', '{bot}', id, {Shard}, 'telegram_bot_out', 'pending', '', now(), '{file}', {album?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}
               from dialogs where bot_id = '{bot}';
             """);
        return id;
    }

    private async Task<string> StateAsync(Guid message) => (await CoreDatabase.RowsAsync(database.Admin, $"select status from messages where id = '{message}'"))[0];

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);
}
