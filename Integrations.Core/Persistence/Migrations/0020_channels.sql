-- Channels and groups that a bot or a personal account writes in; what is asked about them; and what becomes of messages after they were sent.

create table telegram_channels (
    id                 uuid         not null primary key,
    tenant_id          uuid         not null references tenants (id),
    -- Who connected it.
    user_id            integer      not null,
    account_id         uuid,
    bot_id             uuid,
    -- As the Bot API writes a chat: a basic group is negative, a supergroup or channel below -10^12.
    channel_id         bigint       not null check (channel_id < 0),
    title              varchar(255) not null,
    type               varchar(20)  not null check (type in ('channel', 'group', 'supergroup')),
    username           varchar(64),
    settings           jsonb        not null default '{}',
    members_count      integer      not null default 0 check (members_count >= 0),
    is_active          boolean      not null default true,
    -- What the account or the bot may do there, as Telegram told last.
    rights             jsonb        not null default '{}',
    can_post           boolean      not null default false,
    checked_at         timestamptz,
    -- When it is looked at next.
    check_at           timestamptz  not null default clock_timestamp(),
    error_code         varchar(64),
    error_detail       text,
    deleted_at         timestamptz,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, id),
    check ((account_id is null) <> (bot_id is null)),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id),
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id)
);
create unique index idx_telegram_channels_account on telegram_channels (account_id, channel_id) where account_id is not null and deleted_at is null;
create unique index idx_telegram_channels_bot on telegram_channels (bot_id, channel_id) where bot_id is not null and deleted_at is null;
create index idx_telegram_channels_due on telegram_channels (check_at) where deleted_at is null;

-- Those that can be picked: of an account its dialogs, when somebody asks; of a bot where it was added.
create table telegram_found_channels (
    id                 uuid         not null primary key,
    tenant_id          uuid         not null references tenants (id),
    account_id         uuid,
    bot_id             uuid,
    channel_id         bigint       not null check (channel_id < 0),
    title              varchar(255) not null,
    type               varchar(20)  not null check (type in ('channel', 'group', 'supergroup')),
    username           varchar(64),
    members_count      integer      not null default 0,
    rights             jsonb        not null default '{}',
    can_post           boolean      not null default false,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, id),
    check ((account_id is null) <> (bot_id is null)),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create unique index idx_telegram_found_channels_account on telegram_found_channels (account_id, channel_id) where account_id is not null;
create unique index idx_telegram_found_channels_bot on telegram_found_channels (bot_id, channel_id) where bot_id is not null;

-- Questions to the owner of an account, who alone speaks with Telegram for it: which channels are there, and what is behind a name, a link or an id.
create table telegram_channel_looks (
    id                 uuid         not null primary key,
    tenant_id          uuid         not null references tenants (id),
    user_id            integer      not null,
    account_id         uuid         not null,
    kind               varchar(20)  not null check (kind in ('list', 'find')),
    -- Null for a list. An invite link lets in whoever has it, so it is sealed.
    target_sealed      bytea,
    state              varchar(20)  not null default 'pending' check (state in ('pending', 'done', 'failed')),
    result             jsonb,
    error_code         varchar(64),
    error_detail       text,
    expires_at         timestamptz  not null,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade,
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);
create index idx_telegram_channel_looks_expiry on telegram_channel_looks (expires_at);

-- Scheduled messages wait here and not at Telegram; pinned_at is since when a message is pinned.
alter table messages add column scheduled_for timestamptz;
alter table messages add column pinned_at timestamptz;
alter table messages drop constraint messages_status_check;
alter table messages add constraint messages_status_check check (status in ('scheduled', 'pending', 'sending', 'delivered', 'failed', 'received'));
drop index idx_messages_backlog;
create index idx_messages_backlog on messages (account_id) where status in ('scheduled', 'pending', 'sending');
drop index idx_messages_bot_backlog;
create index idx_messages_bot_backlog on messages (bot_id) where status in ('scheduled', 'pending', 'sending') and bot_id is not null;
create index idx_messages_scheduled on messages (shard, scheduled_for) where status = 'scheduled';

-- What somebody took back himself is no news to him.
drop trigger tell_failed_message on messages;
create trigger tell_failed_message after update of status on messages for each row
    when (new.status = 'failed' and old.status <> 'failed' and coalesce(new.error_code, '') not in ('ACCOUNT_NOT_ACTIVE', 'TG_SESSION_EXPIRED', 'MESSAGE_CANCELLED'))
    execute function tell_failed_message();

