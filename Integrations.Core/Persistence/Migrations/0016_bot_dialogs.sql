-- Dialogs and messages of bots, beside those of personal accounts; and the way from a bot's inbox to them.

-- ---------------------------------------------------------------------------------------------------------------
-- A dialog is an account's or a bot's, and so is a message. A bot is the company's: no user is the only one who reads it.

alter table dialogs alter column personal_account_id drop not null;
alter table dialogs add column bot_id uuid;
-- Since when the other side takes nothing from the bot: it was blocked, or put out of the group.
alter table dialogs add column blocked_at timestamptz;
alter table dialogs drop constraint dialogs_source_check;
-- Bots meet nobody but in a chat, so their dialogs always have a peer.
alter table dialogs add constraint dialogs_source_check check (
    (source = 'personal_telegram' and personal_account_id is not null and bot_id is null)
    or (source = 'telegram_bot' and bot_id is not null and personal_account_id is null and peer_id is not null));
alter table dialogs add foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id);
create unique index idx_dialogs_bot_peer on dialogs (bot_id, peer_kind, peer_id) where bot_id is not null;
create index idx_dialogs_bot_recent on dialogs (tenant_id, bot_id, last_message_at desc nulls last) where bot_id is not null;

alter table messages alter column account_id drop not null;
alter table messages add column bot_id uuid;
alter table messages drop constraint messages_direction_check;
alter table messages add constraint messages_direction_check check (
    (direction in ('personal_telegram_in', 'personal_telegram_out') and account_id is not null and bot_id is null)
    or (direction in ('telegram_bot_in', 'telegram_bot_out') and bot_id is not null and account_id is null));
alter table messages add foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id);
create index idx_messages_bot on messages (tenant_id, bot_id, seq desc) where bot_id is not null;
create index idx_messages_bot_backlog on messages (bot_id) where status in ('pending', 'sending') and bot_id is not null;

drop index idx_messages_answers;
create index idx_messages_answers on messages (dialog_id, seq) where direction in ('personal_telegram_out', 'telegram_bot_out') and status <> 'failed';

alter table dialog_filters add column bot_id uuid;
alter table dialog_filters add foreign key (tenant_id, bot_id) references telegram_bots (tenant_id, id) on delete cascade;
alter table dialog_filters add check (account_id is null or bot_id is null);

-- ---------------------------------------------------------------------------------------------------------------
-- Events of a bot's dialogs are told to those who read them: owners, administrators and the members of its project. user_id is null then.

alter table outbox add column bot_id uuid;
alter table events add column bot_id uuid;

-- ---------------------------------------------------------------------------------------------------------------
-- Traffic counts bots too; account_id is then the bot's id, so it refers to no table any more.

alter table message_hours drop constraint message_hours_tenant_id_account_id_fkey;

create or replace function traffic_of(p_tenant uuid, p_from timestamptz, p_to timestamptz)
    returns table (hour timestamptz, account_id uuid, measure smallint, count bigint) language sql stable parallel safe as $$
    select g.hour, g.sender, v.measure, sum(g.count)::bigint
      from (select date_trunc('hour', m.created_at, 'UTC') as hour, coalesce(m.account_id, m.bot_id) as sender, m.direction, m.status,
                   case when m.status = 'delivered' then delay_bucket(m.accepted_at, m.finished_at) end as bucket, count(*) as count
              from messages m
             where m.tenant_id = p_tenant and m.created_at >= p_from and m.created_at < p_to
             group by 1, 2, 3, 4, 5) g
     cross join lateral (
            select (case when g.direction in ('personal_telegram_in', 'telegram_bot_in') then 0 else 1 end)::smallint
            union all select 2::smallint where g.direction in ('personal_telegram_out', 'telegram_bot_out') and g.status = 'failed'
            union all select (100 + g.bucket)::smallint where g.bucket is not null) v (measure)
     group by 1, 2, 3
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- The inbox: the waiting ones of each bot in their order, and those that failed and hold their chat back.

create index idx_telegram_bot_updates_bot on telegram_bot_updates (shard, bot_id, seq) where processed_at is null;
create index idx_telegram_bot_updates_parked on telegram_bot_updates (bot_id, chat_id, seq) where processed_at is null and attempts > 0;

set local role integrations_doors;

