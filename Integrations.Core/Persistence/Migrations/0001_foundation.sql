-- The first schema. Applied by the migrator (a superuser) inside one transaction; see Migrator.cs for the roles that must exist before.
--
-- integrations_owner   owns every table; nobody logs in as it.
-- integrations_doors   owns the SECURITY DEFINER functions ("doors") and bypasses row security; nobody logs in as it.
-- integrations_api, integrations_worker   what the hosts log in as: no superuser, no owner, no BYPASSRLS.

create extension if not exists pgcrypto with schema public;

create schema doors authorization integrations_doors;

-- The tenant of the running transaction; null outside one, which makes every policy false.
create function current_tenant() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.tenant_id', true), '')::uuid;

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at := clock_timestamp();
    return new;
end $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Installation: one row of settings, no tenant.

create table installation (
    id             boolean primary key default true check (id),
    shard_count    integer     not null check (shard_count between 1 and 4096),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

create table workers (
    id             uuid primary key,
    host           text        not null,
    world          text        not null check (world in ('sandbox', 'telegram')),
    draining       boolean     not null default false,
    heartbeat_at   timestamptz not null default clock_timestamp(),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

-- The lock: who owns a slice of the accounts. epoch rises at each claim and never falls.
create table shards (
    id             integer primary key check (id >= 0),
    owner          uuid,
    epoch          bigint      not null default 0,
    lease_until    timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

create table owner_links (
    token_hash     bytea primary key,
    expires_at     timestamptz not null,
    used_at        timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

-- The DataProtection ring of the console, sealed under the installation's own key.
create table data_protection_keys (
    name           text primary key,
    sealed         bytea       not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants, people, projects.

create table tenants (
    id             uuid primary key,
    number         varchar(64) unique,
    name           varchar(200) not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

create table users (
    id             uuid        not null,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    -- The subject claim of the customer's user service; 'console:' and the number for the console's own users.
    subject        varchar(200) not null,
    email          varchar(254),
    display_name   varchar(200),
    role           varchar(20) not null check (role in ('owner', 'admin', 'operator', 'viewer')),
    password_hash  text,
    is_active      boolean     not null default true,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (id),
    unique (tenant_id, id),
    unique (tenant_id, user_id),
    unique (tenant_id, subject)
);
-- One sign-in address belongs to one person in the installation.
create unique index idx_users_email on users (lower(email)) where password_hash is not null;

create table console_sessions (
    token_hash     bytea primary key,
    tenant_id      uuid        not null,
    user_id        integer     not null,
    expires_at     timestamptz not null,
    last_seen_at   timestamptz not null default now(),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);

create table projects (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    name           varchar(200) not null,
    mirroring      boolean     not null default false,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    unique (tenant_id, name)
);

-- One data key per tenant and version, wrapped by the tenant's own key outside the database.
create table data_keys (
    tenant_id      uuid        not null references tenants (id),
    version        integer     not null check (version > 0),
    provider       varchar(20) not null,
    wrapped        bytea       not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, version)
);

create table idempotency_keys (
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    route          varchar(100) not null,
    key            varchar(200) not null,
    body_hash      bytea       not null,
    response       jsonb,
    expires_at     timestamptz not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, user_id, route, key)
);
create index idx_idempotency_keys_expires on idempotency_keys (expires_at);

-- ---------------------------------------------------------------------------------------------------------------
-- Personal Telegram accounts.

create table telegram_accounts (
    id                 uuid        not null primary key,
    tenant_id          uuid        not null references tenants (id),
    client_id          uuid        not null generated always as (tenant_id) stored,
    user_id            integer     not null,
    project_id         uuid,
    shard              integer     not null,
    world              varchar(20) not null check (world in ('sandbox', 'telegram')),
    dc_id              integer,
    display_name       varchar(200),
    username           varchar(64),
    phone              varchar(20),
    telegram_user_id   bigint,
    -- What is so. 'paused' and 'disconnected' are ours; the rest is the required vocabulary.
    status             varchar(20) not null default 'pending'
                       check (status in ('pending', 'active', 'error', 'paused', 'disconnected')),
    -- What is wanted; the shard's owner makes status follow.
    goal               varchar(20) not null default 'connected'
                       check (goal in ('connected', 'paused', 'disconnected', 'deleted')),
    session_payload    bytea,
    session_metadata   jsonb       not null default '{}',
    is_active          boolean     not null default true,
    accepts_private    boolean     not null default true,
    accepts_groups     boolean     not null default true,
    accepts_channels   boolean     not null default false,
    last_connected_at  timestamptz,
    last_error         text,
    last_error_code    varchar(64),
    -- Raised by a request to reconnect, so that the owner starts afresh exactly once per request.
    restart_requested  bigint      not null default 0,
    restart_done       bigint      not null default 0,
    deleted_at         timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id)
);
create index idx_telegram_accounts_user_id on telegram_accounts (tenant_id, user_id);
create index idx_telegram_accounts_phone on telegram_accounts (phone);
create index idx_telegram_accounts_metadata on telegram_accounts using gin (session_metadata);
create index idx_telegram_accounts_active on telegram_accounts (tenant_id, user_id) where is_active;
create index idx_telegram_accounts_shard on telegram_accounts (shard) where deleted_at is null;
-- One Telegram user is live at most once per installation and world.
create unique index idx_telegram_accounts_live on telegram_accounts (world, telegram_user_id)
    where telegram_user_id is not null and status in ('active', 'paused') and deleted_at is null;

create table telegram_logins (
    id                 uuid        not null primary key,   -- the account's id
    tenant_id          uuid        not null,
    method             varchar(10) not null check (method in ('qr', 'phone')),
    state              varchar(20) not null default 'pending'
                       check (state in ('ready', 'pending', 'code_required', 'password_required', 'completed', 'error', 'expired')),
    phone              varchar(20),
    qr_url_sealed      bytea,
    qr_expires_at      timestamptz,
    -- What the owner needs to go on after a restart (the phone code's hash), sealed.
    resume_sealed      bytea,
    password_hint      varchar(200),
    recovery_pattern   varchar(200),
    expires_at         timestamptz not null,
    retry_at           timestamptz,
    error_code         varchar(64),
    error_detail       text,
    -- The input that was judged last and its verdict (null: accepted).
    last_input_id      uuid,
    last_input_error   varchar(64),
    completed_at       timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, id) references telegram_accounts (tenant_id, id) on delete cascade
);
create index idx_telegram_logins_open on telegram_logins (id) where state in ('ready', 'pending', 'code_required', 'password_required');

create table telegram_login_inputs (
    id             uuid        not null primary key,
    tenant_id      uuid        not null,
    login_id       uuid        not null,
    kind           varchar(20) not null check (kind in ('code', 'password', 'recovery_request', 'recovery_code', 'resend_code', 'cancel')),
    sealed         bytea,
    expires_at     timestamptz not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, login_id) references telegram_logins (tenant_id, id) on delete cascade
);
create index idx_telegram_login_inputs_login on telegram_login_inputs (login_id, created_at);

-- Where an account stands in Telegram's common update box.
create table telegram_update_states (
    account_id     uuid        not null primary key,
    tenant_id      uuid        not null,
    pts            integer     not null,
    qts            integer     not null,
    date           integer     not null,
    seq            integer     not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);

create table telegram_channel_states (
    account_id     uuid        not null,
    channel_id     bigint      not null,
    tenant_id      uuid        not null,
    pts            integer     not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (account_id, channel_id),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);

-- Access hashes are valid for one account only, so they are keyed by it.
create table telegram_peers (
    account_id     uuid        not null,
    kind           varchar(10) not null check (kind in ('user', 'chat', 'channel')),
    peer_id        bigint      not null,
    tenant_id      uuid        not null,
    access_hash    bigint,
    username       varchar(64),
    phone          varchar(20),
    title          varchar(255),
    broadcast      boolean     not null default false,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (account_id, kind, peer_id),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);
create index idx_telegram_peers_username on telegram_peers (account_id, lower(username)) where username is not null;
create index idx_telegram_peers_phone on telegram_peers (account_id, phone) where phone is not null;

-- Telegram said to wait; it is remembered over restarts. chat is '' where the wait is for the whole account.
create table telegram_flood_waits (
    account_id     uuid        not null,
    method         varchar(64) not null,
    chat           varchar(64) not null default '',
    tenant_id      uuid        not null,
    until          timestamptz not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (account_id, method, chat),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);

-- ---------------------------------------------------------------------------------------------------------------
-- Dialogs and messages.

create table dialogs (
    id                   uuid        not null primary key,
    tenant_id            uuid        not null references tenants (id),
    source               varchar(30) not null check (source in ('personal_telegram')),
    personal_account_id  uuid        not null,
    -- Null until Telegram has told whom the username or phone belongs to.
    peer_kind            varchar(10) check (peer_kind in ('user', 'chat', 'channel')),
    peer_id              bigint,
    username             varchar(64),
    phone                varchar(20),
    title                varchar(255),
    last_message_at      timestamptz,
    unread_count         integer     not null default 0,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    unique (tenant_id, id),
    check ((peer_kind is null) = (peer_id is null)),
    check (peer_id is not null or username is not null or phone is not null),
    foreign key (tenant_id, personal_account_id) references telegram_accounts (tenant_id, id)
);
create unique index idx_dialogs_peer on dialogs (personal_account_id, peer_kind, peer_id) where peer_id is not null;
create unique index idx_dialogs_username on dialogs (personal_account_id, lower(username)) where peer_id is null and username is not null;
create unique index idx_dialogs_phone on dialogs (personal_account_id, phone) where peer_id is null and phone is not null;
create index idx_dialogs_recent on dialogs (tenant_id, personal_account_id, last_message_at desc nulls last);

create table messages (
    id                   uuid        not null primary key,
    seq                  bigint      generated always as identity unique,
    tenant_id            uuid        not null references tenants (id),
    account_id           uuid        not null,
    dialog_id            uuid        not null,
    shard                integer     not null,
    direction            varchar(30) not null check (direction in ('personal_telegram_in', 'personal_telegram_out')),
    status               varchar(20) not null check (status in ('pending', 'sending', 'delivered', 'failed', 'received')),
    priority             smallint    not null default 1 check (priority in (0, 1)),   -- 0 bulk, 1 interactive
    text                 text        not null,
    reply_to_id          uuid,
    reply_to_telegram_id integer,
    random_id            bigint,
    telegram_message_id  integer,
    telegram_date        timestamptz,
    from_peer_kind       varchar(10),
    from_peer_id         bigint,
    sent_by              integer,          -- users.user_id of who accepted it; null: written on another device, or incoming
    attempts             integer     not null default 0,
    epoch                bigint      not null default 0,
    not_before           timestamptz not null default '-infinity',
    error_code           varchar(64),
    error_detail         text,
    accepted_at          timestamptz,
    finished_at          timestamptz,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id),
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade,
    foreign key (tenant_id, reply_to_id) references messages (tenant_id, id) on delete set null (reply_to_id)
);
create index idx_messages_reply on messages (reply_to_id) where reply_to_id is not null;
create unique index idx_messages_telegram on messages (dialog_id, telegram_message_id) where telegram_message_id is not null;
create unique index idx_messages_random on messages (account_id, random_id) where random_id is not null;
create index idx_messages_queue on messages (shard, dialog_id, seq) where status in ('pending', 'sending');
-- How much an account has waiting, asked at each acceptance.
create index idx_messages_backlog on messages (account_id) where status in ('pending', 'sending');
create index idx_messages_dialog on messages (dialog_id, seq desc);
create index idx_messages_account on messages (tenant_id, account_id, seq desc);

-- accepted is counted by the accepting transaction itself, in stripes so that one tenant's senders do not wait for each other.
create table message_counters (
    tenant_id      uuid        not null references tenants (id),
    channel        varchar(30) not null,
    stripe         smallint    not null,
    accepted       bigint      not null default 0,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, channel, stripe)
);

