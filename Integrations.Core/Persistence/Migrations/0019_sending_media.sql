-- Sending pictures and files: what a caller uploads waits until a message takes it, what a caller names by its address is fetched first, and an
-- album is claimed as one.

-- The caller said what the file is to be; else its content does.
alter table media add column kind_asked boolean not null default false;
-- What nobody has sent yet, by its age.
create index idx_media_uploads on media (tenant_id, created_at) where source = 'upload';
create index idx_media_addresses on media (not_before) where source = 'url' and state = 'waiting';
-- Shown only after a touch.
alter table messages add column spoiler boolean not null default false;

set local role integrations_doors;

-- As before, of texts alone: a file has a claim of its own. Whatever a dialog waits for stands before what was said after it.
create or replace function doors.claim_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_except_accounts uuid[])
    returns table (id uuid, tenant_id uuid, account_id uuid, dialog_id uuid, seq bigint, random_id bigint, text text,
                   reply_to_telegram_id integer, attempts integer, peer_kind text, peer_id bigint, access_hash bigint,
                   username text, phone text, accepted_at timestamptz)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.account_id, m.dialog_id, m.status, m.not_before, m.priority, m.seq, m.media_id
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending')
         order by m.dialog_id, m.seq
    ), due as (
        select h.id
          from heads h
          join telegram_accounts a on a.id = h.account_id
         where h.status = 'pending' and h.not_before <= clock_timestamp() and h.media_id is null
           and a.status = 'active' and a.goal = 'connected' and a.world = p_world
           and not (h.account_id = any (p_except_accounts))
           and not exists (select from telegram_flood_waits f
                            where f.account_id = h.account_id and f.method = 'messages.sendMessage'
                              and f.chat in ('', h.dialog_id::text) and f.until > clock_timestamp())
         order by h.priority desc, h.seq
         limit p_limit
    ), claimed as (
        update messages m set status = 'sending', epoch = p_epoch, attempts = m.attempts + 1
          from due where m.id = due.id and m.status = 'pending'
        returning m.*
    )
    select c.id, c.tenant_id, c.account_id, c.dialog_id, c.seq, c.random_id, c.text,
           coalesce(c.reply_to_telegram_id, r.telegram_message_id), c.attempts,
           d.peer_kind::text, d.peer_id, p.access_hash, d.username::text, d.phone::text, c.accepted_at
      from claimed c
      join dialogs d on d.id = c.dialog_id
      left join messages r on r.id = c.reply_to_id and r.dialog_id = c.dialog_id
      left join telegram_peers p on p.account_id = c.account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
     order by c.seq;
end $$;

-- Claims what accounts may send with a file: where the oldest unfinished message of a dialog has one, that message and what is left of its album,
-- once all their files are here. Of one account at most one at a time, so that its uploads do not pile up.
create function doors.claim_media_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_except_accounts uuid[])
    returns table (id uuid, tenant_id uuid, account_id uuid, dialog_id uuid, seq bigint, random_id bigint, text text,
                   reply_to_telegram_id integer, attempts integer, peer_kind text, peer_id bigint, access_hash bigint,
                   username text, phone text, accepted_at timestamptz, spoiler boolean, media_id uuid, kind text, file_name text,
                   mime_type text, size bigint, width integer, height integer, duration integer)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.account_id, m.dialog_id, m.status, m.not_before, m.priority, m.seq, m.media_id, m.album_id
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending')
         order by m.dialog_id, m.seq
    ), due as (
        select h.id, h.dialog_id, h.album_id, h.priority, h.seq, row_number() over (partition by h.account_id order by h.priority desc, h.seq) as place
          from heads h
          join telegram_accounts a on a.id = h.account_id
         where h.status = 'pending' and h.not_before <= clock_timestamp() and h.media_id is not null
           and a.status = 'active' and a.goal = 'connected' and a.world = p_world
           and not (h.account_id = any (p_except_accounts))
           and not exists (select from telegram_flood_waits f
                            where f.account_id = h.account_id and f.method = 'messages.sendMedia'
                              and f.chat in ('', h.dialog_id::text) and f.until > clock_timestamp())
           and not exists (select from messages o join media w on w.id = o.media_id
                            where o.status = 'pending' and w.state <> 'ready'
                              and (o.id = h.id or (o.dialog_id = h.dialog_id and o.album_id = h.album_id)))
    ), chosen as (
        select d.id, d.dialog_id, d.album_id from due d where d.place = 1 order by d.priority desc, d.seq limit p_limit
    ), claimed as (
        update messages m set status = 'sending', epoch = p_epoch, attempts = m.attempts + 1
          from chosen c
         where m.status = 'pending' and (m.id = c.id or (m.dialog_id = c.dialog_id and m.album_id = c.album_id))
        returning m.*
    )
    select c.id, c.tenant_id, c.account_id, c.dialog_id, c.seq, c.random_id, c.text,
           coalesce(c.reply_to_telegram_id, r.telegram_message_id), c.attempts,
           d.peer_kind::text, d.peer_id, p.access_hash, d.username::text, d.phone::text, c.accepted_at, c.spoiler,
           f.id, f.kind::text, f.file_name::text, f.mime_type::text, f.size, f.width, f.height, f.duration
      from claimed c
      join media f on f.id = c.media_id
      join dialogs d on d.id = c.dialog_id
      left join messages r on r.id = c.reply_to_id and r.dialog_id = c.dialog_id
      left join telegram_peers p on p.account_id = c.account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
     order by c.seq;
