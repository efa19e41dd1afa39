-- Who changed what, and from where. An entry is written in the transaction of the change, without waiting for any other; one sealer
-- puts the entries of a tenant into a chain afterwards.

create table audit_entries (
    id             uuid        not null primary key default gen_random_uuid(),
    seq            bigint      generated always as identity unique,
    tenant_id      uuid        not null references tenants (id),
    action         varchar(64) not null,
    occurred_at    timestamptz not null default clock_timestamp(),
    -- Null: nobody had signed in yet, or the person was erased.
    user_id        integer,
    by_key         boolean     not null,
    address        varchar(64),
    user_agent     varchar(200),
    -- The ids in the route's path.
    objects        jsonb       not null default '{}',
    -- What the log tells of it, before and after.
    changes        jsonb,
    trace_id       varchar(32),
    -- Goes with the person: what it hides in the commitment can then neither be read nor guessed.
    salt           bytea       default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) check (length(salt) = 32),
    erased_at      timestamptz,
    -- The sealer's: the place in the tenant's chain, the digest of the entry, and the link to the entry before.
    position       bigint,
    commitment     bytea,
    hash           bytea,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    unique (tenant_id, position),
    check ((position is null) = (hash is null) and (position is null) = (commitment is null)),
    check ((salt is null) = (erased_at is not null))
);
create index idx_audit_entries_recent on audit_entries (tenant_id, seq desc);
create index idx_audit_entries_user on audit_entries (tenant_id, user_id, seq desc);
create index idx_audit_entries_unsealed on audit_entries (tenant_id, seq) where position is null;
create index idx_audit_entries_occurred on audit_entries (occurred_at) where position is not null;

-- The end of each chain.
create table audit_heads (
    tenant_id      uuid        not null primary key references tenants (id),
    position       bigint      not null,
    hash           bytea       not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

-- Where a chain begins that was purged up to there.
create table audit_checkpoints (
    tenant_id      uuid        not null references tenants (id),
    position       bigint      not null,
    hash           bytea       not null,
    -- Entries that went.
    entries        bigint      not null,
    -- Null: they went by their age.
    purged_by      integer,
    signature      bytea       not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, position)
);

do $$
declare t text;
begin
    foreach t in array array['audit_entries', 'audit_heads', 'audit_checkpoints'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

-- Whoever could change an entry unseen would be the API's role; what it changes all the same the chain shows.
grant select, insert, delete on audit_entries to integrations_api;
grant update (user_id, address, user_agent, objects, changes, salt, erased_at) on audit_entries to integrations_api;
grant select, insert on audit_checkpoints to integrations_api;
grant select, update on audit_heads to integrations_api;
grant select, delete on audit_entries to integrations_worker;
grant update (position, commitment, hash) on audit_entries to integrations_worker;
grant select, insert, update on audit_heads to integrations_worker;
grant select, insert on audit_checkpoints to integrations_worker;

set role integrations_doors;

-- Tenants with entries that are in no chain yet.
create function doors.unsealed_audit(p_limit integer) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
    select distinct tenant_id from (select tenant_id from audit_entries where position is null order by seq limit p_limit) waiting;
$$;

-- Tenants with sealed entries from before the moment.
create function doors.aged_audit(p_before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
    select distinct tenant_id from audit_entries where position is not null and occurred_at < p_before;
$$;

-- The customers' logs are kept for so long and no longer.
create function doors.forget_logs(p_before timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from integration_logs where id in (select id from integration_logs where created_at < p_before limit p_limit);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

reset role;

revoke all on function doors.unsealed_audit(integer), doors.aged_audit(timestamptz), doors.forget_logs(timestamptz, integer) from public;
grant execute on function doors.unsealed_audit(integer), doors.aged_audit(timestamptz), doors.forget_logs(timestamptz, integer) to integrations_worker;
