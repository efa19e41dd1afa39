-- What people may ask of whoever keeps their data: to be asked first, to get what is kept, and to have it forgotten.

-- What a person agreed to before his first account was connected.
create table consents (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    -- Which text it was, and in which language he read it.
    version        varchar(20) not null,
    language       varchar(10) not null check (language in ('en', 'ru', 'uk')),
    address        varchar(64),
    given_at       timestamptz not null default clock_timestamp(),
    withdrawn_at   timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);
create unique index idx_consents_valid on consents (tenant_id, user_id, version) where withdrawn_at is null;

-- Erasures under way, and of those that are done the receipt, which names nobody. The row outlives its tenant.
create table erasures (
    id               uuid        not null primary key,
    tenant_id        uuid        not null references tenants (id),
    subject          varchar(10) not null check (subject in ('user', 'person', 'tenant')),
    -- A keyed digest of whose data it is: the same subject is found again, and nobody is found by it.
    digest           bytea       not null,
    -- By what the subject is found, for as long as it is looked for.
    traces           jsonb,
    state            varchar(20) not null default 'sessions' check (state in ('sessions', 'rows', 'key', 'done')),
    requested_by     integer,
    -- From when on what cannot be done (a session that Telegram does not let go, a key that cannot be destroyed) is told in the receipt instead.
    give_up_at       timestamptz not null,
    -- How many rows went, by table.
    erased           jsonb       not null default '{}',
    sessions         integer     not null default 0,
    sessions_left    integer     not null default 0,
    -- Null: no key is the subject's own.
    key_destroyed    boolean,
    -- By which the receipt is read when nobody can sign in any more.
    token_hash       bytea       not null unique,
    receipt          text,
    signature        bytea,
    finished_at      timestamptz,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    unique (tenant_id, id),
    check ((state = 'done') = (receipt is not null) and (state = 'done') = (traces is null)
           and (receipt is null) = (signature is null) and (receipt is null) = (finished_at is null))
);
create unique index idx_erasures_open on erasures (tenant_id, digest) where state <> 'done';
create index idx_erasures_recent on erasures (tenant_id, created_at desc);
create index idx_erasures_waiting on erasures (created_at) where state <> 'done';

-- A tenant that is being erased, or was. Its id is never given out again.
alter table tenants add column closed_at timestamptz;
-- A person who was erased. Only his number stays, for what he wrote to others to have an author who is nobody.
alter table users add column erased_at timestamptz;
alter table users add constraint users_erased_is_nobody check (erased_at is null or (not is_active and email is null and display_name is null and password_hash is null));

-- Accepted messages whose rows were erased: without them the law of sending would count them as lost.
alter table message_counters add column erased bigint not null default 0;

do $$
declare t text;
begin
    foreach t in array array['consents', 'erasures'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

grant select, insert, update on consents to integrations_api;
grant select, insert on erasures to integrations_api;
grant update (closed_at) on tenants to integrations_api;

-- The worker erases, a tenant at a time and within its walls: the row policies hold for it here as everywhere.
grant select, update on erasures to integrations_worker;
grant select, delete on account_events, api_keys, audit_checkpoints, audit_heads, consents, console_sessions, dialog_filters, dialog_notes, events,
    idempotency_keys, integration_logs, invitation_projects, invitations, message_counters, message_hours, notice_settings, notices, outbox,
    project_members, projects, quick_replies, recovery_codes, second_factors, sign_in_challenges, tenant_hours, tenant_limits, user_preferences, users
    to integrations_worker;
grant insert, update on message_counters to integrations_worker;
grant update (user_id, address, user_agent, objects, changes, salt, erased_at) on audit_entries to integrations_worker;
grant update (subject, email, display_name, role, password_hash, is_active, last_seen_at, erased_at) on users to integrations_worker;
grant update (number, name, closed_at) on tenants to integrations_worker;

set local role integrations_doors;

-- Which erasures are under way: tenants and ids, and nothing of whom they are about.
create function doors.open_erasures(p_limit integer) returns table (tenant_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
    select e.tenant_id, e.id from erasures e where e.state <> 'done' order by e.created_at limit p_limit;
$$;

-- What became of an erasure, for whoever has its token; nobody may be left who could sign in. It names nobody.
create function doors.find_erasure(p_token_hash bytea)
    returns table (id uuid, subject text, state text, created_at timestamptz, finished_at timestamptz, receipt text, signature bytea)
    language sql stable security definer set search_path = public, pg_temp as $$
    select e.id, e.subject, e.state, e.created_at, e.finished_at, e.receipt, e.signature from erasures e where e.token_hash = p_token_hash;
$$;

-- As before; a tenant that was closed is none any more.
create or replace function doors.tenant_exists(p_tenant uuid) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from tenants where id = p_tenant and closed_at is null);
$$;

-- As before; what was erased counts on neither side.
create or replace function doors.message_balance()
    returns table (tenant_id uuid, channel text, accepted bigint, delivered bigint, failed bigint, in_flight bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    with counted as (
        select c.tenant_id, c.channel, sum(c.accepted - c.erased)::bigint as accepted from message_counters c group by 1, 2
    ), found as (
        select m.tenant_id, 'personal_telegram' as channel,
               count(*) filter (where m.status = 'delivered') as delivered,
               count(*) filter (where m.status = 'failed') as failed,
               count(*) filter (where m.status in ('pending', 'sending')) as in_flight
          from messages m where m.direction = 'personal_telegram_out' and m.accepted_at is not null group by 1
    )
    select coalesce(c.tenant_id, f.tenant_id), coalesce(c.channel, f.channel), coalesce(c.accepted, 0),
           coalesce(f.delivered, 0), coalesce(f.failed, 0), coalesce(f.in_flight, 0)
      from counted c full join found f on f.tenant_id = c.tenant_id and f.channel = c.channel;
$$;

reset role;

revoke all on function doors.open_erasures(integer), doors.find_erasure(bytea) from public;
grant execute on function doors.open_erasures(integer) to integrations_worker;
grant execute on function doors.find_erasure(bytea) to integrations_api;
