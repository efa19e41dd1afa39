using Npgsql;

namespace Integrations.Core.Tests.Tenancy;

/// <summary>What one tenant is to another: nothing.</summary>
public sealed class RowSecurityTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("integrations_api")]
    [InlineData("integrations_worker")]
    public async Task Of_every_table_a_tenant_sees_its_own_rows_and_a_foreign_one_sees_none(string role)
    {
        var source = role == "integrations_api" ? database.Api : database.Worker;
        var mine = await FillAsync();
        var other = await database.AddTenantAsync();

        foreach (var table in await ReadableTablesAsync(role))
        {
            var column = table == "tenants" ? "id" : "tenant_id";
            Assert.True(await CountAsync(source, mine.Value, $"select count(*) from {table} where {column} = '{mine}'") > 0, $"{table} is empty for its own tenant: the test does not fill it.");
            Assert.Equal(0, await CountAsync(source, other.Value, $"select count(*) from {table} where {column} = '{mine}'"));
            Assert.Equal(0, await CountAsync(source, null, $"select count(*) from {table}"));
        }
    }

    [Theory]
    [InlineData("integrations_api")]
    [InlineData("integrations_worker")]
    public async Task A_foreign_tenant_changes_and_deletes_nothing(string role)
    {
        var source = role == "integrations_api" ? database.Api : database.Worker;
        var mine = await FillAsync();
        var other = await database.AddTenantAsync();

        foreach (var table in await ReadableTablesAsync(role))
        {
            var column = table == "tenants" ? "id" : "tenant_id";
            foreach (var (privilege, sql) in new[]
            {
                ("update", $"update {table} set updated_at = now() where {column} = '{mine}'"),
                ("delete", $"delete from {table} where {column} = '{mine}'"),
            })
            {
                if (await CoreDatabase.ScalarAsync<bool>(database.Admin, $"select has_table_privilege('{role}', '{table}', '{privilege}')"))
                    Assert.Equal(0, await ExecuteAsync(source, other.Value, sql));
            }
        }
    }

    [Fact]
    public async Task A_row_cannot_be_written_for_another_tenant()
    {
        var mine = await database.AddTenantAsync();
        var other = await database.AddTenantAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(
            database.Api, mine.Value, $"insert into projects (id, tenant_id, name) values ('{CoreDatabase.NewId()}', '{other}', 'P')"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_row_cannot_be_given_to_another_tenant()
    {
        var mine = await database.AddTenantAsync();
        var other = await database.AddTenantAsync();
        await ExecuteAsync(database.Api, mine.Value, $"insert into projects (id, tenant_id, name) values ('{CoreDatabase.NewId()}', '{mine}', 'P')");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database.Api, mine.Value, $"update projects set tenant_id = '{other}'"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_row_cannot_refer_to_a_row_of_another_tenant()
    {
        var mine = await database.AddTenantAsync();
        var other = await database.AddTenantAsync();
        var foreignAccount = await database.AddAccountAsync(other);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(
            database.Api,
            mine.Value,
            $"""
             insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id)
             values ('{CoreDatabase.NewId()}', '{mine}', 'personal_telegram', '{foreignAccount}', 'user', 1)
             """));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, refused.SqlState);
    }

    [Fact]
    public async Task A_reply_cannot_refer_to_a_message_of_another_tenant()
    {
        var mine = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(mine);
        var message = await database.AddMessageAsync(mine, account, await database.AddDialogAsync(mine, account));
        var other = await database.AddTenantAsync();
        var otherAccount = await database.AddAccountAsync(other);
        var otherMessage = await database.AddMessageAsync(other, otherAccount, await database.AddDialogAsync(other, otherAccount));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(
            database.Api, other.Value, $"update messages set reply_to_id = '{message}' where id = '{otherMessage}'"));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, refused.SqlState);
    }

    [Theory]
    [InlineData("alter table users no force row level security")]
    [InlineData("alter table users disable row level security")]
    [InlineData("drop policy tenant on users")]
    [InlineData("truncate messages")]
    [InlineData("create table mine (id int)")]
    [InlineData("create function public.f() returns int language sql as 'select 1'")]
    [InlineData("set role integrations_owner")]
    [InlineData("set role integrations_doors")]
    [InlineData("set session authorization integrations_doors")]
    [InlineData("update shards set epoch = epoch + 1")]
    [InlineData("update event_head set position = 0")]
    [InlineData("insert into events (position, tenant_id, type, data, occurred_at) values (1, gen_random_uuid(), 't', '{}', now())")]
    [InlineData("delete from installation")]
    [InlineData("update integration_logs set status = 'success'")]
    [InlineData("select * from owner_links")]
    [InlineData("select rolpassword from pg_authid")]
    [InlineData("update installation set shard_count = 1")]
    [InlineData("insert into tenants (id, name) values (gen_random_uuid(), 'T')")]
    public async Task A_host_cannot(string sql)
    {
        foreach (var source in new[] { database.Api, database.Worker })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => CoreDatabase.ExecuteAsync(source, sql));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    [Fact]
    public async Task Setting_row_security_off_shows_an_error_and_no_rows()
    {
        await database.AddTenantAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => CoreDatabase.RowsAsync(database.Api, "set row_security = off; select * from users"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    /// <summary>A tenant with at least one row in every table of tenants.</summary>
    private async Task<Core.Tenancy.TenantId> FillAsync()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant);
        var dialog = await database.AddDialogAsync(tenant, account);
        await database.AddMessageAsync(tenant, account, dialog);
        var bot = await database.AddBotAsync(tenant);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values (gen_random_bytes(32), '{tenant}', 1, now());
             with p as (insert into projects (id, tenant_id, name) values (gen_random_uuid(), '{tenant}', 'P') returning id),
                  m as (insert into project_members (tenant_id, project_id, user_id) select '{tenant}', p.id, 1 from p),
                  i as (insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
                        values (gen_random_uuid(), '{tenant}', 'a@example.org', 'viewer', gen_random_bytes(32), 1, now()) returning id)
             insert into invitation_projects (tenant_id, invitation_id, project_id) select '{tenant}', i.id, p.id from i, p;
             insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by)
             values (gen_random_uuid(), '{tenant}', 1, 'K', 'int_', gen_random_bytes(32), array['read'], 1);
             insert into second_factors (id, tenant_id, user_id, secret_sealed) values (gen_random_uuid(), '{tenant}', 1, '\x00');
             insert into recovery_codes (tenant_id, user_id, code_hash) values ('{tenant}', 1, gen_random_bytes(32));
             insert into sign_in_challenges (token_hash, tenant_id, user_id, expires_at) values (gen_random_bytes(32), '{tenant}', 1, now());
             insert into user_preferences (tenant_id, user_id) values ('{tenant}', 1);
             insert into consents (id, tenant_id, user_id, version, language) values (gen_random_uuid(), '{tenant}', 1, '1', 'en');
             insert into erasures (id, tenant_id, subject, digest, traces, give_up_at, token_hash)
             values (gen_random_uuid(), '{tenant}', 'person', '\x00', '{"{}"}', now(), gen_random_bytes(32));
             insert into refusals (tenant_id, minute, kind, by_key, route, times) values ('{tenant}', now(), 'throttle', false, 'r', 1);
             insert into refusal_days (tenant_id, day, kind, times) values ('{tenant}', now(), 'throttle', 1);
             insert into tenant_limits (tenant_id, route_class, per_minute, burst) values ('{tenant}', 'send', 1, 1);
             insert into message_hours (tenant_id, hour, account_id, measure, count) values ('{tenant}', now(), '{account}', 0, 1);
             insert into tenant_hours (tenant_id, hour, measure, count) values ('{tenant}', now(), 0, 1);
             insert into dialog_notes (id, tenant_id, dialog_id, author_id, text) values (gen_random_uuid(), '{tenant}', '{dialog}', 1, 'n');
             insert into dialog_filters (id, tenant_id, user_id, name, show) values (gen_random_uuid(), '{tenant}', 1, 'f', 'all');
             insert into quick_replies (id, tenant_id, shortcut, text, author_id) values (gen_random_uuid(), '{tenant}', 's', 't', 1);
             insert into account_events (tenant_id, account_id, kind) values ('{tenant}', '{account}', 'paused');
             insert into notices (tenant_id, user_id, topic, kind, account_id, since) values ('{tenant}', 1, 'connection', 'account_error', '{account}', now());
             insert into notice_settings (tenant_id, user_id) values ('{tenant}', 1);
             insert into audit_entries (tenant_id, action, by_key) values ('{tenant}', 'a', false);
             insert into audit_heads (tenant_id, position, hash) values ('{tenant}', 0, '\x00');
             insert into audit_checkpoints (tenant_id, position, hash, entries, signature) values ('{tenant}', 1, '\x00', 1, '\x00');
             with p as (insert into projects (id, tenant_id, name) values (gen_random_uuid(), '{tenant}', 'Mirrored') returning id),
                  g as (insert into working_groups (project_id, tenant_id, shard, world) select p.id, '{tenant}', 0, 'sandbox' from p returning project_id),
                  b as (insert into working_group_bots (bot_id, tenant_id, project_id) select '{bot}', '{tenant}', g.project_id from g),
                  s as (insert into bot_groups (bot_id, chat_id, tenant_id, status) values ('{bot}', -1, '{tenant}', 'member')),
                  t as (insert into topics (project_id, dialog_id, tenant_id, message_thread_id, name) select g.project_id, '{dialog}', '{tenant}', 1, 'T' from g),
                  i as (insert into mirror_items (tenant_id, project_id, dialog_id, key, kind) select '{tenant}', g.project_id, '{dialog}', 'd', 'dialog' from g),
                  m as (insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text)
                        values (gen_random_uuid(), '{tenant}', '{account}', '{dialog}', 0, 'personal_telegram_in', 'received', 'x') returning id),
                  o as (insert into mirror_posts (project_id, group_message_id, message_id, tenant_id, dialog_id, bot_id, kind, place, shown_digest, posted_at)
                        select g.project_id, 1, m.id, '{tenant}', '{dialog}', '{bot}', 'copy', 0, '\x00', now() from g, m)
             insert into topic_answers (project_id, group_message_id, tenant_id, dialog_id, author_telegram_id) select g.project_id, 1, '{tenant}', '{dialog}', 1 from g;
             insert into telegram_bot_updates (bot_id, update_id, tenant_id, shard, payload) values ('{bot}', 1, '{tenant}', 0, '{"{}"}');
             insert into telegram_channels (id, tenant_id, user_id, account_id, channel_id, title, type) values (gen_random_uuid(), '{tenant}', 1, '{account}', -1, 'c', 'group');
             insert into telegram_found_channels (id, tenant_id, account_id, channel_id, title, type) values (gen_random_uuid(), '{tenant}', '{account}', -1, 'c', 'group');
             insert into telegram_channel_looks (id, tenant_id, user_id, account_id, kind, expires_at) values (gen_random_uuid(), '{tenant}', 1, '{account}', 'list', now());
             insert into message_changes (id, tenant_id, message_id, account_id, shard, kind) select gen_random_uuid(), '{tenant}', id, '{account}', 0, 'pin' from messages where tenant_id = '{tenant}' limit 1;
             insert into data_keys (tenant_id, version, provider, wrapped) values ('{tenant}', 1, 'local', '\x00');
             insert into idempotency_keys (tenant_id, user_id, route, key, body_hash, expires_at) values ('{tenant}', 1, 'r', 'k', '\x00', now());
             insert into telegram_logins (id, tenant_id, method, expires_at) values ('{account}', '{tenant}', 'qr', now());
             insert into telegram_login_inputs (id, tenant_id, login_id, kind, expires_at) values (gen_random_uuid(), '{tenant}', '{account}', 'code', now());
             insert into telegram_update_states (account_id, tenant_id, pts, qts, date, seq) values ('{account}', '{tenant}', 1, 1, 1, 1);
             insert into telegram_channel_states (account_id, channel_id, tenant_id, pts) values ('{account}', 1, '{tenant}', 1);
             insert into telegram_peers (account_id, kind, peer_id, tenant_id) values ('{account}', 'user', 1, '{tenant}');
             insert into telegram_flood_waits (account_id, method, tenant_id, until) values ('{account}', 'm', '{tenant}', now());
             insert into message_counters (tenant_id, channel, stripe, accepted) values ('{tenant}', 'personal_telegram', 0, 1);
             insert into integration_logs (id, tenant_id, user_id, integration_type, action, status) values (gen_random_uuid(), '{tenant}', 1, 'telegram', 'a', 'success');
             with f as (insert into media (id, tenant_id, kind, source) values (gen_random_uuid(), '{tenant}', 'photo', 'telegram') returning id)
             insert into media_parts (tenant_id, media_id, part, content) select '{tenant}', f.id, 0, '\x00' from f;
             insert into outbox (tenant_id, type, data) values ('{tenant}', 't', '{"{}"}');
             insert into events (position, tenant_id, type, data, occurred_at) values ((select coalesce(max(position), 0) + 1 from events), '{tenant}', 't', '{"{}"}', now());
             """);
        return tenant;
    }

    private Task<string[]> ReadableTablesAsync(string role) => CoreDatabase.RowsAsync(
        database.Admin,
        $"""
         select distinct c.relname
           from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
          where n.nspname = 'public' and c.relkind = 'r' and (a.attname = 'tenant_id' or c.relname = 'tenants') and has_table_privilege('{role}', c.oid, 'select')
         """);

    private async Task<long> CountAsync(NpgsqlDataSource source, Guid? tenant, string sql)
    {
        await using var connection = await source.OpenConnectionAsync(_cancel);
        await using var transaction = await connection.BeginTransactionAsync(_cancel);
        await SetAsync(connection, tenant);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(_cancel))!;
    }

    private async Task<int> ExecuteAsync(NpgsqlDataSource source, Guid? tenant, string sql)
    {
        await using var connection = await source.OpenConnectionAsync(_cancel);
        await using var transaction = await connection.BeginTransactionAsync(_cancel);
        await SetAsync(connection, tenant);
        await using var command = new NpgsqlCommand(sql, connection);
        var rows = await command.ExecuteNonQueryAsync(_cancel);
        await transaction.CommitAsync(_cancel);
        return rows;
    }

    private async Task SetAsync(NpgsqlConnection connection, Guid? tenant)
    {
        await using var set = new NpgsqlCommand("select set_config('app.tenant_id', $1, true)", connection);
        set.Parameters.Add(new NpgsqlParameter<string> { TypedValue = tenant?.ToString() ?? "" });
        await set.ExecuteNonQueryAsync(_cancel);
    }
}