end $$;

-- As before, of texts alone.
create or replace function doors.claim_bot_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_share integer, p_except_bots uuid[])
    returns table (id uuid, tenant_id uuid, bot_id uuid, dialog_id uuid, text text, reply_to_telegram_id integer, attempts integer,
                   peer_kind text, peer_id bigint, accepted_at timestamptz, token_sealed bytea)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.bot_id, m.status, m.not_before, m.priority, m.seq, m.media_id
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending') and m.bot_id is not null
         order by m.dialog_id, m.seq
    ), due as (
        select h.id, h.priority, h.seq, row_number() over (partition by h.bot_id order by h.priority desc, h.seq) as place
          from heads h
          join telegram_bots b on b.id = h.bot_id
          join integrations i on i.id = b.id
         where h.status = 'pending' and h.not_before <= clock_timestamp() and h.media_id is null and b.world = p_world
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

-- The same for what bots send with a file, album by album; of one bot at most p_share of them.
create function doors.claim_bot_media_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_share integer, p_except_bots uuid[])
    returns table (id uuid, tenant_id uuid, bot_id uuid, dialog_id uuid, text text, reply_to_telegram_id integer, attempts integer,
                   peer_kind text, peer_id bigint, accepted_at timestamptz, token_sealed bytea, spoiler boolean, media_id uuid, kind text,
                   file_name text, mime_type text, size bigint, width integer, height integer, duration integer)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.bot_id, m.dialog_id, m.status, m.not_before, m.priority, m.seq, m.media_id, m.album_id
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending') and m.bot_id is not null
         order by m.dialog_id, m.seq
    ), due as (
        select h.id, h.dialog_id, h.album_id, h.priority, h.seq, row_number() over (partition by h.bot_id order by h.priority desc, h.seq) as place
          from heads h
          join telegram_bots b on b.id = h.bot_id
          join integrations i on i.id = b.id
         where h.status = 'pending' and h.not_before <= clock_timestamp() and h.media_id is not null and b.world = p_world
           and (b.deleted_at is not null or (b.is_active and i.status = 'active'))
           and not (h.bot_id = any (p_except_bots))
           and not exists (select from messages o join media w on w.id = o.media_id
                            where o.status = 'pending' and w.state <> 'ready'
                              and (o.id = h.id or (o.dialog_id = h.dialog_id and o.album_id = h.album_id)))
    ), chosen as (
        select d.id, d.dialog_id, d.album_id from due d where d.place <= p_share order by d.priority desc, d.seq limit p_limit
    ), claimed as (
        update messages m set status = 'sending', epoch = p_epoch, attempts = m.attempts + 1
          from chosen c
         where m.status = 'pending' and (m.id = c.id or (m.dialog_id = c.dialog_id and m.album_id = c.album_id))
        returning m.*
    )
    select c.id, c.tenant_id, c.bot_id, c.dialog_id, c.text, coalesce(c.reply_to_telegram_id, r.telegram_message_id), c.attempts,
           d.peer_kind::text, d.peer_id, c.accepted_at, case when b.deleted_at is null then b.token_sealed end, c.spoiler,
           f.id, f.kind::text, f.file_name::text, f.mime_type::text, f.size, f.width, f.height, f.duration
      from claimed c
      join media f on f.id = c.media_id
      join dialogs d on d.id = c.dialog_id
      join telegram_bots b on b.id = c.bot_id
      left join messages r on r.id = c.reply_to_id and r.dialog_id = c.dialog_id
     order by c.seq;
end $$;

-- Files to be fetched from the addresses that callers named, for messages of this shard that wait for them; not those that the owner is fetching.
create function doors.claim_media_addresses(p_shard integer, p_epoch bigint, p_limit integer, p_except uuid[])
    returns table (id uuid, tenant_id uuid, location_sealed bytea, kind text, kind_asked boolean, file_name text, attempts integer)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with due as (
        select f.id
          from media f
         where f.source = 'url' and f.state = 'waiting' and f.not_before <= clock_timestamp() and not (f.id = any (p_except))
           and exists (select from messages m where m.media_id = f.id and m.shard = p_shard and m.status = 'pending')
         order by f.created_at
         limit p_limit
    )
    update media f set attempts = f.attempts + 1
      from due where f.id = due.id
    returning f.id, f.tenant_id, f.location_sealed, f.kind::text, f.kind_asked, f.file_name::text, f.attempts;
end $$;

-- Uploads that no message took, with their content. One that is just being taken is locked, and stays.
create function doors.forget_unsent_media(p_before timestamptz, p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from media
     where id in (select f.id from media f
                   where f.source = 'upload' and f.created_at < p_before and not exists (select from messages m where m.media_id = f.id)
                   order by f.created_at limit p_limit for update skip locked);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

reset role;

revoke all on function doors.claim_media_messages(integer, bigint, text, integer, uuid[]), doors.claim_bot_media_messages(integer, bigint, text, integer, integer, uuid[]),
    doors.claim_media_addresses(integer, bigint, integer, uuid[]), doors.forget_unsent_media(timestamptz, integer) from public;
grant execute on function doors.claim_media_messages(integer, bigint, text, integer, uuid[]), doors.claim_bot_media_messages(integer, bigint, text, integer, integer, uuid[]),
    doors.claim_media_addresses(integer, bigint, integer, uuid[]), doors.forget_unsent_media(timestamptz, integer) to integrations_worker;