-- The oldest waiting updates of a shard, in order: none of a chat whose earlier update failed and is to be tried again later, and of no bot
-- more than its share, so that a flood into one holds up no other. Only of bots that live in the claimant's world.
create function doors.claim_bot_updates(p_shard integer, p_epoch bigint, p_world text, p_limit integer)
    returns table (bot_id uuid, update_id bigint, tenant_id uuid, chat_id bigint, payload text, attempts integer)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with recursive waiting (id) as (
        -- From bot to bot through the index: what waits may be much, the bots are few.
        (select u.bot_id from telegram_bot_updates u where u.shard = p_shard and u.processed_at is null order by u.bot_id limit 1)
        union all
        select (select u.bot_id from telegram_bot_updates u
                 where u.shard = p_shard and u.processed_at is null and u.bot_id > w.id order by u.bot_id limit 1)
          from waiting w where w.id is not null
    ), bots as (
        select b.id, greatest(1, p_limit / count(*) over ()) as share from waiting w join telegram_bots b on b.id = w.id where b.world = p_world
    )
    select t.bot_id, t.update_id, t.tenant_id, t.chat_id, t.payload::text, t.attempts
      from bots
     cross join lateral (
            select u.*
              from telegram_bot_updates u
             where u.shard = p_shard and u.bot_id = bots.id and u.processed_at is null and u.not_before <= clock_timestamp()
               and not exists (select from telegram_bot_updates e
                                where e.bot_id = u.bot_id and e.chat_id = u.chat_id and e.seq < u.seq
                                  and e.processed_at is null and e.attempts > 0 and e.not_before > clock_timestamp())
             order by u.seq limit bots.share) t
     order by t.seq
     limit p_limit;
end $$;

-- For how many seconds the oldest update of all bots waits; 0 when none does.
create function doors.bot_inbox_age() returns double precision
    language sql stable security definer set search_path = public, pg_temp as $$
    select greatest(0, extract(epoch from clock_timestamp() - min(first.received_at)))::float8
      from shards s
     cross join lateral (select u.received_at from telegram_bot_updates u where u.shard = s.id and u.processed_at is null order by u.seq limit 1) first;
$$;

-- Updates that were processed and that Telegram does not send again any more.
create function doors.forget_bot_updates(p_before timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from telegram_bot_updates u
     using (select bot_id, update_id from telegram_bot_updates where processed_at < p_before order by processed_at limit p_limit for update skip locked) gone
     where u.bot_id = gone.bot_id and u.update_id = gone.update_id;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Sending by bots. Telegram keeps no key of ours against doubles there: what may have been sent is never sent again by itself.

-- As before, for personal accounts alone.
create or replace function doors.recover_messages(p_shard integer, p_epoch bigint) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    update messages set status = 'pending' where shard = p_shard and status = 'sending' and epoch < p_epoch and account_id is not null;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

create or replace function doors.return_messages(p_shard integer, p_epoch bigint, p_held uuid[]) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    update messages set status = 'pending'
     where shard = p_shard and status = 'sending' and epoch = p_epoch and account_id is not null and not (id = any (p_held));
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- Messages of bots that an earlier owner left in 'sending': whether Telegram has them nobody knows, so they fail and say so.
create function doors.settle_bot_messages(p_shard integer, p_epoch bigint, p_error_code text, p_error_detail text) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    with written as (
        update messages m set status = 'failed', error_code = p_error_code, error_detail = p_error_detail, finished_at = clock_timestamp()
         where m.shard = p_shard and m.status = 'sending' and m.epoch < p_epoch and m.bot_id is not null
        returning m.*
    ), told as (
        insert into outbox (tenant_id, bot_id, type, data)
        select w.tenant_id, w.bot_id, 'message.updated',
               jsonb_build_object('id', w.id, 'dialog_id', w.dialog_id, 'bot_id', w.bot_id, 'direction', w.direction,
                                  'status', w.status, 'error_code', w.error_code, 'error_detail', w.error_detail)
          from written w order by w.seq
    )
    select count(*) into v_count from written;
    return v_count;
end $$;

-- Rows that this epoch claimed but that nobody holds: the claim's answer was lost, so nobody has begun to send them.
create function doors.return_bot_messages(p_shard integer, p_epoch bigint, p_held uuid[]) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    update messages set status = 'pending', attempts = attempts - 1
     where shard = p_shard and status = 'sending' and epoch = p_epoch and bot_id is not null and not (id = any (p_held));
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- Claims what bots may send now: the oldest unfinished message of each dialog, never a later one, interactive first, and of one bot at most
-- p_share. What a deleted bot was to send comes too, without a token: it is to fail.
create function doors.claim_bot_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_share integer, p_except_bots uuid[])
    returns table (id uuid, tenant_id uuid, bot_id uuid, dialog_id uuid, text text, reply_to_telegram_id integer, attempts integer,
                   peer_kind text, peer_id bigint, accepted_at timestamptz, token_sealed bytea)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.bot_id, m.status, m.not_before, m.priority, m.seq
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending') and m.bot_id is not null
         order by m.dialog_id, m.seq
    ), due as (
        select h.id, h.priority, h.seq, row_number() over (partition by h.bot_id order by h.priority desc, h.seq) as place
          from heads h
          join telegram_bots b on b.id = h.bot_id
          join integrations i on i.id = b.id
         where h.status = 'pending' and h.not_before <= clock_timestamp() and b.world = p_world
           and (b.deleted_at is not null or (b.is_active and i.status = 'active'))
           and not (h.bot_id = any (p_except_bots))
    ), chosen as (
        select d.id from due d where d.place <= p_share order by d.priority desc, d.seq limit p_limit
    ), claimed as (
        update messages m set status = 'sending', epoch = p_epoch, attempts = m.attempts + 1
          from chosen where m.id = chosen.id and m.status = 'pending'
        returning m.*
    )
    select c.id, c.tenant_id, c.bot_id, c.dialog_id, c.text, coalesce(c.reply_to_telegram_id, r.telegram_message_id), c.attempts,
           d.peer_kind::text, d.peer_id, c.accepted_at, case when b.deleted_at is null then b.token_sealed end
      from claimed c
      join dialogs d on d.id = c.dialog_id
      join telegram_bots b on b.id = c.bot_id
      left join messages r on r.id = c.reply_to_id and r.dialog_id = c.dialog_id
     order by c.seq;
