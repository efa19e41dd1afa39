-- Secrets: data keys are rotated, moved from one store of keys to another, and forgotten when nothing is under them any more.

grant delete on data_keys to integrations_worker;

set local role integrations_doors;

-- Whose secrets there are, for whoever rotates or moves their keys: tenants and numbers, no key.
-- superseded_at is when the oldest one had a successor; null where there is but one.
create function doors.data_key_holders() returns table (tenant_id uuid, newest integer, newest_at timestamptz, superseded_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp as $$
    select k.tenant_id, max(k.version), max(k.created_at), (array_agg(k.created_at order by k.version))[2]
      from data_keys k group by k.tenant_id order by k.tenant_id;
$$;

reset role;

revoke all on all functions in schema doors from public;
grant execute on function doors.data_key_holders() to integrations_worker;
