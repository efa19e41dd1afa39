-- Pictures, documents and voices: one row for each file that came or goes, its content in pieces beside it; and what became of a message since.

create table media (
    id                 uuid         not null primary key,
    tenant_id          uuid         not null references tenants (id),
    kind               varchar(20)  not null check (kind in ('photo', 'document', 'video', 'animation', 'audio', 'voice', 'video_note', 'sticker')),
    -- Where its content comes from: Telegram, a caller of ours, or an address that a caller named.
    source             varchar(20)  not null check (source in ('telegram', 'upload', 'url')),
    -- waiting: the content is not here yet. ready: it is. failed and too_big: it will not be.
    state              varchar(20)  not null default 'waiting' check (state in ('waiting', 'ready', 'failed', 'too_big')),
    file_name          varchar(255),
    mime_type          varchar(127),
    -- In bytes; null where nobody has told it yet.
    size               bigint check (size >= 0),
    width              integer,
    height             integer,
    -- In seconds.
    duration           integer,
    sha256             bytea,
    -- Telegram's own number of it, by which another file in an edited message is told. It opens nothing.
    remote_key         varchar(64),
    -- Where a bot fetches it, or the caller's address: both open it for whoever knows them. An account reads the message again instead.
    location_sealed    bytea,
    error_code         varchar(64),
    error_detail       text,
    attempts           integer      not null default 0,
    not_before         timestamptz  not null default '-infinity',
    -- Whose owner fetches it: that of the account or the bot. Null for what is not fetched.
    shard              integer,
    -- Whose upload it is; null for what came.
    user_id            integer,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id)
);

-- The content, in pieces of 512 KiB, the last one shorter.
create table media_parts (
    tenant_id          uuid         not null,
    media_id           uuid         not null,
    part               integer      not null check (part >= 0),
    content            bytea        not null,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    primary key (media_id, part),
    foreign key (tenant_id, media_id) references media (tenant_id, id) on delete cascade
);

alter table messages add column media_id uuid;
-- Messages of one album share it. What comes has Telegram's own number (a bot's media_group_id is one, too); what goes gets one at acceptance.
alter table messages add column album_id bigint;
alter table messages add column edited_at timestamptz;
-- Since when it is gone at Telegram; its text and its media stay with us.
alter table messages add column deleted_at timestamptz;
alter table messages add foreign key (tenant_id, media_id) references media (tenant_id, id) on delete set null (media_id)
    -- The file's row follows the message's in the same transaction, and only where that one was new.
    deferrable initially deferred;
create index idx_messages_media on messages (media_id) where media_id is not null;
create index idx_media_waiting on media (shard, not_before) where state = 'waiting' and source = 'telegram';
-- Deletions outside of channels name messages by the account's own count.
create index idx_messages_account_telegram on messages (account_id, telegram_message_id) where account_id is not null and telegram_message_id is not null;
create index idx_messages_album on messages (dialog_id, album_id) where album_id is not null;

