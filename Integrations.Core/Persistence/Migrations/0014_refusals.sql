-- What was refused, counted: of a flood a few lines stay, not one for each request. And the second factor that a tenant asks of its administrators.

create table refusals (
    seq            bigint      generated always as identity primary key,
    tenant_id      uuid        not null references tenants (id),
    minute         timestamptz not null,
    kind           varchar(20) not null check (kind in ('sign_in', 'signature', 'unknown_id', 'foreign_id', 'throttle')),
    -- Who asked, or, at a sign-in, whose account was tried. Null: nobody that is known.
    user_id        integer,
    by_key         boolean     not null,
    address        varchar(64),
    -- The name of the route; '*' stands for all that found no line of its own.
    route          varchar(64) not null,
    times          bigint      not null check (times > 0),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique nulls not distinct (tenant_id, minute, kind, user_id, by_key, address, route)
);
create index idx_refusals_recent on refusals (tenant_id, seq desc);
create index idx_refusals_minute on refusals (minute);
create index idx_refusals_user on refusals (tenant_id, user_id) where user_id is not null;

-- All of a day (UTC), and how many lines they have.
create table refusal_days (
    tenant_id      uuid        not null references tenants (id),
    day            date        not null,
    kind           varchar(20) not null,
    times          bigint      not null,
    lines          integer     not null default 0,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, day, kind)
);
create index idx_refusal_days_day on refusal_days (day);

do $$
declare t text;
begin
    foreach t in array array['refusals', 'refusal_days'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

-- Written by a door alone; a person who is erased leaves them.
grant select, delete on refusals to integrations_api;
grant select on refusal_days to integrations_api;
-- The worker erases them with the rest of a person or a tenant.
grant select, delete on refusals, refusal_days to integrations_worker;
grant usage on sequence refusals_seq_seq to integrations_doors;
grant select on second_factors to integrations_doors;

-- Sessions are found by their id across tenants where a refusal named one.
create unique index idx_console_sessions_id on console_sessions (id);

-- Owners and administrators who sign in here reach nothing before they have set a second factor up.
alter table tenants add column second_factor_required boolean not null default false;
grant update (second_factor_required) on tenants to integrations_api;

drop function doors.resolve_session(bytea, interval);

set local role integrations_doors;

-- Whose session this is, and whether its user owes a second factor. Its life is prolonged at most once a minute: a session in use must not
-- cost a write per request.
create function doors.resolve_session(p_token_hash bytea, p_lifetime interval)
    returns table (tenant_id uuid, id uuid, user_id integer, role text, email text, display_name text, owes_second_factor boolean)
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_tenant uuid; v_user integer;
begin
    update console_sessions s set last_seen_at = clock_timestamp(), expires_at = clock_timestamp() + p_lifetime
     where s.token_hash = p_token_hash and s.expires_at > clock_timestamp()
       and s.last_seen_at < clock_timestamp() - least(interval '1 minute', p_lifetime / 10)
    returning s.tenant_id, s.user_id into v_tenant, v_user;
    if found then
        update users u set last_seen_at = clock_timestamp() where u.tenant_id = v_tenant and u.user_id = v_user;
    end if;
    return query
    select u.tenant_id, u.id, u.user_id, u.role::text, u.email::text, u.display_name::text,
           t.second_factor_required and u.role in ('owner', 'admin') and u.password_hash is not null
               and not exists (select from second_factors f where f.tenant_id = u.tenant_id and f.user_id = u.user_id and f.confirmed_at is not null)
      from console_sessions s
      join users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
      join tenants t on t.id = u.tenant_id
     where s.token_hash = p_token_hash and s.expires_at > clock_timestamp() and u.is_active;
end $$;

-- Counts one refusal; for the door below, and open to no host. Past so many lines of a kind in a day the rest of a minute shares one.
create function doors.add_refusal(
    p_tenant uuid, p_minute timestamptz, p_kind text, p_user integer, p_by_key boolean, p_address text, p_route text, p_times bigint) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_day date := (p_minute at time zone 'UTC')::date; v_lines integer;
begin
    insert into refusal_days as d (tenant_id, day, kind, times) values (p_tenant, v_day, p_kind, p_times)
        on conflict (tenant_id, day, kind) do update set times = d.times + excluded.times
    returning lines into v_lines;

    update refusals r set times = r.times + p_times
     where r.tenant_id = p_tenant and r.minute = p_minute and r.kind = p_kind and r.by_key = p_by_key and r.route = p_route
       and r.user_id is not distinct from p_user and r.address is not distinct from p_address;
    if found then
        return;
    end if;

    if v_lines < 2000 then
        insert into refusals (tenant_id, minute, kind, user_id, by_key, address, route, times)
        values (p_tenant, p_minute, p_kind, p_user, p_by_key, p_address, p_route, p_times);
        update refusal_days set lines = lines + 1 where tenant_id = p_tenant and day = v_day and kind = p_kind;
    else
        insert into refusals as r (tenant_id, minute, kind, user_id, by_key, address, route, times)
        values (p_tenant, p_minute, p_kind, null, false, null, '*', p_times)
            on conflict (tenant_id, minute, kind, user_id, by_key, address, route) do update set times = r.times + excluded.times;
    end if;
end $$;

-- Writes down what the Api has refused, and finds the tenant of what came without one: by the address of a sign-in, the hash of a key or a
-- challenge, or the tenant that a forged token names. An id that another tenant has is told to that tenant, without who asked for it; to the one
-- who asked it stays an unknown one. Answers how many of these there were, to be counted, and nothing else.
create function doors.note_refusals(
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

-- Refusals are kept as long as the customers' logs.
create function doors.forget_refusals(p_before timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from refusals where seq in (select seq from refusals where minute < p_before limit p_limit);
    get diagnostics v_count = row_count;
    delete from refusal_days where day < (p_before at time zone 'UTC')::date;
    return v_count;
end $$;

-- How much of the audit is in no chain yet, and how old the oldest of it is: over all tenants, as numbers alone.
create function doors.audit_backlog() returns table (waiting bigint, oldest_seconds double precision)
    language sql stable security definer set search_path = public, pg_temp as $$
    select count(*), coalesce(extract(epoch from clock_timestamp() - min(occurred_at)), 0)::double precision from audit_entries where position is null;
$$;

reset role;

revoke all on function doors.resolve_session(bytea, interval), doors.add_refusal(uuid, timestamptz, text, integer, boolean, text, text, bigint),
    doors.note_refusals(timestamptz[], text[], text[], text[], uuid[], integer[], boolean[], text[], text[], bigint[]),
    doors.forget_refusals(timestamptz, integer), doors.audit_backlog() from public;
grant execute on function doors.resolve_session(bytea, interval),
    doors.note_refusals(timestamptz[], text[], text[], text[], uuid[], integer[], boolean[], text[], text[], bigint[]) to integrations_api;
grant execute on function doors.forget_refusals(timestamptz, integer), doors.audit_backlog() to integrations_worker;