-- Edits, deletions and pins that somebody asked for. One that is pending is done again by whoever owns the shard: each of them may be repeated.
create table message_changes (
    id                 uuid         not null primary key,
    tenant_id          uuid         not null references tenants (id),
    message_id         uuid         not null,
    seq                bigint       generated always as identity unique,
    account_id         uuid,
    bot_id             uuid,
    shard              integer      not null,
    kind               varchar(20)  not null check (kind in ('edit', 'delete', 'pin', 'unpin')),
    -- The new text; null but for edits.
    text               text,
    state              varchar(20)  not null default 'pending' check (state in ('pending', 'done', 'failed')),
    attempts           integer      not null default 0,
    not_before         timestamptz  not null default '-infinity',
    error_code         varchar(64),
    error_detail       text,
    -- Who asked.
    user_id            integer,
    finished_at        timestamptz,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, id),
    check ((account_id is null) <> (bot_id is null)),
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, user_id),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create index idx_message_changes_waiting on message_changes (shard, message_id, seq) where state = 'pending';
create index idx_message_changes_message on message_changes (message_id, seq desc);

do $$
declare t text;
begin
    foreach t in array array['telegram_channels', 'telegram_found_channels', 'telegram_channel_looks', 'message_changes'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors, integrations_api, integrations_worker', t);
    end loop;
end $$;
grant usage on sequence message_changes_seq_seq to integrations_api, integrations_worker, integrations_doors;

set local role integrations_doors;

-- Scheduled messages whose time has come stand in the queue now, and how long they take is counted from here. What nobody is left to send fails.
-- Returns the shards to be rung.
create function doors.release_scheduled(p_shards integer[], p_limit integer) returns setof integer
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query
    with due as (
        select m.id, coalesce(m.bot_id is not null or (a.deleted_at is null and a.goal <> 'deleted' and a.status in ('active', 'paused')), false) as lives
          from messages m left join telegram_accounts a on a.id = m.account_id
         where m.shard = any (p_shards) and m.status = 'scheduled' and m.scheduled_for <= clock_timestamp()
         order by m.seq limit p_limit
           for update of m skip locked
    ), written as (
        update messages m
           set status = case when d.lives then 'pending' else 'failed' end,
               accepted_at = clock_timestamp(),
               error_code = case when not d.lives then 'ACCOUNT_NOT_ACTIVE' end,
               error_detail = case when not d.lives then 'When its time came, the account was not connected.' end,
               finished_at = case when not d.lives then clock_timestamp() end
          from due d where m.id = d.id
        returning m.*
    ), told as (
        insert into outbox (tenant_id, user_id, account_id, bot_id, type, data)
        select w.tenant_id, a.user_id, w.account_id, w.bot_id, 'message.updated',
               jsonb_strip_nulls(jsonb_build_object('id', w.id, 'dialog_id', w.dialog_id, 'account_id', w.account_id, 'bot_id', w.bot_id, 'direction', w.direction,
                                                    'status', w.status, 'error_code', w.error_code, 'error_detail', w.error_detail))
          from written w left join telegram_accounts a on a.id = w.account_id
         order by w.seq
    )
    select distinct w.shard from written w;
end $$;

-- The oldest change of each message that waits for nothing but its sender; also what nobody will do any more: of senders that are gone, or that a day was
-- waited for.
create function doors.due_message_changes(p_shards integer[], p_world text, p_bot_world text, p_limit integer, p_except uuid[])
    returns table (id uuid, tenant_id uuid, shard integer, account_id uuid, bot_id uuid, message_id uuid, kind text, text text, attempts integer, created_at timestamptz,
                   telegram_message_id integer, message_status text, has_media boolean, dialog_id uuid, peer_kind text, peer_id bigint, access_hash bigint,
                   token_sealed bytea, is_ready boolean, account_user integer)
    language sql stable security definer set search_path = public, pg_temp as $$
    with heads as (
        select distinct on (c.message_id) c.*
          from message_changes c
         where c.shard = any (p_shards) and c.state = 'pending'
         order by c.message_id, c.seq
    ), placed as (
        select h.*, coalesce(a.world = p_world, b.world = p_bot_world, false) as is_here, a.user_id as account_user,
               case when a.id is not null then a.deleted_at is not null or a.goal = 'deleted'
                    when b.id is not null then b.deleted_at is not null
                    else true end as is_gone,
               coalesce((a.status = 'active' and a.goal = 'connected') or (b.is_active and i.status = 'active'), false) as is_ready,
               case when b.deleted_at is null then b.token_sealed end as token_sealed
          from heads h
          left join telegram_accounts a on a.id = h.account_id
          left join telegram_bots b on b.id = h.bot_id
          left join integrations i on i.id = h.bot_id
    )
    select c.id, c.tenant_id, c.shard, c.account_id, c.bot_id, c.message_id, c.kind::text, c.text, c.attempts, c.created_at,
           m.telegram_message_id, m.status::text, m.media_id is not null, m.dialog_id, d.peer_kind::text, d.peer_id, p.access_hash,
           c.token_sealed, c.is_ready and not c.is_gone, c.account_user
      from placed c
      join messages m on m.id = c.message_id
      join dialogs d on d.id = m.dialog_id
      left join telegram_peers p on p.account_id = c.account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
     where c.is_here and c.not_before <= clock_timestamp() and m.status not in ('scheduled', 'pending', 'sending')
       and (c.is_ready or c.is_gone or c.created_at < clock_timestamp() - interval '1 day')
       and not (c.id = any (p_except))
     order by c.seq
     limit p_limit;
$$;

-- Questions about channels that somebody waits for the answers of.
create function doors.due_channel_looks(p_shards integer[], p_world text, p_limit integer, p_except uuid[])
    returns table (id uuid, tenant_id uuid, shard integer, account_id uuid, account_user integer, kind text, target_sealed bytea)
    language sql stable security definer set search_path = public, pg_temp as $$
    select l.id, l.tenant_id, a.shard, l.account_id, a.user_id, l.kind::text, l.target_sealed
      from telegram_channel_looks l
      join telegram_accounts a on a.id = l.account_id
     where a.shard = any (p_shards) and a.world = p_world and a.status = 'active' and a.goal = 'connected'
       and l.state = 'pending' and l.expires_at > clock_timestamp() and not (l.id = any (p_except))
     order by l.expires_at
     limit p_limit;
$$;

-- Channels that are to be looked at now: the switched-on ones, and those that were lost, which may come back.
create function doors.due_channel_checks(p_shards integer[], p_world text, p_bot_world text, p_limit integer, p_except uuid[])
    returns table (id uuid, tenant_id uuid, shard integer, account_id uuid, bot_id uuid, account_user integer, channel_id bigint, access_hash bigint, token_sealed bytea, bot_user_id bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    select c.id, c.tenant_id, coalesce(a.shard, b.shard), c.account_id, c.bot_id, a.user_id, c.channel_id, p.access_hash, b.token_sealed, b.telegram_user_id
      from telegram_channels c
      left join telegram_accounts a on a.id = c.account_id and a.status = 'active' and a.goal = 'connected'
      left join telegram_bots b on b.id = c.bot_id and b.is_active and b.deleted_at is null
      left join integrations i on i.id = b.id
      left join telegram_peers p on p.account_id = c.account_id and p.kind = 'channel' and p.peer_id = -c.channel_id - 1000000000000
     where coalesce(a.shard, b.shard) = any (p_shards) and coalesce(a.world = p_world, b.world = p_bot_world, false) and (b.id is null or i.status = 'active')
       and c.deleted_at is null and (c.is_active or c.error_code is not null) and c.check_at <= clock_timestamp() and not (c.id = any (p_except))
     order by c.check_at
     limit p_limit;
$$;

create function doors.forget_channel_looks(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from telegram_channel_looks
     where id in (select id from telegram_channel_looks where expires_at < clock_timestamp() limit p_limit for update skip locked);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- As before; what waits for its time is in flight, too.
create or replace function doors.message_balance()
    returns table (tenant_id uuid, channel text, accepted bigint, delivered bigint, failed bigint, in_flight bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    with counted as (
        select c.tenant_id, c.channel, sum(c.accepted - c.erased)::bigint as accepted from message_counters c group by 1, 2
    ), found as (
        select m.tenant_id, case m.direction when 'telegram_bot_out' then 'telegram_bot' else 'personal_telegram' end as channel,
               count(*) filter (where m.status = 'delivered') as delivered,
               count(*) filter (where m.status = 'failed') as failed,
               count(*) filter (where m.status in ('scheduled', 'pending', 'sending')) as in_flight
          from messages m where m.direction in ('personal_telegram_out', 'telegram_bot_out') and m.accepted_at is not null group by 1, 2
    )
    select coalesce(c.tenant_id, f.tenant_id), coalesce(c.channel, f.channel), coalesce(c.accepted, 0),
           coalesce(f.delivered, 0), coalesce(f.failed, 0), coalesce(f.in_flight, 0)
      from counted c full join found f on f.tenant_id = c.tenant_id and f.channel = c.channel;
$$;

-- As before; a channel's id is one, too.
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
                                    union all select n.tenant_id from dialog_notes n where n.id = named.id
                                    union all select f.tenant_id from dialog_filters f where f.id = named.id
                                    union all select q.tenant_id from quick_replies q where q.id = named.id
                                    union all select p.tenant_id from projects p where p.id = named.id
                                    union all select i.tenant_id from invitations i where i.id = named.id
                                    union all select k.tenant_id from api_keys k where k.id = named.id
                                    union all select e.tenant_id from erasures e where e.id = named.id
                                    union all select b.tenant_id from telegram_bots b where b.id = named.id
                                    union all select c.tenant_id from telegram_channels c where c.id = named.id
                                    union all select v.tenant_id from media v where v.id = named.id
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

reset role;

revoke all on function doors.release_scheduled(integer[], integer), doors.due_message_changes(integer[], text, text, integer, uuid[]),
    doors.due_channel_looks(integer[], text, integer, uuid[]), doors.due_channel_checks(integer[], text, text, integer, uuid[]), doors.forget_channel_looks(integer) from public;
grant execute on function doors.release_scheduled(integer[], integer), doors.due_message_changes(integer[], text, text, integer, uuid[]),
    doors.due_channel_looks(integer[], text, integer, uuid[]), doors.due_channel_checks(integer[], text, text, integer, uuid[]), doors.forget_channel_looks(integer)
    to integrations_worker;
