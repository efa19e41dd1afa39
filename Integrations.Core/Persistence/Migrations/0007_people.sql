-- People: how they come in, what their sessions and keys are, and how they like the console.

-- A person sees and ends his sessions by an id; the hash of a token stays between the browser and this table.
alter table console_sessions add column id uuid not null default gen_random_uuid();
alter table console_sessions add column user_agent varchar(300);
alter table console_sessions add unique (tenant_id, id);
create index idx_console_sessions_user on console_sessions (tenant_id, user_id);

-- The last sign of life by any way in, written at most once a minute.
alter table users add column last_seen_at timestamptz;

create table invitations (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    email          varchar(254) not null,
    role           varchar(20) not null check (role in ('owner', 'admin', 'operator', 'viewer')),
    token_hash     bytea       not null unique,
    invited_by     integer     not null,
    expires_at     timestamptz not null,
    accepted_at    timestamptz,
    accepted_by    integer,
    revoked_at     timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, invited_by) references users (tenant_id, user_id),
    foreign key (tenant_id, accepted_by) references users (tenant_id, user_id)
);
-- One open invitation for an address: who lost the link gets a new one of the same.
create unique index idx_invitations_open on invitations (tenant_id, lower(email)) where accepted_at is null and revoked_at is null;

create table invitation_projects (
    tenant_id      uuid        not null references tenants (id),
    invitation_id  uuid        not null,
    project_id     uuid        not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, invitation_id, project_id),
    foreign key (tenant_id, invitation_id) references invitations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);

create table api_keys (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    name           varchar(200) not null,
    -- The first characters, by which a person tells his keys apart; far too few to guess the rest.
    prefix         varchar(20) not null,
    key_hash       bytea       not null unique,
    scopes         text[]      not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'send', 'connect', 'manage']),
    expires_at     timestamptz,
    last_used_at   timestamptz,
    revoked_at     timestamptz,
    created_by     integer     not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id),
    foreign key (tenant_id, created_by) references users (tenant_id, user_id)
);
create index idx_api_keys_user on api_keys (tenant_id, user_id);

-- Null: as the browser says.
create table user_preferences (
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    language       varchar(10) check (language in ('en', 'ru', 'uk')),
    theme          varchar(10) check (theme in ('auto', 'light', 'dark')),
    time_zone      varchar(64),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);

do $$
declare t text;
begin
    foreach t in array array['invitations', 'invitation_projects', 'api_keys', 'user_preferences'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

grant select, insert, update on invitations, api_keys, user_preferences to integrations_api;
grant select, insert on invitation_projects to integrations_api;

set local role integrations_doors;

-- Whose session this is. Its life is prolonged at most once a minute: a session in use must not cost a write per request.
create or replace function doors.resolve_session(p_token_hash bytea, p_lifetime interval)
    returns table (tenant_id uuid, id uuid, user_id integer, role text, email text, display_name text)
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
    select u.tenant_id, u.id, u.user_id, u.role::text, u.email::text, u.display_name::text
      from console_sessions s join users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
     where s.token_hash = p_token_hash and s.expires_at > clock_timestamp() and u.is_active;
end $$;

-- Whose key this is and what it may be used for; nothing once it was revoked, has lapsed, or its user was switched off.
-- Its use is noted at most once a minute.
create function doors.resolve_api_key(p_key_hash bytea)
    returns table (tenant_id uuid, id uuid, user_id integer, role text, email text, display_name text, scopes text[])
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_tenant uuid; v_user integer;
begin
    update api_keys k set last_used_at = clock_timestamp()
     where k.key_hash = p_key_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
       and (k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute')
       and exists (select from users u where u.tenant_id = k.tenant_id and u.user_id = k.user_id and u.is_active)
    returning k.tenant_id, k.user_id into v_tenant, v_user;
    if found then
        update users u set last_seen_at = clock_timestamp() where u.tenant_id = v_tenant and u.user_id = v_user;
    end if;
    return query
    select u.tenant_id, u.id, u.user_id, u.role::text, u.email::text, u.display_name::text, k.scopes
      from api_keys k join users u on u.tenant_id = k.tenant_id and u.user_id = k.user_id
     where k.key_hash = p_key_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp()) and u.is_active;
end $$;

-- In which tenant an invitation waits; null for one that is unknown, used, revoked or lapsed. It is used in a transaction of that tenant.
create function doors.invitation_tenant(p_token_hash bytea) returns uuid
    language sql stable security definer set search_path = public, pg_temp as $$
    select i.tenant_id from invitations i
     where i.token_hash = p_token_hash and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp();
$$;

-- Whether somebody signs in here with an address, in whichever tenant: one address belongs to one person of the installation.
-- Switched off people count: they may come back.
create function doors.signs_in(p_email text) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from users where lower(email) = lower(p_email) and password_hash is not null);
$$;

reset role;

-- Creating a function opens it to everybody.
revoke all on function doors.resolve_api_key(bytea), doors.invitation_tenant(bytea), doors.signs_in(text) from public;
grant execute on function doors.resolve_api_key(bytea), doors.invitation_tenant(bytea), doors.signs_in(text) to integrations_api;