create table integration_logs (
    id                 uuid        not null primary key,
    seq                bigint      generated always as identity unique,
    tenant_id          uuid        not null references tenants (id),
    user_id            integer,
    account_id         uuid,
    enterprise_number  varchar(64),
    integration_type   varchar(50) not null,
    action             varchar(50) not null,
    event_type         varchar(50) generated always as (action) stored,
    status             varchar(20) not null check (status in ('success', 'error', 'pending')),
    details            jsonb       not null default '{}',
    request_data       jsonb,
    response_data      jsonb,
    error_code         varchar(64),
    error_message      text,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    check (user_id is not null or enterprise_number is not null)
);
create index idx_integration_logs_recent on integration_logs (tenant_id, integration_type, seq desc);
create index idx_integration_logs_user on integration_logs (tenant_id, user_id, seq desc);
create index idx_integration_logs_created on integration_logs (created_at);

-- ---------------------------------------------------------------------------------------------------------------
-- Events: written to the outbox in the transaction that causes them, given their position afterwards by one relay.

create table outbox (
    id             bigint      generated always as identity primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer,              -- whose object it is; null: everybody in the tenant
    account_id     uuid,
    type           varchar(50) not null,
    data           jsonb       not null,
    created_at     timestamptz not null default clock_timestamp(),
    updated_at     timestamptz not null default now()
);

