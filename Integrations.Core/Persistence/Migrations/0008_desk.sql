-- The desk: who looks after a dialog, what colleagues note beside it, the filters and the ready texts of those who answer.

alter table dialogs add column assignee_id integer;
alter table dialogs add foreign key (tenant_id, assignee_id) references users (tenant_id, user_id) on delete set null (assignee_id);
create index idx_dialogs_assignee on dialogs (tenant_id, assignee_id) where assignee_id is not null;

-- Said among colleagues; it never leaves for Telegram.
create table dialog_notes (
    id             uuid        not null primary key,
    seq            bigint      generated always as identity unique,
    tenant_id      uuid        not null references tenants (id),
    dialog_id      uuid        not null,
    author_id      integer     not null,
    text           text        not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade,
    foreign key (tenant_id, author_id) references users (tenant_id, user_id) on delete cascade
);
create index idx_dialog_notes_dialog on dialog_notes (dialog_id, seq desc);

-- A look at the list that somebody comes back to; his alone.
create table dialog_filters (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    name           varchar(60) not null,
    show           varchar(20) not null check (show in ('all', 'unread', 'waiting', 'mine', 'unassigned')),
    account_id     uuid,
    text           varchar(100),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade,
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);
create unique index idx_dialog_filters_name on dialog_filters (tenant_id, user_id, lower(name));

-- Texts that everybody of the tenant answers with, found by a shortcut.
create table quick_replies (
    id             uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    shortcut       varchar(32) not null,
    text           text        not null,
    author_id      integer     not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, author_id) references users (tenant_id, user_id) on delete cascade
);
create unique index idx_quick_replies_shortcut on quick_replies (tenant_id, lower(shortcut));

do $$
declare t text;
begin
    foreach t in array array['dialog_notes', 'dialog_filters', 'quick_replies'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

grant select, insert, delete on dialog_notes, dialog_filters to integrations_api;
grant select, insert, update, delete on quick_replies to integrations_api;
grant usage on sequence dialog_notes_seq_seq to integrations_api;
-- A dialog that turns out to be another one takes its notes along.
grant select, update on dialog_notes to integrations_worker;
