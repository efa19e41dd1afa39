-- Integrations, the bots among them, and what Telegram tells about bots: stored as it came, before it is answered.

-- One connection of a tenant to one platform. Personal accounts stand in telegram_accounts.
create table integrations (
    id                 uuid        not null primary key,
    tenant_id          uuid        not null references tenants (id),
    -- Who connected it.
    user_id            integer     not null,
    project_id         uuid,
    integration_type   varchar(50) not null check (integration_type in ('telegram_bot')),
    status             varchar(20) not null default 'pending' check (status in ('pending', 'active', 'error', 'inactive')),
    last_error_code    varchar(64),
    last_error         text,
    messages_received  bigint      not null default 0,
    messages_sent      bigint      not null default 0,
    last_activity      timestamptz,
    deleted_at         timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id)
);
create index idx_integrations_type on integrations (tenant_id, integration_type) where deleted_at is null;

create table telegram_bots (
    id                 uuid        not null primary key,   -- the integration's id
    tenant_id          uuid        not null,
    -- Who processes what comes for it: the owner of the shard, as with personal accounts.
    shard              integer     not null,
    world              varchar(20) not null check (world in ('sandbox', 'telegram')),
    telegram_user_id   bigint      not null,
    username           varchar(64),
    display_name       varchar(200),
    -- Null once the bot is deleted.
    token_sealed       bytea,
    -- A keyed digest, for the older address that has the token in it.
    token_fingerprint  bytea       not null,
    -- The opaque id in the webhook's address, and the digest of the secret that comes with each update.
    hook_id            varchar(43) not null unique,
    hook_secret_sealed bytea,
    hook_secret_hash   bytea       not null,
    -- What getMe tells of it: can_join_groups and the like.
    rights             jsonb       not null default '{}',
    settings           jsonb       not null default '{}',
    is_active          boolean     not null default true,
    -- When Telegram last had our address, and when it was last asked how the bot is.
    registered_at      timestamptz,
    checked_at         timestamptz,
    pending_updates    integer,
    hook_error         text,
    hook_error_at      timestamptz,
    deleted_at         timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, id) references integrations (tenant_id, id) on delete cascade
);
create index idx_telegram_bots_shard on telegram_bots (shard) where deleted_at is null;
-- A bot has one webhook: it is live at most once per installation and world.
create unique index idx_telegram_bots_live on telegram_bots (world, telegram_user_id) where deleted_at is null;
create unique index idx_telegram_bots_token on telegram_bots (token_fingerprint) where deleted_at is null;

-- The inbox. A row stays a day after it was processed, without its content, so that what Telegram sends again is known.
create table telegram_bot_updates (
    bot_id             uuid        not null,
    update_id          bigint      not null,
    tenant_id          uuid        not null,
    seq                bigint      generated always as identity unique,
    shard              integer     not null,
    -- Null for updates that belong to no chat.
    chat_id            bigint,
    payload            jsonb,
    received_at        timestamptz not null default clock_timestamp(),
    attempts           integer     not null default 0,
    not_before         timestamptz not null default '-infinity',
    processed_at       timestamptz,
    error              text,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (bot_id, update_id),
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create index idx_telegram_bot_updates_waiting on telegram_bot_updates (shard, seq) where processed_at is null;
create index idx_telegram_bot_updates_done on telegram_bot_updates (processed_at) where processed_at is not null;

do $$
declare t text;
begin
    foreach t in array array['integrations', 'telegram_bots', 'telegram_bot_updates'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

grant select, insert, update on integrations, telegram_bots to integrations_api;
-- Whoever exports what is kept of a person reads what has not been processed, too.
grant select on telegram_bot_updates to integrations_api;
-- The worker looks after the bots, processes what comes for them, and erases them with their tenant.
grant select, update, delete on integrations, telegram_bots to integrations_worker;
grant select, insert, update, delete on telegram_bot_updates to integrations_worker;
grant usage on sequence telegram_bot_updates_seq_seq to integrations_worker, integrations_doors;

set local role integrations_doors;

-- Whose webhook this is: by the opaque id of its address. A bot that was deactivated or deleted has none.
create function doors.resolve_bot_hook(p_hook_id text) returns table (tenant_id uuid, bot_id uuid, shard integer, secret_hash bytea)
    language sql stable security definer set search_path = public, pg_temp as $$
    select b.tenant_id, b.id, b.shard, b.hook_secret_hash from telegram_bots b where b.hook_id = p_hook_id and b.is_active and b.deleted_at is null;
$$;

-- The same by the keyed digest of the bot's token, which the older address has in it. No secret comes there before the bot was registered with one.
create function doors.resolve_bot_token(p_fingerprint bytea) returns table (tenant_id uuid, bot_id uuid, shard integer, secret_hash bytea)
    language sql stable security definer set search_path = public, pg_temp as $$
    select b.tenant_id, b.id, b.shard, case when b.registered_at is not null then b.hook_secret_hash end
      from telegram_bots b where b.token_fingerprint = p_fingerprint and b.is_active and b.deleted_at is null;
$$;

-- Stores what Telegram told about bots, in the order given; returns what was new. A bot that is gone by now gets nothing.
create function doors.store_bot_updates(p_bot_ids uuid[], p_update_ids bigint[], p_chat_ids bigint[], p_payloads jsonb[])
    returns table (bot_id uuid, update_id bigint)
    language sql security definer set search_path = public, pg_temp as $$
    insert into telegram_bot_updates as u (bot_id, update_id, tenant_id, shard, chat_id, payload)
    select b.id, t.update_id, b.tenant_id, b.shard, t.chat_id, t.payload
      from unnest(p_bot_ids, p_update_ids, p_chat_ids, p_payloads) with ordinality t (bot_id, update_id, chat_id, payload, place)
      join telegram_bots b on b.id = t.bot_id and b.deleted_at is null
     order by t.place
    on conflict do nothing
    returning u.bot_id, u.update_id;
$$;

-- The bots that the owner of these shards looks after: those of its world that are switched on. No token and no secret.
create function doors.bots_of_shards(p_shards integer[], p_world text) returns table (tenant_id uuid, id uuid, shard integer, is_well boolean)
    language sql stable security definer set search_path = public, pg_temp as $$
    select b.tenant_id, b.id, b.shard, i.status = 'active'
      from telegram_bots b join integrations i on i.id = b.id
     where b.shard = any (p_shards) and b.world = p_world and b.is_active and b.deleted_at is null
     order by b.id;
$$;

-- As before; a bot's id is one, too.
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

revoke all on function doors.resolve_bot_hook(text), doors.resolve_bot_token(bytea), doors.store_bot_updates(uuid[], bigint[], bigint[], jsonb[]),
    doors.bots_of_shards(integer[], text) from public;
grant execute on function doors.resolve_bot_hook(text), doors.resolve_bot_token(bytea), doors.store_bot_updates(uuid[], bigint[], bigint[], jsonb[])
    to integrations_api;
grant execute on function doors.bots_of_shards(integer[], text) to integrations_worker;