end $$;

-- As before; each event keeps whose bot it is about.
create or replace function doors.relay_events(p_limit integer) returns table (first_position bigint, last_position bigint)
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_head bigint; v_count bigint;
begin
    if not pg_try_advisory_xact_lock(7302) then
        return;
    end if;
    select position into v_head from event_head for update;
    with taken as (
        delete from outbox where id in (select o.id from outbox o order by o.id limit p_limit) returning *
    ), placed as (
        insert into events (position, tenant_id, user_id, account_id, bot_id, type, data, occurred_at)
        select v_head + row_number() over (order by t.id), t.tenant_id, t.user_id, t.account_id, t.bot_id, t.type, t.data, t.created_at from taken t
        returning 1
    )
    select count(*) into v_count from placed;
    if v_count > 0 then
        update event_head set position = v_head + v_count;
        return query select v_head + 1, v_head + v_count;
    end if;
end $$;

-- As before, for bots too: a channel is the direction without its end.
create or replace function doors.message_balance()
    returns table (tenant_id uuid, channel text, accepted bigint, delivered bigint, failed bigint, in_flight bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    with counted as (
        select c.tenant_id, c.channel, sum(c.accepted - c.erased)::bigint as accepted from message_counters c group by 1, 2
    ), found as (
        select m.tenant_id, case m.direction when 'telegram_bot_out' then 'telegram_bot' else 'personal_telegram' end as channel,
               count(*) filter (where m.status = 'delivered') as delivered,
               count(*) filter (where m.status = 'failed') as failed,
               count(*) filter (where m.status in ('pending', 'sending')) as in_flight
          from messages m where m.direction in ('personal_telegram_out', 'telegram_bot_out') and m.accepted_at is not null group by 1, 2
    )
    select coalesce(c.tenant_id, f.tenant_id), coalesce(c.channel, f.channel), coalesce(c.accepted, 0),
           coalesce(f.delivered, 0), coalesce(f.failed, 0), coalesce(f.in_flight, 0)
      from counted c full join found f on f.tenant_id = c.tenant_id and f.channel = c.channel;
$$;

reset role;

revoke all on function doors.claim_bot_updates(integer, bigint, text, integer), doors.bot_inbox_age(), doors.forget_bot_updates(timestamptz, integer),
    doors.settle_bot_messages(integer, bigint, text, text), doors.return_bot_messages(integer, bigint, uuid[]),
    doors.claim_bot_messages(integer, bigint, text, integer, integer, uuid[]) from public;
grant execute on function doors.claim_bot_updates(integer, bigint, text, integer), doors.bot_inbox_age(), doors.forget_bot_updates(timestamptz, integer),
    doors.settle_bot_messages(integer, bigint, text, text), doors.return_bot_messages(integer, bigint, uuid[]),
    doors.claim_bot_messages(integer, bigint, text, integer, integer, uuid[]) to integrations_worker;
