namespace Integrations.Core.Tests.Persistence;

/// <summary>What must hold for every table there is, and for every one that will be.</summary>
public sealed class SchemaCatalogueTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const string Tables = "from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p')";

    private const string HasTenant = "exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)";

    [Fact]
    public async Task Every_table_of_tenants_forces_row_security()
    {
        Assert.NotEmpty(await RowsAsync($"select c.relname {Tables} and {HasTenant}"));
        Assert.Empty(await RowsAsync($"select c.relname {Tables} and ({HasTenant} or c.relname = 'tenants') and not (c.relrowsecurity and c.relforcerowsecurity)"));
    }

    [Fact]
    public async Task Every_table_of_tenants_has_exactly_the_policy_of_its_tenant_for_reading_and_writing() =>
        Assert.Equal(
            ["(id = current_tenant()) (id = current_tenant()) ALL PERMISSIVE public", "(tenant_id = current_tenant()) (tenant_id = current_tenant()) ALL PERMISSIVE public"],
            await RowsAsync(
                $"""
                 select distinct coalesce(p.qual, 'none') || ' ' || coalesce(p.with_check, 'none') || ' ' || coalesce(p.cmd, 'none') || ' '
                                 || coalesce(p.permissive, 'none') || ' ' || coalesce(array_to_string(p.roles, ','), 'none')
                   from (select c.relname {Tables} and ({HasTenant} or c.relname = 'tenants')) t
                   left join pg_policies p on p.schemaname = 'public' and p.tablename = t.relname
                  order by 1
                 """));

    [Fact]
    public async Task A_tenant_is_never_optional() =>
        Assert.Empty(await RowsAsync($"select c.relname {Tables} and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attnotnull)"));

    [Fact]
    public async Task Every_reference_between_tables_of_tenants_includes_the_tenant_on_both_sides() =>
        Assert.Empty(await RowsAsync(
            $"""
             with tenanted as (select c.oid {Tables} and {HasTenant})
             select k.conrelid::regclass || ' ' || k.conname
               from pg_constraint k
              where k.contype = 'f' and k.confrelid in (select oid from tenanted)
                and not exists (select from generate_subscripts(k.conkey, 1) i
                                  join pg_attribute here on here.attrelid = k.conrelid and here.attnum = k.conkey[i]
                                  join pg_attribute there on there.attrelid = k.confrelid and there.attnum = k.confkey[i]
                                 where here.attname = 'tenant_id' and there.attname = 'tenant_id')
             """));

    [Fact]
    public async Task Every_table_of_tenants_leads_to_the_table_of_tenants() =>
        Assert.Empty(await RowsAsync(
            $"""
             select c.relname {Tables} and {HasTenant}
                and not exists (select from pg_constraint k where k.contype = 'f' and k.conrelid = c.oid
                                   and (select attnum from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') = any (k.conkey))
             """));

    [Fact]
    public async Task Every_table_belongs_to_the_owner_whom_nobody_is() =>
        Assert.Equal(
            ["integrations_owner"], await RowsAsync($"select distinct pg_get_userbyid(c.relowner)::text {Tables} and c.relname <> 'schema_migrations'"));

    [Fact]
    public async Task Every_table_keeps_when_it_was_made_and_changed() =>
        Assert.Empty(await RowsAsync(
            $"""
             select c.relname {Tables} and c.relname <> 'schema_migrations'
                and (not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'update_updated_at_column'::regproc)
                     or (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('created_at', 'updated_at') and a.attnotnull) <> 2)
             """));

    [Fact]
    public async Task Nothing_is_granted_to_everybody()
    {
        Assert.Empty(await RowsAsync(
            """
            select 'table ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) g
             where n.nspname in ('public', 'doors') and g.grantee = 0
            union all
            select 'function ' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
             where n.nspname in ('public', 'doors') and g.grantee = 0
            union all
            select 'schema ' || n.nspname from pg_namespace n, aclexplode(n.nspacl) g where n.nspname in ('public', 'doors') and g.grantee = 0
            union all
            select 'database' from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g where d.datname = current_database() and g.grantee = 0
            """));
    }

    [Fact]
    public async Task The_hosts_have_these_rights_on_tables_and_no_others()
    {
        // r select, a insert, w update, d delete; the order is api, worker.
        string[] expected =
        [
            "account_events ar arwd",
            "api_keys arw rd",
            "audit_checkpoints ar ard",
            "audit_entries ard rd",
            "audit_heads rw arwd",
            "bot_groups arw arwd",
            "consents arw rd",
            "console_sessions arwd rd",
            "data_keys arw arwd",
            "data_protection_keys arwd -",
            "dialog_filters ard rd",
            "dialog_notes ard rwd",
            "dialogs arwd arwd",
            "erasures ar rw",
            "event_head r r",
            "events r rd",
            "hosts arwd -",
            "idempotency_keys arwd rd",
            "installation r r",
            "integration_logs ar ard",
            "integrations arw rwd",
            "invitation_projects ar rd",
            "invitations arw rd",
            "media arwd arwd",
            "media_parts arwd arwd",
            "message_changes arwd arwd",
            "message_counters arw arwd",
            "message_hours r rd",
            "message_words arw arwd",
            "messages arw arwd",
            "mirror_items rd arwd",
            "mirror_posts rd arwd",
            "notice_settings arw rd",
            "notices arw arwd",
            "outbox ar ard",
            "project_members ard rd",
            "projects arwd rd",
            "quick_replies arwd rd",
            "recovery_codes arwd rd",
            "refusal_days r rd",
            "refusals rd rd",
            "schema_migrations r r",
            "second_factors arwd rwd",
            "shards r r",
            "sign_in_challenges arwd rd",
            "telegram_accounts arw arwd",
            "telegram_bot_updates rd arwd",
            "telegram_bots arw rwd",
            "telegram_channel_looks arwd arwd",
            "telegram_channel_states - arwd",
            "telegram_channels arwd arwd",
            "telegram_flood_waits r arwd",
            "telegram_found_channels arwd arwd",
            "telegram_login_inputs arw arwd",
            "telegram_logins arw arwd",
            "telegram_peers r arwd",
            "telegram_update_states - arwd",
            "tenant_hours r rd",
            "tenant_limits arwd rd",
            "tenants r r",
            "topic_answers rd arwd",
            "topics rd arwd",
            "traffic_head r -",
            "user_preferences arw rd",
            "users arw rd",
            "workers r arwd",
            "working_group_bots arwd arwd",
            "working_groups arwd arwd",
        ];
        var actual = await RowsAsync(
            $"""
             select c.relname,
                    (select string_agg(case g.privilege_type when 'SELECT' then 'r' when 'INSERT' then 'a' when 'UPDATE' then 'w' when 'DELETE' then 'd' else '!' end, '' order by case g.privilege_type when 'INSERT' then 1 when 'SELECT' then 2 when 'UPDATE' then 3 else 4 end)
                       from aclexplode(c.relacl) g where g.grantee = 'integrations_api'::regrole),
                    (select string_agg(case g.privilege_type when 'SELECT' then 'r' when 'INSERT' then 'a' when 'UPDATE' then 'w' when 'DELETE' then 'd' else '!' end, '' order by case g.privilege_type when 'INSERT' then 1 when 'SELECT' then 2 when 'UPDATE' then 3 else 4 end)
                       from aclexplode(c.relacl) g where g.grantee = 'integrations_worker'::regrole)
               {Tables}
                and exists (select from aclexplode(c.relacl) g where g.grantee in ('integrations_api'::regrole, 'integrations_worker'::regrole))
              order by 1
             """);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task Every_door_is_opened_by_its_owner_alone_and_looks_nowhere_else_for_names() =>
        Assert.Empty(await RowsAsync(
            """
            select p.proname
              from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = 'doors' and p.proname <> 'shard_lock_key'
               and not (p.prosecdef and pg_get_userbyid(p.proowner) = 'integrations_doors' and p.proconfig = array['search_path=public, pg_temp'])
            """));

    [Fact]
    public async Task These_doors_are_open_to_these_hosts_and_there_are_no_others() =>
        Assert.Equal(
            [
                "accounts_of_shards worker", "accounts_per_shard api", "aged_audit worker", "audit_backlog worker", "bot_inbox_age worker", "bots_of_shards worker", "challenge_tenant api",
                "claim_bot_media_messages worker", "claim_bot_messages worker", "claim_bot_updates worker", "claim_media_addresses worker", "claim_media_messages worker", "claim_messages worker",
                "claim_shard worker", "count_traffic worker", "data_key_holders worker", "dialogs_saying api", "due_channel_checks worker", "due_channel_looks worker", "due_message_changes worker",
                "end_flood_waits worker", "fail_messages worker", "find_erasure api", "find_sign_in api", "forget_account_events worker", "forget_bot_updates worker", "forget_channel_looks worker",
                "forget_idempotency_keys worker", "forget_login_inputs worker", "forget_logs worker", "forget_notices worker", "forget_refusals worker", "forget_sessions worker",
                "forget_unsent_media worker", "groups_of_shard worker", "has_owner api", "invitation_tenant api", "issue_owner_link api", "known_sessions api", "live_telegram_user worker",
                "message_balance api,worker", "mirror_backlog worker", "note_refusals api", "open_erasures worker", "plan_mirror worker", "queue_by_age api", "record_outcomes worker",
                "recover_messages worker", "relay_backlog api", "relay_events api,worker", "release_scheduled worker", "release_shard worker", "renew_shards worker", "require_epoch worker",
                "resolve_api_key api", "resolve_bot_hooks api", "resolve_bot_token api", "resolve_session api", "return_bot_messages worker", "return_messages worker", "save_channel_positions worker",
                "save_positions worker", "search_messages api", "settle_bot_messages worker", "shard_lock_key worker", "signs_in api", "store_bot_updates api", "tenant_exists api",
                "trim_events api,worker", "unsealed_audit worker", "use_owner_link api", "waiting_bot_files worker",
            ],
            await RowsAsync(
                """
                select p.proname, string_agg(replace(g.grantee::regrole::text, 'integrations_', ''), ',' order by g.grantee::regrole::text)
                  from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(p.proacl) g
                 where n.nspname = 'doors' and g.grantee <> p.proowner
                 group by p.oid, p.proname order by 1
                """));

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);
}
