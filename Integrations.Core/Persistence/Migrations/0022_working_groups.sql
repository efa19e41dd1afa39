-- The working group of a project: a supergroup with topics in which operators read what comes and answer it; each outside dialog is one topic.

-- Since when a dialog is closed; null while it is open. A new message opens it.
alter table dialogs add column if not exists closed_at timestamptz;

create table working_groups (
    project_id         uuid         not null primary key,
    tenant_id          uuid         not null,
    -- Whose owner fills the topics: one worker at a time, so that a dialog's order holds.
    shard              integer      not null,
    world              varchar(20)  not null check (world in ('sandbox', 'telegram')),
    -- As the Bot API writes it; null until somebody has chosen one.
    chat_id            bigint,
    title              varchar(255),
    username           varchar(64),
    is_forum           boolean      not null default false,
    -- In which language the topics are commented.
    language           varchar(2)   not null default 'en' check (language in ('en', 'ru', 'uk')),
    checked_at         timestamptz,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    unique (tenant_id, project_id),
    unique (tenant_id, chat_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade
);
create index idx_working_groups_shard on working_groups (shard);

-- The managing bots: they share the posting, because Telegram counts by bot and group.
create table working_group_bots (
    bot_id             uuid         not null primary key,
    tenant_id          uuid         not null,
    project_id         uuid         not null,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    foreign key (tenant_id, project_id) references working_groups (tenant_id, project_id) on delete cascade,
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create index idx_working_group_bots_project on working_group_bots (project_id);

-- Which groups a bot was seen in, and what it may do there: from my_chat_member, and from asking.
create table bot_groups (
    bot_id             uuid         not null,
    chat_id            bigint       not null,
    tenant_id          uuid         not null,
    title              varchar(255),
    username           varchar(64),
    is_forum           boolean      not null default false,
    -- As Telegram words it: creator, administrator, member, restricted, left or kicked.
    status             varchar(20)  not null,
    can_manage_topics  boolean      not null default false,
    can_delete_messages boolean     not null default false,
    can_pin_messages   boolean      not null default false,
    checked_at         timestamptz  not null default clock_timestamp(),
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    primary key (bot_id, chat_id),
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);

create table topics (
    project_id         uuid         not null,
    dialog_id          uuid         not null,
    tenant_id          uuid         not null,
    message_thread_id  integer      not null,
    name               varchar(128) not null,
    -- What Telegram was last told.
    closed_at          timestamptz,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    primary key (project_id, dialog_id),
    unique (project_id, message_thread_id),
    foreign key (tenant_id, project_id) references working_groups (tenant_id, project_id) on delete cascade,
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade
);
create index idx_topics_dialog on topics (dialog_id);

-- What is to be told in the group. A row says that there is news of a message, not which: whoever posts it looks. So news that comes while
-- the row waits adds nothing, and news that comes while it is being posted (news has risen) leaves it there to be looked at again.
create table mirror_items (
    seq                bigint       generated always as identity primary key,
    tenant_id          uuid         not null,
    project_id         uuid         not null,
    dialog_id          uuid         not null,
    key                varchar(80)  not null,
    -- message: it, or what became of it. dialog: its name, or whether it is closed. note: a text of ours. callback: somebody pressed a button.
    kind               varchar(10)  not null check (kind in ('message', 'dialog', 'note', 'callback')),
    message_id         uuid,
    -- Of a callback: whose button it was, and Telegram's id of the pressing.
    bot_id             uuid,
    callback_id        varchar(64),
    -- Of a note: what it is about, and the message of the group that it answers.
    note               varchar(40),
    reply_to           integer,
    news               integer      not null default 1,
    attempts           integer      not null default 0,
    not_before         timestamptz  not null default '-infinity',
    error              text,
    -- Given up: Telegram refuses it for good. It stays, to be seen.
    failed_at          timestamptz,
    created_at         timestamptz  not null default clock_timestamp(),
    updated_at         timestamptz  not null default now(),
    unique (project_id, key),
    check ((kind = 'message') = (message_id is not null)),
    foreign key (tenant_id, project_id) references working_groups (tenant_id, project_id) on delete cascade,
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade,
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade,
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create index idx_mirror_items_dialog on mirror_items (project_id, dialog_id, seq) where failed_at is null;
create index idx_mirror_items_message on mirror_items (message_id) where message_id is not null;

-- Which message of the group shows which message of ours: several where they were joined, and several of the group where one was too long.
create table mirror_posts (
    project_id         uuid         not null,
    group_message_id   integer      not null,
    message_id         uuid         not null,
    tenant_id          uuid         not null,
    dialog_id          uuid         not null,
    -- Only who posted can change it.
    bot_id             uuid         not null,
    -- copy: what was said. status: what became of an answer.
    kind               varchar(10)  not null check (kind in ('copy', 'status')),
    -- The place within what was joined.
    place              integer      not null,
    -- The file that it shows, if any: a text cannot become one by an edit.
    media_id           uuid,
    -- A digest of what it shows, so that nothing is changed to what it is.
    shown_digest       bytea        not null,
    posted_at          timestamptz  not null,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    primary key (project_id, group_message_id, message_id),
    foreign key (tenant_id, project_id) references working_groups (tenant_id, project_id) on delete cascade,
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade,
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade,
    foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade
);
create index idx_mirror_posts_message on mirror_posts (message_id);
create index idx_mirror_posts_dialog on mirror_posts (dialog_id);
create index idx_mirror_posts_recent on mirror_posts (project_id, posted_at);

-- What operators wrote in topics, known by its number in the group: all managing bots bring the same message, one of them makes it an answer.
create table topic_answers (
    project_id         uuid         not null,
    group_message_id   integer      not null,
    tenant_id          uuid         not null,
    dialog_id          uuid         not null,
    message_id         uuid,
    author_telegram_id          bigint       not null,
    author_name        varchar(255),
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now(),
    primary key (project_id, group_message_id),
    foreign key (tenant_id, project_id) references working_groups (tenant_id, project_id) on delete cascade,
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade,
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade
);
create unique index idx_topic_answers_message on topic_answers (message_id) where message_id is not null;
create index idx_topic_answers_dialog on topic_answers (dialog_id);

-- Up to which event the groups have been told. Events beyond it are kept while any group is there.
create table mirror_head (
    id                 boolean      primary key default true check (id),
    position           bigint       not null,
    created_at         timestamptz  not null default now(),
    updated_at         timestamptz  not null default now()
);
insert into mirror_head (position) select position from event_head;

do $$
declare t text;
begin
    foreach t in array array['working_groups', 'working_group_bots', 'bot_groups', 'topics', 'mirror_items', 'mirror_posts', 'topic_answers', 'mirror_head'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
        continue when t = 'mirror_head';
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_worker', t);
    end loop;
end $$;

grant select, insert, update, delete on working_groups, working_group_bots to integrations_api;
grant select, insert, update on bot_groups to integrations_api;
-- Another group begins with empty topics; what waits is forgotten with the mirroring.
grant select, delete on topics, mirror_items, mirror_posts, topic_answers to integrations_api;
grant usage on sequence mirror_items_seq_seq to integrations_worker, integrations_doors;

set local role integrations_doors;

-- Makes items of what happened since the last time, in the order of the events; returns the shards whose owners have something to post, and
-- nothing where there was nothing to read. One at a time: the head is locked until the commit, so each event is planned once.
-- Never planned: the working groups' own messages, which an account in the group receives too, and the dialogs of managing bots.
create function doors.plan_mirror(p_limit integer) returns table (last_position bigint, shards integer[])
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_from bigint; v_to bigint; v_shards integer[];
begin
    if not pg_try_advisory_xact_lock(7307) then
        return;
    end if;
    select m.position into v_from from mirror_head m for update;
    select greatest(v_from, h.tail), h.position into v_from, v_to from event_head h;
    if v_to <= v_from then
        return;
    end if;
    if exists (select from projects where mirroring) then
        v_to := least(v_to, v_from + p_limit);

        -- Whoever writes again opens the dialog.
        update dialogs d set closed_at = null
          from events e join messages m on m.id = (e.data ->> 'id')::uuid and m.tenant_id = e.tenant_id
         where e.position > v_from and e.position <= v_to and e.type = 'message.created'
           and m.direction in ('personal_telegram_in', 'telegram_bot_in') and d.id = m.dialog_id and d.closed_at < m.created_at;

        with said as (
            select m.tenant_id, m.dialog_id, m.id as message_id, 'message' as kind, 'm:' || m.id as key, min(e.position) as place
              from events e join messages m on m.id = (e.data ->> 'id')::uuid and m.tenant_id = e.tenant_id
             where e.position > v_from and e.position <= v_to and e.type in ('message.created', 'message.updated', 'message.deleted')
             group by m.id
            union all
            -- A dialog that was closed or opened here, or whose person has another name: its topic follows. A topic that it does not have yet needs nothing.
            select d.tenant_id, d.id, null, 'dialog', 'd:' || d.id, max(e.position)
              from events e join dialogs d on d.tenant_id = e.tenant_id and d.id = (e.data ->> case e.type when 'dialog.updated' then 'id' else 'dialog_id' end)::uuid
             where e.position > v_from and e.position <= v_to and e.type in ('dialog.updated', 'message.created')
               -- What is being closed or opened right now is looked at again: its row still says what was before.
               and exists (select from topics t where t.dialog_id = d.id and ((t.closed_at is null) <> (d.closed_at is null)
                           or exists (select from mirror_items x where x.dialog_id = d.id and x.kind = 'dialog')))
             group by d.id
        ), wanted as (
            select s.*, w.project_id, w.shard
              from said s
              join dialogs d on d.id = s.dialog_id
              left join telegram_accounts a on a.id = d.personal_account_id
              left join integrations i on i.id = d.bot_id
              join projects p on p.id = coalesce(a.project_id, i.project_id) and p.mirroring
              join working_groups w on w.project_id = p.id and w.chat_id is not null
             where not exists (select from working_group_bots b where b.bot_id = d.bot_id)
               and (d.peer_kind is distinct from 'channel' or not exists (select from working_groups g where g.chat_id = -1000000000000 - d.peer_id))
        ), planned as (
            insert into mirror_items as x (tenant_id, project_id, dialog_id, key, kind, message_id)
            select n.tenant_id, n.project_id, n.dialog_id, n.key, n.kind, n.message_id from wanted n order by n.place, n.kind
            on conflict (project_id, key) do update set news = x.news + 1, not_before = '-infinity', failed_at = null
            returning x.project_id
        )
        select array_agg(distinct w.shard) into v_shards from planned p join working_groups w on w.project_id = p.project_id;
    end if;
    update mirror_head set position = v_to;
    return query select v_to, coalesce(v_shards, '{}');
end $$;

-- The groups that the owner of a shard fills, of its world; and whether anything waits there. No token and no word.
create function doors.groups_of_shard(p_shard integer, p_epoch bigint, p_world text) returns table (tenant_id uuid, project_id uuid, waiting boolean)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    select w.tenant_id, w.project_id, exists (select from mirror_items i where i.project_id = w.project_id and i.failed_at is null)
      from working_groups w join projects p on p.id = w.project_id
     where w.shard = p_shard and w.world = p_world and w.chat_id is not null and p.mirroring
     order by w.project_id;
end $$;

-- How much waits to be posted in all groups, and for how many seconds the oldest of it; 0 when nothing does.
create function doors.mirror_backlog() returns table (waiting bigint, oldest_seconds double precision)
    language sql stable security definer set search_path = public, pg_temp as $$
    select count(*), coalesce(greatest(0, extract(epoch from clock_timestamp() - min(created_at))), 0)::float8 from mirror_items where failed_at is null;
$$;

-- As before; but what the working groups have not been told yet stays while there is any.
create or replace function doors.trim_events(p_before timestamptz) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_tail bigint;
begin
    select max(position) into v_tail from events where occurred_at < p_before;
    if v_tail is not null and exists (select from working_groups) then
        select least(v_tail, m.position) into v_tail from mirror_head m;
    end if;
    if v_tail is not null then
        delete from events where position <= v_tail;
        update event_head set tail = greatest(tail, v_tail);
    end if;
    return v_tail;
end $$;

reset role;

revoke all on function doors.plan_mirror(integer), doors.groups_of_shard(integer, bigint, text), doors.mirror_backlog() from public;
grant execute on function doors.plan_mirror(integer), doors.groups_of_shard(integer, bigint, text), doors.mirror_backlog() to integrations_worker;
