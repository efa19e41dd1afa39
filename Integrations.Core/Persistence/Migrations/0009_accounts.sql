-- What an account went through, who is told of it, and sessions that were begun elsewhere.

-- ---------------------------------------------------------------------------------------------------------------
-- Sessions that move here from another program.

-- A keyed digest of the session's key: two rows with the same one would be one key on two connections, which Telegram kills.
alter table telegram_accounts add column session_fingerprint bytea;
alter table telegram_accounts add column imported_at timestamptz;
create unique index idx_telegram_accounts_fingerprint on telegram_accounts (session_fingerprint) where session_payload is not null;

-- An import is a login without questions: the key is there, and only whose it is has to be asked.
alter table telegram_logins drop constraint telegram_logins_method_check;
alter table telegram_logins add constraint telegram_logins_method_check check (method in ('qr', 'phone', 'import'));

-- ---------------------------------------------------------------------------------------------------------------
-- The timeline.

create table account_events (
    seq            bigint      generated always as identity primary key,
    tenant_id      uuid        not null references tenants (id),
    account_id     uuid        not null,
    kind           varchar(20) not null
                   check (kind in ('connected', 'dropped', 'back', 'flood_wait', 'flood_over', 'error', 'paused', 'resumed', 'reconnect_asked',
                                   'login_started', 'login_finished', 'login_failed', 'disconnected', 'imported', 'flags', 'renamed')),
    code           varchar(64),
    -- For a wait its end; for a trouble and its end the moment at which it began.
    until          timestamptz,
    since          timestamptz,
    -- The new name, or which chats are stored.
    detail         varchar(200),
    -- Who wanted it; null: it happened.
    user_id        integer,
    at             timestamptz not null default clock_timestamp(),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);
create index idx_account_events_account on account_events (account_id, seq desc);
create index idx_account_events_at on account_events (at);

-- ---------------------------------------------------------------------------------------------------------------
-- Notices. A problem and its end are one row, and a problem that comes back before anybody has read of its end is the same one again.

create table notices (
    id             uuid        not null primary key default gen_random_uuid(),
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    topic          varchar(20) not null check (topic in ('connection', 'flood', 'message')),
    kind           varchar(20) not null
                   check (kind in ('account_error', 'account_back', 'login_needed', 'flood_wait', 'flood_over', 'message_failed')),
    account_id     uuid        not null,
    dialog_id      uuid,
    code           varchar(64),
    until          timestamptz,
    since          timestamptz not null,
    -- How often it happened.
    times          integer     not null default 1,
    told_at        timestamptz not null default clock_timestamp(),
    resolved_at    timestamptz,
    read_at        timestamptz,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade,
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, dialog_id) references dialogs (tenant_id, id) on delete cascade
);
create unique index idx_notices_current on notices (tenant_id, user_id, account_id, topic, dialog_id) nulls not distinct
    where read_at is null or resolved_at is null;
create index idx_notices_user on notices (tenant_id, user_id, told_at desc);
create index idx_notices_unread on notices (tenant_id, user_id, told_at desc) where read_at is null;
create index idx_notices_told on notices (told_at);

create table notice_settings (
    tenant_id      uuid        not null references tenants (id),
    user_id        integer     not null,
    muted          text[]      not null default '{}',
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade
);

