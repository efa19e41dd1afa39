-- How many requests a minute the users of a tenant may make, where the tenant has set it; without a row the installation's default holds.

create table tenant_limits (
    tenant_id      uuid        not null references tenants (id),
    route_class    varchar(20) not null check (route_class in ('connect', 'send', 'status')),
    per_minute     integer     not null check (per_minute between 1 and 100000),
    burst          integer     not null check (burst between 1 and 100000),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, route_class)
);

alter table tenant_limits owner to integrations_owner;
create trigger set_updated_at before update on tenant_limits for each row execute function update_updated_at_column();
alter table tenant_limits enable row level security;
alter table tenant_limits force row level security;
create policy tenant on tenant_limits using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, insert, update, delete on tenant_limits to integrations_doors;
grant select, insert, update, delete on tenant_limits to integrations_api;
