-- A second proof at sign-in, and keys that are replaced without a gap.

-- One authenticator of a person. It counts once it was confirmed by a code; until then it may be begun anew.
create table second_factors (
    -- A new one with each secret, which is sealed to it.
    id             uuid        not null unique,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    -- The shared secret of RFC 6238.
    secret_sealed  bytea       not null,
    confirmed_at   timestamptz,
    -- The last time step whose code was used; it only rises, so that no code is used twice.
    last_step      bigint      not null default 0,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);

-- Codes for whoever lost the authenticator. They have 80 random bits, so a plain hash keeps them.
create table recovery_codes (
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    code_hash      bytea       not null,
    used_at        timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, user_id, code_hash),
    foreign key (tenant_id, user_id) references second_factors (tenant_id, user_id) on delete cascade
);

-- Whoever gave the right password and still owes the code.
create table sign_in_challenges (
    token_hash     bytea       not null primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    tries          integer     not null default 0,
    expires_at     timestamptz not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, user_id) references second_factors (tenant_id, user_id) on delete cascade
);
create index idx_sign_in_challenges_user on sign_in_challenges (tenant_id, user_id);

-- The key that replaces this one; this one ends with its expires_at, which the rotation brought forward.
alter table api_keys add column replaced_by uuid;
alter table api_keys add foreign key (tenant_id, replaced_by) references api_keys (tenant_id, id);
alter table api_keys add constraint api_keys_replaced_ends check (replaced_by is null or expires_at is not null);

do $$
declare t text;
begin
    foreach t in array array['second_factors', 'recovery_codes', 'sign_in_challenges'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_api', t);
    end loop;
end $$;

grant select on sign_in_challenges to integrations_doors;
-- Who rotates keys seals the secrets anew.
grant select, update on second_factors to integrations_worker;

set local role integrations_doors;

-- In which tenant a challenge waits; null for one that is unknown or lapsed. It is used in a transaction of that tenant.
create function doors.challenge_tenant(p_token_hash bytea) returns uuid
    language sql stable security definer set search_path = public, pg_temp as $$
    select c.tenant_id from sign_in_challenges c where c.token_hash = p_token_hash and c.expires_at > clock_timestamp();
$$;

reset role;

revoke all on function doors.challenge_tenant(bytea) from public;
grant execute on function doors.challenge_tenant(bytea) to integrations_api;