do $$
declare t text;
begin
    foreach t in array array['account_events', 'notices', 'notice_settings'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

grant select, insert on account_events to integrations_api;
grant select, insert, update on account_events to integrations_worker;
grant select, insert, update on notices to integrations_api, integrations_worker;
grant select, insert, update on notice_settings to integrations_api;
grant select on notice_settings to integrations_worker;

-- What happened to an account is told to its user and to the administrators, in the transaction that says that it happened: whoever writes
-- the one cannot forget the other.
create function tell_account_event() returns trigger language plpgsql as $$
declare
    v_owner integer := (select user_id from telegram_accounts where id = new.account_id);
    v_topic text := case
        when new.kind in ('error', 'dropped', 'back', 'connected', 'login_finished', 'paused', 'disconnected') then 'connection'
        when new.kind in ('flood_wait', 'flood_over') then 'flood' end;
    v_problem text := case
        when new.kind in ('error', 'dropped') then case new.code when 'TG_SESSION_EXPIRED' then 'login_needed' else 'account_error' end
        when new.kind = 'flood_wait' and new.until > clock_timestamp() + interval '1 minute' then 'flood_wait' end;
    v_end text := case when new.kind in ('back', 'connected', 'login_finished') then 'account_back' when new.kind = 'flood_over' then 'flood_over' end;
begin
    if tg_op = 'INSERT' then
        insert into outbox (tenant_id, user_id, account_id, type, data)
        values (new.tenant_id, v_owner, new.account_id, 'account.timeline',
                jsonb_strip_nulls(jsonb_build_object('id', new.account_id, 'seq', new.seq, 'kind', new.kind, 'code', new.code, 'until', new.until, 'since', new.since, 'at', new.at)));
    end if;

    if v_problem is not null then
        with told as (
            insert into notices as n (tenant_id, user_id, topic, kind, account_id, code, until, since)
            select new.tenant_id, u.user_id, v_topic, v_problem, new.account_id, new.code, new.until, coalesce(new.since, new.at)
              from users u
              left join notice_settings s on s.tenant_id = u.tenant_id and s.user_id = u.user_id
             where u.tenant_id = new.tenant_id and u.is_active and (u.user_id = v_owner or u.role in ('owner', 'admin'))
               and not (v_problem = any (coalesce(s.muted, '{}')))
             order by u.user_id
            on conflict (tenant_id, user_id, account_id, topic, dialog_id) where read_at is null or resolved_at is null
            do update set times = n.times + case when n.resolved_at is null then 0 else 1 end,
                          read_at = case when n.resolved_at is null and n.kind = excluded.kind then n.read_at end,
                          since = case when n.resolved_at is null then n.since else excluded.since end,
                          kind = excluded.kind, code = excluded.code, until = excluded.until, resolved_at = null, told_at = clock_timestamp()
            returning n.*, xmax = 0 as is_new
        )
        insert into outbox (tenant_id, user_id, account_id, type, data)
        select t.tenant_id, t.user_id, t.account_id, case when t.is_new then 'notice.created' else 'notice.updated' end,
               jsonb_strip_nulls(jsonb_build_object('id', t.id, 'kind', t.kind, 'account_id', t.account_id, 'code', t.code, 'until', t.until, 'since', t.since))
          from told t;
    elsif v_topic is not null and new.kind <> 'flood_wait' then
        -- Its end is told where it is wanted; an end that somebody brought about himself (a pause) is no news to anybody.
        with ended as (
            update notices n
               set resolved_at = clock_timestamp(), told_at = clock_timestamp(),
                   kind = coalesce(v_end, n.kind),
                   read_at = case when v_end is null or v_end = any (coalesce((select s.muted from notice_settings s where s.tenant_id = n.tenant_id and s.user_id = n.user_id), '{}'))
                                  then coalesce(n.read_at, clock_timestamp()) end
             where n.tenant_id = new.tenant_id and n.account_id = new.account_id and n.topic = v_topic and n.resolved_at is null
            returning n.*
        )
        insert into outbox (tenant_id, user_id, account_id, type, data)
        select e.tenant_id, e.user_id, e.account_id, 'notice.updated',
               jsonb_strip_nulls(jsonb_build_object('id', e.id, 'kind', e.kind, 'account_id', e.account_id, 'code', e.code, 'since', e.since, 'resolved_at', e.resolved_at))
          from ended e;
    end if;
    return null;
end $$;

create trigger tell_account_event after insert or update of until on account_events for each row execute function tell_account_event();

-- A message that failed for good is told to the account's user, once for each dialog until it is read. What fails because its account is
-- gone has its own notice.
create function tell_failed_message() returns trigger language plpgsql as $$
begin
    with told as (
        insert into notices as n (tenant_id, user_id, topic, kind, account_id, dialog_id, code, since, resolved_at)
        select new.tenant_id, a.user_id, 'message', 'message_failed', new.account_id, new.dialog_id, new.error_code, clock_timestamp(), clock_timestamp()
          from telegram_accounts a
          join users u on u.tenant_id = a.tenant_id and u.user_id = a.user_id and u.is_active
          left join notice_settings s on s.tenant_id = u.tenant_id and s.user_id = u.user_id
         where a.id = new.account_id and not ('message_failed' = any (coalesce(s.muted, '{}')))
        on conflict (tenant_id, user_id, account_id, topic, dialog_id) where read_at is null or resolved_at is null
        do update set times = n.times + 1, code = excluded.code, told_at = clock_timestamp()
        returning n.*, xmax = 0 as is_new
    )
    insert into outbox (tenant_id, user_id, account_id, type, data)
    select t.tenant_id, t.user_id, t.account_id, case when t.is_new then 'notice.created' else 'notice.updated' end,
           jsonb_strip_nulls(jsonb_build_object('id', t.id, 'kind', t.kind, 'account_id', t.account_id, 'dialog_id', t.dialog_id, 'code', t.code, 'since', t.since))
      from told t;
    return null;
end $$;

create trigger tell_failed_message after update of status on messages for each row
    when (new.status = 'failed' and old.status <> 'failed' and coalesce(new.error_code, '') not in ('ACCOUNT_NOT_ACTIVE', 'TG_SESSION_EXPIRED'))
    execute function tell_failed_message();

-- ---------------------------------------------------------------------------------------------------------------
-- Doors.

set local role integrations_doors;

-- Which of these sessions live in the installation already, whosever they are: nothing but that is told.
create function doors.known_sessions(p_fingerprints bytea[]) returns setof bytea
    language sql stable security definer set search_path = public, pg_temp as $$
    select session_fingerprint from telegram_accounts where session_fingerprint = any (p_fingerprints) and session_payload is not null;
$$;

-- Waits that Telegram asked for and that have passed are forgotten; where the last wait of a whole account was told, its end is told too.
create function doors.end_flood_waits(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    with gone as (
        delete from telegram_flood_waits f
         using (select account_id, method, chat from telegram_flood_waits where until <= clock_timestamp() limit p_limit for update skip locked) due
         where f.account_id = due.account_id and f.method = due.method and f.chat = due.chat
        returning f.tenant_id, f.account_id, f.chat
    ), ended as (
        select distinct g.tenant_id, g.account_id from gone g
         where g.chat = ''
           and not exists (select from telegram_flood_waits f where f.account_id = g.account_id and f.chat = '' and f.until > clock_timestamp())
    ), told as (
        insert into account_events (tenant_id, account_id, kind, since)
        select e.tenant_id, e.account_id, 'flood_over', w.at
          from ended e
          join lateral (select kind, at from account_events t where t.account_id = e.account_id and t.kind in ('flood_wait', 'flood_over')
                         order by seq desc limit 1) w on w.kind = 'flood_wait'
    )
    select count(*) into v_count from gone;
    return v_count;
end $$;

-- What nobody looks back to any more: by age, and beyond the newest p_kept of an account.
create function doors.forget_account_events(p_before timestamptz, p_kept integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_aged integer; v_beyond integer;
begin
    delete from account_events where at < p_before;
    get diagnostics v_aged = row_count;
    delete from account_events e
     using (select account_id from account_events group by account_id having count(*) > p_kept) long
     where e.account_id = long.account_id
       and e.seq <= (select n.seq from account_events n where n.account_id = long.account_id order by n.seq desc offset p_kept limit 1);
    get diagnostics v_beyond = row_count;
    return v_aged + v_beyond;
end $$;

create function doors.forget_notices(p_before timestamptz) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from notices where told_at < p_before and resolved_at is not null;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

reset role;

revoke all on all functions in schema doors from public;
grant execute on function doors.known_sessions(bytea[]) to integrations_api;
grant execute on function doors.end_flood_waits(integer), doors.forget_account_events(timestamptz, integer), doors.forget_notices(timestamptz)
    to integrations_worker;