do $$
declare t text;
begin
    foreach t in array array['media', 'media_parts'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors, integrations_api, integrations_worker', t);
    end loop;
end $$;

-- A file goes with the last message that had it, whoever deletes that: an erasure, or the meeting of an accepted message with its echo.
create function forget_media() returns trigger language plpgsql as $$
begin
    delete from media f where f.id = old.media_id and f.tenant_id = old.tenant_id and not exists (select from messages m where m.media_id = f.id);
    return null;
end $$;
alter function forget_media() owner to integrations_owner;
revoke all on function forget_media() from public;

create trigger forget_media after delete on messages for each row when (old.media_id is not null) execute function forget_media();

set local role integrations_doors;

-- As before, and files are objects, too.
create or replace function doors.note_refusals(
    p_minutes timestamptz[], p_kinds text[], p_routes text[], p_addresses text[], p_tenants uuid[], p_users integer[], p_by_keys boolean[],
    p_leads text[], p_values text[], p_times bigint[]) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare r record; v_tenant uuid; v_user integer; v_owner uuid; v_foreign bigint := 0;
begin
    -- Copies of the Api take turns, so that they never wait for each other's lines in a circle.
    perform pg_advisory_xact_lock(7306);
    for r in select n.* from unnest(p_minutes, p_kinds, p_routes, p_addresses, p_tenants, p_users, p_by_keys, p_leads, p_values, p_times)
                          as n (minute, kind, route, address, tenant_id, user_id, by_key, lead, value, times) loop
        v_tenant := r.tenant_id;
        v_user := r.user_id;
        case r.lead
            when 'email' then
                select u.tenant_id, u.user_id into v_tenant, v_user from users u where lower(u.email) = lower(r.value) and u.password_hash is not null;
            when 'key' then
                select k.tenant_id, k.user_id into v_tenant, v_user from api_keys k where k.key_hash = decode(r.value, 'hex');
            when 'challenge' then
                select c.tenant_id, c.user_id into v_tenant, v_user from sign_in_challenges c where c.token_hash = decode(r.value, 'hex');
            when 'tenant' then
                select t.id into v_tenant from tenants t where t.id = r.value::uuid;
            when 'objects' then
                for v_owner in
                    select distinct o.tenant_id
                      from unnest(string_to_array(r.value, ' ')::uuid[]) as named (id),
                           lateral (select a.tenant_id from telegram_accounts a where a.id = named.id
                                    union all select l.tenant_id from telegram_logins l where l.id = named.id
                                    union all select d.tenant_id from dialogs d where d.id = named.id
                                    union all select m.tenant_id from messages m where m.id = named.id
                                    union all select v.tenant_id from media v where v.id = named.id
                                    union all select n.tenant_id from dialog_notes n where n.id = named.id
                                    union all select f.tenant_id from dialog_filters f where f.id = named.id
                                    union all select q.tenant_id from quick_replies q where q.id = named.id
                                    union all select p.tenant_id from projects p where p.id = named.id
                                    union all select i.tenant_id from invitations i where i.id = named.id
                                    union all select k.tenant_id from api_keys k where k.id = named.id
                                    union all select e.tenant_id from erasures e where e.id = named.id
                                    union all select b.tenant_id from telegram_bots b where b.id = named.id
                                    union all select s.tenant_id from console_sessions s where s.id = named.id) o
                     where o.tenant_id <> r.tenant_id
                loop
                    perform doors.add_refusal(v_owner, r.minute, 'foreign_id', null, false, null, r.route, r.times);
                    v_foreign := v_foreign + r.times;
                end loop;
            else
                null;
        end case;
        if v_tenant is not null then
            perform doors.add_refusal(v_tenant, r.minute, r.kind, v_user, r.by_key, r.address, r.route, r.times);
        end if;
    end loop;
    return v_foreign;
end $$;

-- Files that the bots of a shard may fetch now, the oldest first: of no bot more than its share, of none that rests, and none that is being fetched.
create function doors.waiting_bot_files(p_shard integer, p_epoch bigint, p_world text, p_busy uuid[], p_resting uuid[], p_limit integer, p_share integer)
    returns table (media_id uuid, tenant_id uuid, bot_id uuid, attempts integer, location_sealed bytea, token_sealed bytea)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    select w.id, w.tenant_id, w.bot_id, w.attempts, w.location_sealed, w.token_sealed
      from (select f.id, f.tenant_id, b.id as bot_id, f.attempts, f.location_sealed, b.token_sealed, f.created_at,
                   row_number() over (partition by b.id order by f.created_at, f.id) as place,
                   (select count(*) from messages u join media v on v.id = u.media_id where u.bot_id = b.id and v.id = any (p_busy)) as busy
              from media f
              join messages m on m.media_id = f.id
              join telegram_bots b on b.id = m.bot_id
             where f.shard = p_shard and f.state = 'waiting' and f.source = 'telegram' and f.not_before <= clock_timestamp()
               and b.world = p_world and b.shard = p_shard and b.token_sealed is not null and f.id <> all (p_busy) and b.id <> all (p_resting)) w
     where w.place + w.busy <= p_share
     order by w.created_at, w.id
     limit p_limit;
end $$;

reset role;

revoke all on function doors.waiting_bot_files(integer, bigint, text, uuid[], uuid[], integer, integer) from public;
grant execute on function doors.waiting_bot_files(integer, bigint, text, uuid[], uuid[], integer, integer) to integrations_worker;
