-- Who works in which project. An account of a project is the shared inbox of its members; one without a project is its user's alone.

create table project_members (
    tenant_id      uuid        not null references tenants (id),
    project_id     uuid        not null,
    user_id        integer     not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, project_id, user_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);
create index idx_project_members_user on project_members (tenant_id, user_id);

alter table project_members owner to integrations_owner;
create trigger set_updated_at before update on project_members for each row execute function update_updated_at_column();
alter table project_members enable row level security;
alter table project_members force row level security;
create policy tenant on project_members using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, insert, update, delete on project_members to integrations_doors;
grant select, insert, delete on project_members to integrations_api;
grant select on project_members to integrations_worker;
