-- Finding what was said; dialogs that are closed; what a bot's trouble tells.

-- ---------------------------------------------------------------------------------------------------------------
-- Words of messages. They stand beside the messages and not in them: a message is rewritten several times on its way, its words are not.

create schema if not exists extensions;
create extension if not exists btree_gin with schema extensions;

-- One character for one, so that a place in it is the same place in the message. Words are runs of letters and digits, as the query's are.
create function searched_text(p_text text) returns text language sql immutable parallel safe as $$
    select translate(p_text, E'ёЁ\u0001\u0002<>/\\.@_-:;,!?&%#+=*|~^$''"`()[]{}', 'еЕ' || repeat(' ', 34));
$$;

-- The Russian configuration takes words in Latin letters for English ones, and its endings fit most Ukrainian words as well.
create function message_words(p_text text) returns tsvector language sql immutable parallel safe as $$
    select to_tsvector('pg_catalog.russian', searched_text(p_text));
$$;

-- All of the words: each in any of its forms, or as the beginning of a longer one. Null where there is nothing to look for.
create function words_query(p_words text[]) returns tsquery language plpgsql immutable parallel safe as $$
declare v_word text; v_form tsquery; v_beginning tsquery; v_all tsquery; v_common tsquery;
begin
    foreach v_word in array p_words loop
        v_form := plainto_tsquery('pg_catalog.russian', searched_text(v_word));
        v_beginning := case when length(v_word) >= 3
                            then ('''' || replace(replace(lower(searched_text(v_word)), '\', '\\'), '''', '''''') || ''':*')::tsquery end;
        if numnode(v_form) > 0 then
            v_form := coalesce(v_form || v_beginning, v_form);
            v_all := coalesce(v_all && v_form, v_form);
        elsif v_beginning is not null then
            -- A word that stands everywhere is kept of no message: it counts only where there is no other.
            v_common := coalesce(v_common && v_beginning, v_beginning);
        end if;
    end loop;
    return coalesce(v_all, v_common);
end $$;

create table message_words (
    message_id     uuid        not null primary key,
    tenant_id      uuid        not null references tenants (id),
    -- The account or the bot, and the message's place: what a search asks for beside the words.
    inbox_id       uuid        not null,
    seq            bigint      not null,
    words          tsvector    not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade
);
insert into message_words (message_id, tenant_id, inbox_id, seq, words)
select m.id, m.tenant_id, coalesce(m.account_id, m.bot_id), m.seq, message_words(m.text) from messages m where m.text <> '' order by m.seq;
create index idx_message_words_recent on message_words (tenant_id, seq desc);
-- A rare word leads to its messages, and to those of this tenant alone.
create index idx_message_words on message_words using gin (tenant_id, words);

alter table message_words owner to integrations_owner;
create trigger set_updated_at before update on message_words for each row execute function update_updated_at_column();
alter table message_words enable row level security;
alter table message_words force row level security;
create policy tenant on message_words using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, insert, update, delete on message_words to integrations_doors;
-- The text of a message that waits for its time is changed by the host that people ask.
grant select, insert, update on message_words to integrations_api;
grant select, insert, update, delete on message_words to integrations_worker;
grant execute on function searched_text(text), message_words(text), words_query(text[]) to integrations_api, integrations_worker, integrations_doors;
grant execute on function current_tenant() to integrations_doors;

create function keep_message_words() returns trigger language plpgsql as $$
begin
    insert into message_words (message_id, tenant_id, inbox_id, seq, words)
    select n.id, n.tenant_id, coalesce(n.account_id, n.bot_id), n.seq, message_words(n.text) from added n where n.text <> '';
    return null;
end $$;

create trigger keep_message_words after insert on messages referencing new table as added for each statement execute function keep_message_words();

create function change_message_words() returns trigger language plpgsql as $$
begin
    insert into message_words (message_id, tenant_id, inbox_id, seq, words)
    values (new.id, new.tenant_id, coalesce(new.account_id, new.bot_id), new.seq, message_words(new.text))
    on conflict (message_id) do update set words = excluded.words;
    return null;
end $$;

create trigger change_message_words after update of text on messages for each row
    when (new.text is distinct from old.text) execute function change_message_words();

-- ---------------------------------------------------------------------------------------------------------------
-- A dialog is open until somebody closes it, and again from the next word of the other side on.

alter table dialogs add column if not exists closed_at timestamptz;

create function reopen_dialog() returns trigger language plpgsql as $$
begin
    new.closed_at := null;
    return new;
end $$;

create trigger reopen_dialog before update of unread_count on dialogs for each row
    when (new.unread_count > old.unread_count and old.closed_at is not null) execute function reopen_dialog();

alter table dialog_filters
    add column source varchar(30) check (source in ('personal_telegram', 'telegram_bot')),
    add column project_id uuid,
    add column state varchar(10) check (state in ('open', 'closed')),
    -- me, nobody, or a user's number.
    add column assignee varchar(12) check (assignee in ('me', 'nobody') or assignee ~ '^[1-9][0-9]{0,9}$'),
    add column waiting_minutes integer check (waiting_minutes > 0),
    add column blocked boolean not null default false;
alter table dialog_filters add foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade;

-- ---------------------------------------------------------------------------------------------------------------
-- Doors. What is asked for is the transaction's tenant's alone. They are doors because row security lets no index over words be used: whether
-- two of them match could tell of rows that one may not see.

set local role integrations_doors;

-- The messages that say all of the words, of these inboxes and, where it is given, of this dialog: the newest first, or the best of the newest ten
-- thousand; what stands behind p_before. Each with its text, in which the words stand between the characters 1 and 2.
create function doors.search_messages(p_inboxes uuid[], p_dialog uuid, p_words text[], p_best boolean, p_before uuid, p_limit integer)
    returns table (message_id uuid, marked text)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
declare v_query tsquery := words_query(p_words); v_seq bigint; v_rank real; v_found text;
begin
    if v_query is null then
        return;
    end if;
    if p_before is not null then
        select w.seq, ts_rank(w.words, v_query) into v_seq, v_rank
          from message_words w where w.message_id = p_before and w.tenant_id = current_tenant();
    end if;
    v_found := 'select w.message_id, w.seq, ' || case when p_best then 'ts_rank(w.words, $2)' else '0::real' end || ' as rank from message_words w'
        || ' where w.tenant_id = $1 and w.words @@ $2 and w.inbox_id = any ($3)'
        || case when p_dialog is null then '' else ' and exists (select from messages d where d.id = w.message_id and d.dialog_id = $4)' end
        || case when v_seq is null or p_best then '' else ' and w.seq < $5' end
        || ' order by w.seq desc limit ' || case when p_best then '10000' else '$7' end;
    -- Planned for these very words: a rare one is found by its index, a common one on the way back through time.
    return query execute
        'select m.id, ts_headline(''pg_catalog.russian'', searched_text(m.text), $2, E''HighlightAll=true, StartSel=\u0001, StopSel=\u0002'')'
        || ' from (select * from (' || v_found || ') f'
        || case when p_best and v_seq is not null then ' where (f.rank, f.seq) < ($6, $5)' else '' end
        || ' order by f.rank desc, f.seq desc limit $7) best join messages m on m.id = best.message_id order by best.rank desc, best.seq desc'
        using current_tenant(), v_query, p_inboxes, p_dialog, v_seq, v_rank, p_limit;
end $$;

-- The dialogs in which the newest messages were said that say all of the words.
create function doors.dialogs_saying(p_inboxes uuid[], p_words text[], p_limit integer) returns setof uuid
    language plpgsql stable security definer set search_path = public, pg_temp as $$
declare v_query tsquery := words_query(p_words);
begin
    if v_query is null then
        return;
    end if;
    return query execute
        'select distinct m.dialog_id from (select w.message_id from message_words w where w.tenant_id = $1 and w.words @@ $2 and w.inbox_id = any ($3)'
        || ' order by w.seq desc limit $4) f join messages m on m.id = f.message_id'
        using current_tenant(), v_query, p_inboxes, p_limit;
end $$;

reset role;

revoke all on function doors.search_messages(uuid[], uuid, text[], boolean, uuid, integer), doors.dialogs_saying(uuid[], text[], integer) from public;
grant execute on function doors.search_messages(uuid[], uuid, text[], boolean, uuid, integer), doors.dialogs_saying(uuid[], text[], integer) to integrations_api;

-- ---------------------------------------------------------------------------------------------------------------
-- Notices of bots: to owners and administrators, who look after them. What the bell has is about an account or a bot.

alter table notices alter column account_id drop not null;
alter table notices add column bot_id uuid;
alter table notices add check ((account_id is null) <> (bot_id is null));
alter table notices add foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade;
alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check check (
    kind in ('account_error', 'account_back', 'login_needed', 'flood_wait', 'flood_over', 'message_failed', 'bot_error', 'bot_back'));
drop index idx_notices_current;
create unique index idx_notices_current on notices (tenant_id, user_id, account_id, topic, dialog_id, bot_id) nulls not distinct
    where read_at is null or resolved_at is null;

-- What tells of accounts stays as it is, but for the index that it goes by.
do $$
declare f regproc;
begin
    foreach f in array array['tell_account_event'::regproc, 'tell_failed_message'::regproc] loop
        execute replace(pg_get_functiondef(f), '(tenant_id, user_id, account_id, topic, dialog_id)', '(tenant_id, user_id, account_id, topic, dialog_id, bot_id)');
    end loop;
end $$;

create function tell_bot_state() returns trigger language plpgsql as $$
begin
    if new.status = 'error' then
        with told as (
            insert into notices as n (tenant_id, user_id, topic, kind, bot_id, code, since)
            select new.tenant_id, u.user_id, 'connection', 'bot_error', new.id, new.last_error_code, clock_timestamp()
              from users u
              left join notice_settings s on s.tenant_id = u.tenant_id and s.user_id = u.user_id
             where u.tenant_id = new.tenant_id and u.is_active and u.role in ('owner', 'admin') and not ('bot_error' = any (coalesce(s.muted, '{}')))
             order by u.user_id
            on conflict (tenant_id, user_id, account_id, topic, dialog_id, bot_id) where read_at is null or resolved_at is null
            do update set times = n.times + case when n.resolved_at is null then 0 else 1 end,
                          read_at = case when n.resolved_at is null then n.read_at end,
                          since = case when n.resolved_at is null then n.since else excluded.since end,
                          kind = excluded.kind, code = excluded.code, resolved_at = null, told_at = clock_timestamp()
            returning n.*, xmax = 0 as is_new
        )
        insert into outbox (tenant_id, user_id, type, data)
        select t.tenant_id, t.user_id, case when t.is_new then 'notice.created' else 'notice.updated' end,
               jsonb_strip_nulls(jsonb_build_object('id', t.id, 'kind', t.kind, 'bot_id', t.bot_id, 'code', t.code, 'since', t.since))
          from told t;
    else
        -- That it works again is news; that somebody switched it off, or deleted it, is none to anybody.
        with ended as (
            update notices n
               set resolved_at = clock_timestamp(), told_at = clock_timestamp(), kind = case new.status when 'active' then 'bot_back' else n.kind end,
                   read_at = case when new.status <> 'active'
                                    or 'bot_back' = any (coalesce((select s.muted from notice_settings s where s.tenant_id = n.tenant_id and s.user_id = n.user_id), '{}'))
                                  then coalesce(n.read_at, clock_timestamp()) end
             where n.tenant_id = new.tenant_id and n.bot_id = new.id and n.topic = 'connection' and n.resolved_at is null
            returning n.*
        )
        insert into outbox (tenant_id, user_id, type, data)
        select e.tenant_id, e.user_id, 'notice.updated',
               jsonb_strip_nulls(jsonb_build_object('id', e.id, 'kind', e.kind, 'bot_id', e.bot_id, 'code', e.code, 'since', e.since, 'resolved_at', e.resolved_at))
          from ended e;
    end if;
    return null;
end $$;

-- Tried anew it is neither well nor ill.
create trigger tell_bot_state after update of status on integrations for each row
    when (new.integration_type = 'telegram_bot' and new.status is distinct from old.status and new.status <> 'pending') execute function tell_bot_state();

-- ---------------------------------------------------------------------------------------------------------------
-- A deleted bot's inbox goes with it, and a tenant's bots are taken back at Telegram before its key is destroyed.

grant delete on telegram_bot_updates to integrations_api;
alter table erasures add column webhooks integer not null default 0;
alter table erasures add column webhooks_left integer not null default 0;
