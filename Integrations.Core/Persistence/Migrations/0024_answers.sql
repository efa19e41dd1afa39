-- Answers that operators write in topics: with files, and changed afterwards. And notices of what bots could not deliver, and of channels
-- in which nothing can be posted any more.

-- The bot that received the file, where another sender passes it on; null where the message's own account or bot received it.
alter table media add column received_by uuid;
alter table media add foreign key (tenant_id, received_by) references telegram_bots (tenant_id, id) on delete set null (received_by);
create index idx_media_received_by on media (received_by) where received_by is not null;

-- When its author changed it last, as Telegram tells: all managing bots bring the same change.
alter table topic_answers add column edited_at timestamptz;

set local role integrations_doors;

drop function doors.waiting_bot_files(integer, bigint, text, uuid[], uuid[], integer, integer);

-- Files that the bots of a shard may fetch now, the oldest first: of no bot more than its share, of none that rests, and none that is being fetched.
-- What is to be passed on comes even where its bot has no token any more: somebody waits to be told.
create function doors.waiting_bot_files(p_shard integer, p_epoch bigint, p_world text, p_busy uuid[], p_resting uuid[], p_limit integer, p_share integer)
    returns table (media_id uuid, tenant_id uuid, bot_id uuid, attempts integer, location_sealed bytea, token_sealed bytea, passed_on boolean)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    select w.id, w.tenant_id, w.bot_id, w.attempts, w.location_sealed, w.token_sealed, w.passed_on
      from (select f.id, f.tenant_id, b.id as bot_id, f.attempts, f.location_sealed, b.token_sealed, f.received_by is not null as passed_on, f.created_at,
                   row_number() over (partition by b.id order by f.created_at, f.id) as place,
                   (select count(*) from messages u join media v on v.id = u.media_id where coalesce(v.received_by, u.bot_id) = b.id and v.id = any (p_busy)) as busy
              from media f
              join messages m on m.media_id = f.id
              join telegram_bots b on b.id = coalesce(f.received_by, m.bot_id)
             where f.shard = p_shard and f.state = 'waiting' and f.source = 'telegram' and f.not_before <= clock_timestamp()
               and b.world = p_world and b.shard = p_shard and (b.token_sealed is not null or f.received_by is not null)
               and f.id <> all (p_busy) and b.id <> all (p_resting)) w
     where w.place + w.busy <= p_share
     order by w.created_at, w.id
     limit p_limit;
end $$;

reset role;

revoke all on function doors.waiting_bot_files(integer, bigint, text, uuid[], uuid[], integer, integer) from public;
grant execute on function doors.waiting_bot_files(integer, bigint, text, uuid[], uuid[], integer, integer) to integrations_worker;

-- ---------------------------------------------------------------------------------------------------------------
-- Notices.

alter table notices add column channel_id uuid;
alter table notices add foreign key (tenant_id, channel_id) references telegram_channels (tenant_id, id) on delete cascade;
alter table notices drop constraint notices_topic_check;
alter table notices add constraint notices_topic_check check (topic in ('connection', 'flood', 'message', 'channel'));
alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check check (
    kind in ('account_error', 'account_back', 'login_needed', 'flood_wait', 'flood_over', 'message_failed', 'bot_error', 'bot_back', 'channel_lost', 'channel_back'));
drop index idx_notices_current;
create unique index idx_notices_current on notices (tenant_id, user_id, account_id, topic, dialog_id, bot_id, channel_id) nulls not distinct
    where read_at is null or resolved_at is null;

-- What tells of connections stays as it is, but for the index that it goes by.
do $$
declare f regproc;
begin
    foreach f in array array['tell_account_event'::regproc, 'tell_bot_state'::regproc] loop
        execute replace(pg_get_functiondef(f), 'topic, dialog_id, bot_id)', 'topic, dialog_id, bot_id, channel_id)');
    end loop;
end $$;