create table events (
    position       bigint      primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer,
    account_id     uuid,
    type           varchar(50) not null,
    data           jsonb       not null,
    occurred_at    timestamptz not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
create index idx_events_tenant on events (tenant_id, position);
create index idx_events_occurred on events (occurred_at);

create table event_head (
    id             boolean primary key default true check (id),
    position       bigint      not null default 0,
    -- The oldest position still kept is tail + 1.
    tail           bigint      not null default 0,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
insert into event_head default values;

-- ---------------------------------------------------------------------------------------------------------------
-- Owners, triggers, row security.

do $$
declare t record;
begin
    for t in select tablename from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations' loop
        execute format('alter table %I owner to integrations_owner', t.tablename);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t.tablename);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t.tablename);
    end loop;

    for t in select table_name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id' loop
        execute format('alter table %I enable row level security', t.table_name);
        execute format('alter table %I force row level security', t.table_name);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t.table_name);
    end loop;

    -- A tenant sees itself.
    alter table tenants enable row level security;
    alter table tenants force row level security;
    create policy tenant on tenants using (id = current_tenant()) with check (id = current_tenant());
end $$;

grant usage on schema public, doors to integrations_api, integrations_worker;
grant usage on schema public to integrations_doors;
-- The migrator has taken execution from PUBLIC, so that nothing is callable by default.
grant execute on function current_tenant() to integrations_api, integrations_worker;
grant usage on all sequences in schema public to integrations_api, integrations_worker, integrations_doors;

