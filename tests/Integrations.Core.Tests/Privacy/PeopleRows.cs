using Integrations.Core.Audit;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Tests.Privacy;

/// <summary>People of a tenant, whom they talk with, and something of each in every table.</summary>
internal static class PeopleRows
{
    public const int Owner = 1;

    /// <summary>Who is exported and erased.</summary>
    public const int Victim = 2;

    public const int Colleague = 3;

    /// <summary>A person outside, met by the colleague's account.</summary>
    public const long Contact = 5_550_001;

    private const long Stranger = 5_550_002;

    /// <summary>Rows in every table, each text with a mark of whom it is about.</summary>
    /// <returns>The dialog with <see cref="Contact"/>.</returns>
    public static async Task<Guid> FillAsync(CoreDatabase database, ISecretProtector secrets, TenantId tenant, string mark)
    {
        var (account, others, project, invitation, key, newKey) = (CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId());
        var (dialog, byName, group, stranger) = (CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId());
        var signature = await new AuditChain(secrets).SignAsync(tenant, 0, AuditChain.Beginning, TestContext.Current.CancellationToken);
        var bot = await database.AddBotAsync(tenant, name: $"{mark}-tenant bot");
        // Switched off: its webhook was taken back then, and nobody asks Telegram again.
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_bots set is_active = false where id = '{bot}'");
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $$$"""
               insert into telegram_bot_updates (bot_id, update_id, tenant_id, shard, chat_id, payload) values
                   ('{{{bot}}}', 1, '{{{tenant}}}', 0, {{{Contact}}}, '{"message": {"from": {"id": {{{Contact}}}}, "text": "by {{{mark}}}-contact"}}'),
                   ('{{{bot}}}', 2, '{{{tenant}}}', 0, -100900, '{"message": {"from": {"id": {{{Contact}}}}, "text": "by {{{mark}}}-contact in a group"}}'),
                   ('{{{bot}}}', 3, '{{{tenant}}}', 0, {{{Stranger}}}, '{"message": {"from": {"id": {{{Stranger}}}}, "text": "by {{{mark}}}-stranger"}}');
               """);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $$"""
              update tenants set name = '{{mark}}-tenant', number = '{{mark}}-tenant-number' where id = '{{tenant}}';
              insert into users (id, tenant_id, user_id, subject, email, display_name, role, password_hash) values
                  (gen_random_uuid(), '{{tenant}}', {{Victim}}, '{{mark}}-user-subject', '{{mark}}-user@example.org', '{{mark}}-user', 'operator', 'a secret {{mark}}-user'),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, '{{Colleague}}', '{{mark}}-colleague@example.org', '{{mark}}-colleague', 'operator', null);
              insert into projects (id, tenant_id, name) values ('{{project}}', '{{tenant}}', '{{mark}}-tenant project');
              insert into project_members (tenant_id, project_id, user_id) values ('{{tenant}}', '{{project}}', {{Victim}}), ('{{tenant}}', '{{project}}', {{Colleague}});
              insert into telegram_accounts (id, tenant_id, user_id, project_id, shard, world, status, display_name, username, phone, telegram_user_id) values
                  ('{{account}}', '{{tenant}}', {{Victim}}, null, 0, 'sandbox', 'disconnected', '{{mark}}-user account', '{{mark}}_user', '{{mark}}-user', 77),
                  ('{{others}}', '{{tenant}}', {{Colleague}}, '{{project}}', 1, 'sandbox', 'disconnected', '{{mark}}-colleague account', '{{mark}}_colleague', '{{mark}}-colleague', 78);
              insert into telegram_logins (id, tenant_id, method, state, phone, expires_at) values ('{{account}}', '{{tenant}}', 'phone', 'completed', '{{mark}}-user', now());
              insert into telegram_login_inputs (id, tenant_id, login_id, kind, sealed, expires_at) values (gen_random_uuid(), '{{tenant}}', '{{account}}', 'code', 'a secret', now());
              insert into telegram_update_states (account_id, tenant_id, pts, qts, date, seq) values ('{{account}}', '{{tenant}}', 1, 1, 1, 1);
              insert into telegram_channel_states (account_id, tenant_id, channel_id, pts) values ('{{account}}', '{{tenant}}', 1, 1);
              insert into telegram_peers (account_id, kind, peer_id, tenant_id, access_hash, username, phone, title) values
                  ('{{account}}', 'user', {{Stranger}}, '{{tenant}}', 1, null, null, '{{mark}}-stranger of {{mark}}-user'),
                  ('{{others}}', 'user', {{Stranger}}, '{{tenant}}', 1, null, null, '{{mark}}-stranger'),
                  ('{{others}}', 'user', {{Contact}}, '{{tenant}}', 1, '{{mark}}-Contact', '38050{{mark}}-contact', '{{mark}}-contact person');
              insert into telegram_flood_waits (account_id, method, tenant_id, until) values ('{{account}}', 'messages.sendMessage', '{{tenant}}', now());
              insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, username, title, assignee_id) values
                  ('{{dialog}}', '{{tenant}}', 'personal_telegram', '{{others}}', 'user', {{Contact}}, '{{mark}}-contact', '{{mark}}-contact person', {{Victim}}),
                  ('{{byName}}', '{{tenant}}', 'personal_telegram', '{{others}}', null, null, '{{mark}}-contact', null, null),
                  ('{{group}}', '{{tenant}}', 'personal_telegram', '{{others}}', 'chat', 9, null, '{{mark}}-tenant group', null),
                  ('{{stranger}}', '{{tenant}}', 'personal_telegram', '{{others}}', 'user', {{Stranger}}, null, '{{mark}}-stranger', null),
                  (gen_random_uuid(), '{{tenant}}', 'personal_telegram', '{{account}}', 'user', {{Stranger}}, null, '{{mark}}-user and somebody', null);
              insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at, sent_by, from_peer_kind, from_peer_id) values
                  (gen_random_uuid(), '{{tenant}}', '{{others}}', '{{dialog}}', 1, 'personal_telegram_out', 'delivered', 'to {{mark}}-contact', 1, now(), {{Victim}}, null, null),
                  (gen_random_uuid(), '{{tenant}}', '{{others}}', '{{dialog}}', 1, 'personal_telegram_out', 'pending', 'waiting for {{mark}}-contact', 2, now(), {{Colleague}}, null, null),
                  (gen_random_uuid(), '{{tenant}}', '{{others}}', '{{dialog}}', 1, 'personal_telegram_in', 'received', 'by {{mark}}-contact', null, null, null, 'user', {{Contact}}),
                  (gen_random_uuid(), '{{tenant}}', '{{others}}', '{{group}}', 1, 'personal_telegram_in', 'received', 'by {{mark}}-contact in a group', null, null, null, 'user', {{Contact}}),
                  (gen_random_uuid(), '{{tenant}}', '{{others}}', '{{stranger}}', 1, 'personal_telegram_out', 'failed', 'to {{mark}}-stranger', 3, now(), {{Colleague}}, null, null);
              insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at)
                  select gen_random_uuid(), '{{tenant}}', '{{account}}', d.id, 0, 'personal_telegram_out', 'delivered', '{{mark}}-user wrote', 4, now() from dialogs d where d.personal_account_id = '{{account}}';
              insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id, username, title, assignee_id) values
                  (gen_random_uuid(), '{{tenant}}', 'telegram_bot', '{{bot}}', 'user', {{Contact}}, '{{mark}}-contact', '{{mark}}-contact person', {{Victim}}),
                  (gen_random_uuid(), '{{tenant}}', 'telegram_bot', '{{bot}}', 'user', {{Stranger}}, null, '{{mark}}-stranger', null);
              insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, accepted_at, sent_by)
                  select gen_random_uuid(), '{{tenant}}', '{{bot}}', d.id, 0, 'telegram_bot_out', 'delivered', 'by the bot to ' || d.title, now(), {{Colleague}} from dialogs d where d.bot_id = '{{bot}}';
              insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, from_peer_kind, from_peer_id)
                  select gen_random_uuid(), '{{tenant}}', '{{bot}}', d.id, 0, 'telegram_bot_in', 'received', 'to the bot by ' || d.title, 'user', d.peer_id from dialogs d where d.bot_id = '{{bot}}';
              insert into media (id, tenant_id, kind, source, state, file_name, size, user_id)
                  select gen_random_uuid(), '{{tenant}}', 'document', case when m.sent_by is null then 'telegram' else 'upload' end, 'ready', 'file ' || m.text, 3, m.sent_by
                    from messages m where m.tenant_id = '{{tenant}}';
              update messages m set media_id = f.id from media f where m.tenant_id = '{{tenant}}' and f.tenant_id = m.tenant_id and f.file_name = 'file ' || m.text;
              insert into media_parts (tenant_id, media_id, part, content) select '{{tenant}}', f.id, 0, convert_to('content of ' || f.file_name, 'UTF8') from media f where f.tenant_id = '{{tenant}}';
              update media f set size = (select length(p.content) from media_parts p where p.media_id = f.id) where f.tenant_id = '{{tenant}}';
              insert into message_changes (id, tenant_id, message_id, account_id, shard, kind, text, state, user_id)
                  select gen_random_uuid(), '{{tenant}}', m.id, m.account_id, 0, 'edit', 'changed: ' || m.text, 'done', {{Victim}} from messages m
                   where m.tenant_id = '{{tenant}}' and m.account_id is not null and m.direction = 'personal_telegram_out' and m.status <> 'pending';
              insert into telegram_channels (id, tenant_id, user_id, account_id, bot_id, channel_id, title, type) values
                  (gen_random_uuid(), '{{tenant}}', {{Victim}}, '{{account}}', null, -1, '{{mark}}-user channel', 'channel'),
                  (gen_random_uuid(), '{{tenant}}', {{Owner}}, null, '{{bot}}', -1, '{{mark}}-tenant channel', 'channel');
              insert into telegram_found_channels (id, tenant_id, account_id, bot_id, channel_id, title, type) values
                  (gen_random_uuid(), '{{tenant}}', '{{account}}', null, -2, '{{mark}}-user found', 'group'),
                  (gen_random_uuid(), '{{tenant}}', null, '{{bot}}', -2, '{{mark}}-tenant found', 'group');
              insert into telegram_channel_looks (id, tenant_id, user_id, account_id, kind, target_sealed, expires_at)
                  values (gen_random_uuid(), '{{tenant}}', {{Victim}}, '{{account}}', 'find', 'a secret', now());
              insert into message_counters (tenant_id, channel, stripe, accepted) values
                  ('{{tenant}}', 'personal_telegram', 0, 1), ('{{tenant}}', 'personal_telegram', 3, 3), ('{{tenant}}', 'telegram_bot', 1, 2);
              insert into message_hours (tenant_id, hour, account_id, measure, count) values ('{{tenant}}', now(), '{{account}}', 0, 1);
              insert into tenant_hours (tenant_id, hour, measure, count) values ('{{tenant}}', now(), 0, 1);
              insert into dialog_notes (id, tenant_id, dialog_id, author_id, text) values
                  (gen_random_uuid(), '{{tenant}}', '{{dialog}}', {{Colleague}}, 'about {{mark}}-contact'),
                  (gen_random_uuid(), '{{tenant}}', '{{stranger}}', {{Victim}}, '{{mark}}-user noted'),
                  (gen_random_uuid(), '{{tenant}}', '{{stranger}}', {{Colleague}}, 'about {{mark}}-stranger');
              insert into dialog_filters (id, tenant_id, user_id, name, show, text) values
                  (gen_random_uuid(), '{{tenant}}', {{Victim}}, '{{mark}}-user filter', 'all', null),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, 'Mine', 'all', '{{mark}}-contact'),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, 'Others', 'all', '{{mark}}-stranger');
              insert into quick_replies (id, tenant_id, shortcut, text, author_id) values (gen_random_uuid(), '{{tenant}}', 'hello', '{{mark}}-tenant reply', {{Victim}});
              insert into integration_logs (id, tenant_id, user_id, account_id, integration_type, action, status, details) values
                  (gen_random_uuid(), '{{tenant}}', {{Victim}}, '{{account}}', 'telegram', 'personal.login', 'success', '{"by": "{{mark}}-user"}'),
                  (gen_random_uuid(), '{{tenant}}', {{Owner}}, null, 'telegram', 'user.change', 'success', '{"user_id": {{Victim}}, "of": "{{mark}}-user"}'),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, null, 'telegram', 'dialog.note', 'success', '{"dialog_id": "{{dialog}}", "of": "{{mark}}-contact"}'),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, null, 'telegram', 'other', 'success', '{"of": "{{mark}}-colleague"}');
              insert into outbox (tenant_id, user_id, account_id, type, data) values
                  ('{{tenant}}', {{Victim}}, '{{account}}', 'message.created', '{"text": "{{mark}}-user"}'),
                  ('{{tenant}}', {{Colleague}}, '{{others}}', 'message.created', '{"dialog_id": "{{dialog}}", "text": "{{mark}}-contact"}'),
                  ('{{tenant}}', {{Colleague}}, '{{others}}', 'message.created', '{"dialog_id": "{{stranger}}", "text": "{{mark}}-stranger"}');
              insert into events (position, tenant_id, user_id, account_id, type, data, occurred_at)
                  select coalesce((select max(position) from events), 0) + row_number() over (), v.* from (values
                  ('{{tenant}}'::uuid, {{Colleague}}, '{{others}}'::uuid, 'dialog.presence', '{"dialog_id": "{{stranger}}", "user_id": {{Victim}}, "name": "{{mark}}-user"}'::jsonb, now()),
                  ('{{tenant}}', {{Colleague}}, '{{others}}', 'dialog.updated', '{"id": "{{dialog}}", "title": "{{mark}}-contact"}', now()),
                  ('{{tenant}}', {{Colleague}}, '{{others}}', 'message.created', '{"dialog_id": "{{group}}", "from_peer_kind": "user", "from_peer_id": {{Contact}}, "text": "{{mark}}-contact"}', now()),
                  ('{{tenant}}', {{Colleague}}, '{{others}}', 'dialog.updated', '{"id": "{{stranger}}", "title": "{{mark}}-stranger"}', now())) v;
              insert into idempotency_keys (tenant_id, user_id, route, key, body_hash, expires_at) values ('{{tenant}}', {{Victim}}, 'send', '{{mark}}-user', 'x', now());
              insert into account_events (tenant_id, account_id, kind, detail, user_id) values
                  ('{{tenant}}', '{{account}}', 'renamed', '{{mark}}-user', {{Victim}}), ('{{tenant}}', '{{others}}', 'renamed', '{{mark}}-colleague', {{Victim}});
              insert into notices (tenant_id, user_id, topic, kind, account_id, dialog_id, code, since) values
                  ('{{tenant}}', {{Victim}}, 'connection', 'account_error', '{{account}}', null, '{{mark}}-user', now()),
                  ('{{tenant}}', {{Colleague}}, 'message', 'message_failed', '{{others}}', '{{dialog}}', '{{mark}}-contact', now());
              insert into notice_settings (tenant_id, user_id, muted) values ('{{tenant}}', {{Victim}}, array['{{mark}}-user']);
              insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at, accepted_at, accepted_by) values
                  ('{{invitation}}', '{{tenant}}', '{{mark}}-user@example.org', 'operator', sha256('{{mark}} one'), {{Owner}}, now(), now(), {{Victim}}),
                  (gen_random_uuid(), '{{tenant}}', 'guest@{{mark}}-colleague.example.org', 'operator', sha256('{{mark}} two'), {{Owner}}, now(), null, null);
              insert into invitation_projects (tenant_id, invitation_id, project_id) values ('{{tenant}}', '{{invitation}}', '{{project}}');
              insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by) values
                  ('{{newKey}}', '{{tenant}}', {{Victim}}, '{{mark}}-user key', 'int_2', sha256('{{mark}} new'), array['read'], {{Victim}}),
                  (gen_random_uuid(), '{{tenant}}', {{Colleague}}, '{{mark}}-colleague key', 'int_3', sha256('{{mark}} other'), array['read'], {{Victim}});
              insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by, expires_at, replaced_by) values
                  ('{{key}}', '{{tenant}}', {{Victim}}, '{{mark}}-user old key', 'int_1', sha256('{{mark}} old'), array['read'], {{Victim}}, now(), '{{newKey}}');
              insert into second_factors (id, tenant_id, user_id, secret_sealed) values (gen_random_uuid(), '{{tenant}}', {{Victim}}, 'a secret');
              insert into recovery_codes (tenant_id, user_id, code_hash) values ('{{tenant}}', {{Victim}}, 'x');
              insert into sign_in_challenges (token_hash, tenant_id, user_id, expires_at) values (sha256('{{mark}} challenge'), '{{tenant}}', {{Victim}}, now());
              insert into console_sessions (token_hash, tenant_id, user_id, expires_at, user_agent) values (sha256('{{mark}} session'), '{{tenant}}', {{Victim}}, now(), '{{mark}}-user browser');
              insert into user_preferences (tenant_id, user_id, time_zone) values ('{{tenant}}', {{Victim}}, '{{mark}}-user zone');
              insert into consents (id, tenant_id, user_id, version, language, address) values (gen_random_uuid(), '{{tenant}}', {{Victim}}, '1', 'en', '{{mark}}-user address');
              insert into refusals (tenant_id, minute, kind, user_id, by_key, address, route, times) values
                  ('{{tenant}}', now(), 'sign_in', {{Victim}}, false, '{{mark}}-user address', 'SignIn', 1),
                  ('{{tenant}}', now(), 'throttle', {{Colleague}}, false, '{{mark}}-colleague address', 'SendMessage', 1);
              insert into refusal_days (tenant_id, day, kind, times) values ('{{tenant}}', now(), 'sign_in', 1);
              insert into tenant_limits (tenant_id, route_class, per_minute, burst) values ('{{tenant}}', 'send', 1, 1);
              insert into audit_entries (tenant_id, action, user_id, by_key, address, objects, changes) values
                  ('{{tenant}}', 'One', {{Victim}}, false, '{{mark}}-user address', '{}', null),
                  ('{{tenant}}', 'Two', {{Owner}}, false, 'x', '{"account_id": "{{account}}"}', '[{"name": "{{mark}}-user"}]'),
                  ('{{tenant}}', 'Three', {{Colleague}}, false, 'x', '{"id": "{{dialog}}"}', '[{"name": "{{mark}}-contact"}]'),
                  ('{{tenant}}', 'Four', {{Colleague}}, false, '{{mark}}-colleague', '{}', null);
              insert into working_groups (project_id, tenant_id, shard, world, chat_id, title) values ('{{project}}', '{{tenant}}', 0, 'sandbox', -1001, '{{mark}}-tenant desk');
              insert into working_group_bots (bot_id, tenant_id, project_id) values ('{{bot}}', '{{tenant}}', '{{project}}');
              insert into bot_groups (bot_id, chat_id, tenant_id, title, status) values ('{{bot}}', -1001, '{{tenant}}', '{{mark}}-tenant desk', 'administrator');
              insert into topics (project_id, dialog_id, tenant_id, message_thread_id, name) select '{{project}}', d.id, '{{tenant}}', row_number() over (), coalesce(d.title, d.username) || ' topic' from dialogs d where d.tenant_id = '{{tenant}}';
              insert into topic_answers (project_id, group_message_id, tenant_id, dialog_id, message_id, author_telegram_id, author_name)
                  select '{{project}}', row_number() over (), '{{tenant}}', m.dialog_id, m.id, 7, 'answered ' || m.text from messages m where m.tenant_id = '{{tenant}}' and m.direction like '%out';
              insert into mirror_posts (project_id, group_message_id, message_id, tenant_id, dialog_id, bot_id, kind, place, shown_digest, posted_at)
                  select '{{project}}', row_number() over (), m.id, '{{tenant}}', m.dialog_id, '{{bot}}', 'copy', 0, 'x', now() from messages m where m.tenant_id = '{{tenant}}';
              insert into mirror_items (tenant_id, project_id, dialog_id, key, kind, message_id) select '{{tenant}}', '{{project}}', m.dialog_id, 'm:' || m.id, 'message', m.id from messages m where m.tenant_id = '{{tenant}}';
              insert into audit_heads (tenant_id, position, hash) values ('{{tenant}}', 0, decode(repeat('00', 32), 'hex'));
              insert into audit_checkpoints (tenant_id, position, hash, entries, signature)
                  select '{{tenant}}', 0, decode(repeat('00', 32), 'hex'), 0, decode('{{Convert.ToHexString(signature)}}', 'hex');
              """);
        return dialog;
    }
}