-- As before of accounts, to their users. What a bot could not deliver is told to whoever sent it, and to owners and administrators where
-- that was nobody of this console.
create or replace function tell_failed_message() returns trigger language plpgsql as $$
begin
    with told as (
        insert into notices as n (tenant_id, user_id, topic, kind, account_id, bot_id, dialog_id, code, since, resolved_at)
        select new.tenant_id, u.user_id, 'message', 'message_failed', new.account_id, new.bot_id, new.dialog_id, new.error_code, clock_timestamp(), clock_timestamp()
          from users u
          left join notice_settings s on s.tenant_id = u.tenant_id and s.user_id = u.user_id
         where u.tenant_id = new.tenant_id and u.is_active and not ('message_failed' = any (coalesce(s.muted, '{}')))
           and case when new.account_id is not null then u.user_id = (select a.user_id from telegram_accounts a where a.id = new.account_id)
                    when new.sent_by is not null then u.user_id = new.sent_by
                    else u.role in ('owner', 'admin') end
         order by u.user_id
        on conflict (tenant_id, user_id, account_id, topic, dialog_id, bot_id, channel_id) where read_at is null or resolved_at is null
        do update set times = n.times + 1, code = excluded.code, told_at = clock_timestamp()
        returning n.*, xmax = 0 as is_new
    )
    insert into outbox (tenant_id, user_id, account_id, type, data)
    select t.tenant_id, t.user_id, t.account_id, case when t.is_new then 'notice.created' else 'notice.updated' end,
           jsonb_strip_nulls(jsonb_build_object(
               'id', t.id, 'kind', t.kind, 'account_id', t.account_id, 'bot_id', t.bot_id, 'dialog_id', t.dialog_id, 'code', t.code, 'since', t.since))
      from told t;
    return null;
end $$;

drop trigger tell_failed_message on messages;
create trigger tell_failed_message after update of status on messages for each row
    when (new.status = 'failed' and old.status <> 'failed'
          and coalesce(new.error_code, '') not in ('ACCOUNT_NOT_ACTIVE', 'BOT_NOT_ACTIVE', 'TG_SESSION_EXPIRED', 'MESSAGE_CANCELLED'))
    execute function tell_failed_message();

-- A connected channel in which nothing can be posted any more, and that it can again: to whoever connected it.
create function tell_channel_state() returns trigger language plpgsql as $$
begin
    if new.error_code is not null and new.deleted_at is null then
        with told as (
            insert into notices as n (tenant_id, user_id, topic, kind, account_id, bot_id, channel_id, code, since)
            select new.tenant_id, u.user_id, 'channel', 'channel_lost', new.account_id, new.bot_id, new.id, new.error_code, clock_timestamp()
              from users u
              left join notice_settings s on s.tenant_id = u.tenant_id and s.user_id = u.user_id
             where u.tenant_id = new.tenant_id and u.user_id = new.user_id and u.is_active and not ('channel_lost' = any (coalesce(s.muted, '{}')))
            on conflict (tenant_id, user_id, account_id, topic, dialog_id, bot_id, channel_id) where read_at is null or resolved_at is null
            do update set times = n.times + case when n.resolved_at is null then 0 else 1 end,
                          read_at = case when n.resolved_at is null and n.code = excluded.code then n.read_at end,
                          since = case when n.resolved_at is null then n.since else excluded.since end,
                          kind = excluded.kind, code = excluded.code, resolved_at = null, told_at = clock_timestamp()
            returning n.*, xmax = 0 as is_new
        )
        insert into outbox (tenant_id, user_id, type, data)
        select t.tenant_id, t.user_id, case when t.is_new then 'notice.created' else 'notice.updated' end,
               jsonb_strip_nulls(jsonb_build_object('id', t.id, 'kind', t.kind, 'channel_id', t.channel_id, 'code', t.code, 'since', t.since))
          from told t;
    else
        -- That it works again is news; that somebody has let it go is none.
        with ended as (
            update notices n
               set resolved_at = clock_timestamp(), told_at = clock_timestamp(), kind = case when new.deleted_at is null then 'channel_back' else n.kind end,
                   read_at = case when new.deleted_at is not null
                                    or 'channel_back' = any (coalesce((select s.muted from notice_settings s where s.tenant_id = n.tenant_id and s.user_id = n.user_id), '{}'))
                                  then coalesce(n.read_at, clock_timestamp()) end
             where n.tenant_id = new.tenant_id and n.channel_id = new.id and n.resolved_at is null
            returning n.*
        )
        insert into outbox (tenant_id, user_id, type, data)
        select e.tenant_id, e.user_id, 'notice.updated',
               jsonb_strip_nulls(jsonb_build_object('id', e.id, 'kind', e.kind, 'channel_id', e.channel_id, 'code', e.code, 'since', e.since, 'resolved_at', e.resolved_at))
          from ended e;
    end if;
    return null;
end $$;

create trigger tell_channel_state after update of error_code, deleted_at on telegram_channels for each row
    when (new.error_code is distinct from old.error_code or new.deleted_at is distinct from old.deleted_at) execute function tell_channel_state();