grant select on installation, event_head, tenants to integrations_api, integrations_worker;
grant select, insert, update, delete on workers to integrations_worker;
-- Only the doors write shards: an epoch that anybody could set would be no fence.
grant select on shards to integrations_api, integrations_worker;
grant select on workers to integrations_api;
grant select, insert, update, delete on data_protection_keys to integrations_api;

grant select, insert, update on users, projects to integrations_api;
grant delete on projects to integrations_api;
grant select on users, projects to integrations_worker;
grant select, insert, update, delete on console_sessions, idempotency_keys to integrations_api;
grant select, insert, update on data_keys to integrations_api, integrations_worker;
grant select, insert, update, delete on telegram_accounts, telegram_logins, telegram_login_inputs, dialogs, messages,
    telegram_update_states, telegram_channel_states, telegram_peers, telegram_flood_waits to integrations_worker;
grant select, insert, update on telegram_accounts, telegram_logins, telegram_login_inputs, dialogs, messages to integrations_api;
grant delete on dialogs to integrations_api;
grant select on telegram_peers, telegram_flood_waits to integrations_api;
grant select, insert, update on message_counters to integrations_api;
grant select on message_counters to integrations_worker;
grant select, insert on integration_logs, outbox to integrations_api, integrations_worker;
grant select on events to integrations_api;
