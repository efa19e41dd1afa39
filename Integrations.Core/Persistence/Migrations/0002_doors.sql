-- The doors: the only ways across tenants. Each is SECURITY DEFINER, owned by integrations_doors, with a fixed search_path,
-- and does one thing. What a door must not do has a test beside what it does.

set local role integrations_doors;

-- The advisory lock of a shard: state writes take it shared, a claim takes it exclusively, so that after a claim has
-- committed no write of the older epoch can still be under way.
create function doors.shard_lock_key(p_shard integer) returns bigint language sql immutable parallel safe
    return (7301::bigint << 32) | p_shard;

-- Raises IN001 when the caller's epoch is no longer the shard's. Holds the shard's lock, shared, until the transaction ends.
create function doors.require_epoch(p_shard integer, p_epoch bigint) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock_shared(doors.shard_lock_key(p_shard));
    if not exists (select from shards where id = p_shard and epoch = p_epoch and owner is not null) then
        raise exception 'shard % is no longer at epoch %', p_shard, p_epoch using errcode = 'IN001';
    end if;
end $$;

-- Claims a shard whose lease has lapsed, or that was released. Returns the new epoch, or null when it is somebody's.
-- A lapsed lease is waited out one second more than its holder counts.
create function doors.claim_shard(p_shard integer, p_worker uuid, p_lease interval) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_epoch bigint;
begin
    -- A look before the lock, so that the usual refusal does not queue behind running writes.
    if not exists (select from shards where id = p_shard and (owner is null or lease_until + interval '1 second' < clock_timestamp())) then
        return null;
    end if;
    perform pg_advisory_xact_lock(doors.shard_lock_key(p_shard));
    update shards set owner = p_worker, epoch = epoch + 1, lease_until = clock_timestamp() + p_lease
     where id = p_shard and (owner is null or lease_until + interval '1 second' < clock_timestamp())
    returning epoch into v_epoch;
    return v_epoch;
end $$;

-- Renews the leases that a worker names by shard and epoch, as far as they have not lapsed; returns those that it still has.
-- Named ones only: a claim whose answer was lost must lapse, not be kept alive by a worker that does not know of it.
create function doors.renew_shards(p_worker uuid, p_shards integer[], p_epochs bigint[], p_lease interval)
    returns table (shard integer, epoch bigint)
    language sql security definer set search_path = public, pg_temp as $$
    update shards s set lease_until = clock_timestamp() + p_lease
      from unnest(p_shards, p_epochs) held (shard, epoch)
     where s.id = held.shard and s.epoch = held.epoch and s.owner = p_worker and s.lease_until > clock_timestamp()
    returning s.id, s.epoch;
$$;

create function doors.release_shard(p_shard integer, p_worker uuid, p_epoch bigint) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update shards set owner = null, lease_until = null where id = p_shard and owner = p_worker and epoch = p_epoch;
    return found;
end $$;

-- What the owner of these shards should be running: accounts and logins of its world, without their secrets.
create function doors.accounts_of_shards(p_shards integer[], p_world text)
    returns table (id uuid, tenant_id uuid, user_id integer, shard integer, status text, goal text,
                   accepts_private boolean, accepts_groups boolean, accepts_channels boolean,
                   restart_requested bigint, restart_done bigint, login_state text, login_method text, has_session boolean)
    language sql stable security definer set search_path = public, pg_temp as $$
    select a.id, a.tenant_id, a.user_id, a.shard, a.status, a.goal, a.accepts_private, a.accepts_groups, a.accepts_channels,
           a.restart_requested, a.restart_done, l.state, l.method, a.session_payload is not null
      from telegram_accounts a
      left join telegram_logins l on l.id = a.id
     where a.shard = any (p_shards) and a.world = p_world and a.deleted_at is null
       and (   (a.goal = 'connected' and a.status in ('active', 'paused'))
            or (a.goal = 'paused' and a.status <> 'paused')
            or (a.goal = 'connected' and a.restart_requested > a.restart_done)
            or (a.goal in ('disconnected', 'deleted') and (a.status <> 'disconnected' or a.session_payload is not null))
            or l.state in ('ready', 'pending', 'code_required', 'password_required'));
$$;

-- Rows left in 'sending' by an earlier owner go back to the queue; their random_id makes the second send harmless.
create function doors.recover_messages(p_shard integer, p_epoch bigint) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    update messages set status = 'pending' where shard = p_shard and status = 'sending' and epoch < p_epoch;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- Claims what may be sent now: the oldest unfinished message of each dialog, never a later one, interactive first; only of
-- accounts that live in the claimant's world.
create function doors.claim_messages(p_shard integer, p_epoch bigint, p_world text, p_limit integer, p_except_accounts uuid[])
    returns table (id uuid, tenant_id uuid, account_id uuid, dialog_id uuid, seq bigint, random_id bigint, text text,
                   reply_to_telegram_id integer, attempts integer, peer_kind text, peer_id bigint, access_hash bigint,
                   username text, phone text, accepted_at timestamptz)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    return query
    with heads as (
        select distinct on (m.dialog_id) m.id, m.account_id, m.dialog_id, m.status, m.not_before, m.priority, m.seq
          from messages m
         where m.shard = p_shard and m.status in ('pending', 'sending')
         order by m.dialog_id, m.seq
    ), due as (
        select h.id
          from heads h
          join telegram_accounts a on a.id = h.account_id
         where h.status = 'pending' and h.not_before <= clock_timestamp()
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

-- Writes how sends ended. Arrays run in parallel, sorted by message id by the caller. A row that another owner has
-- claimed since, or that is already finished, is left alone; the ids that were written are returned.
-- p_status: 'delivered', 'failed' or 'pending' (again, not before p_not_before).
create function doors.record_outcomes(p_shard integer, p_epoch bigint, p_ids uuid[], p_status text[], p_telegram_ids integer[],
                                      p_telegram_dates timestamptz[], p_error_codes text[], p_error_details text[], p_not_before timestamptz[])
    returns setof uuid
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);

    -- The own message may have come back in a difference before its outcome: that row gives way to the accepted one.
    delete from messages echo
     using unnest(p_ids, p_telegram_ids) o (id, telegram_id)
      join messages m on m.id = o.id
     where o.telegram_id is not null and echo.dialog_id = m.dialog_id and echo.telegram_message_id = o.telegram_id and echo.id <> m.id
       and echo.direction = 'personal_telegram_out' and echo.random_id is null;

    return query
    with outcome as (
        select * from unnest(p_ids, p_status, p_telegram_ids, p_telegram_dates, p_error_codes, p_error_details, p_not_before)
            o (id, status, telegram_id, telegram_date, error_code, error_detail, not_before)
    ), written as (
        update messages m
           set status = o.status,
               telegram_message_id = coalesce(o.telegram_id, m.telegram_message_id),
               telegram_date = coalesce(o.telegram_date, m.telegram_date),
               error_code = o.error_code, error_detail = o.error_detail,
               not_before = coalesce(o.not_before, '-infinity'),
               finished_at = case when o.status in ('delivered', 'failed') then clock_timestamp() end
          from outcome o
         where m.id = o.id and m.shard = p_shard and m.status = 'sending' and m.epoch = p_epoch
        returning m.*
    ), told as (
        insert into outbox (tenant_id, user_id, account_id, type, data)
        select w.tenant_id, a.user_id, w.account_id, 'message.updated',
               jsonb_build_object('id', w.id, 'dialog_id', w.dialog_id, 'account_id', w.account_id, 'direction', w.direction,
                                  'status', case w.status when 'sending' then 'pending' else w.status end,
                                  'telegram_message_id', w.telegram_message_id, 'error_code', w.error_code, 'error_detail', w.error_detail)
          from written w join telegram_accounts a on a.id = w.account_id
         order by w.seq
    ), logged as (
        insert into integration_logs (id, tenant_id, user_id, account_id, integration_type, action, status, details, error_code, error_message)
        select gen_random_uuid(), w.tenant_id, coalesce(w.sent_by, a.user_id), w.account_id, 'telegram', 'personal.send_message',
               case w.status when 'delivered' then 'success' when 'failed' then 'error' else 'pending' end,
               jsonb_build_object('message_id', w.id, 'attempts', w.attempts), w.error_code, w.error_detail
          from written w join telegram_accounts a on a.id = w.account_id
    )
    select w.id from written w;
end $$;

-- Rows that this epoch claimed but that nobody holds: the connection broke while the claim was being committed, so its owner
-- never learnt of them. p_held are the ids that the owner does hold.
create function doors.return_messages(p_shard integer, p_epoch bigint, p_held uuid[]) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    update messages set status = 'pending'
     where shard = p_shard and status = 'sending' and epoch = p_epoch and not (id = any (p_held));
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- Where accounts stand in Telegram's common update box after results whose outcomes are written in the same transaction.
create function doors.save_positions(p_shard integer, p_epoch bigint, p_accounts uuid[], p_pts integer[], p_qts integer[],
                                     p_dates integer[], p_seqs integer[]) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    insert into telegram_update_states as s (account_id, tenant_id, pts, qts, date, seq)
    select a.id, a.tenant_id, o.pts, o.qts, o.date, o.seq
      from unnest(p_accounts, p_pts, p_qts, p_dates, p_seqs) o (id, pts, qts, date, seq)
      join telegram_accounts a on a.id = o.id and a.shard = p_shard
     order by a.id
    on conflict (account_id) do update set pts = excluded.pts, qts = excluded.qts, date = excluded.date, seq = excluded.seq;
end $$;

-- The same for the boxes of channels.
create function doors.save_channel_positions(p_shard integer, p_epoch bigint, p_accounts uuid[], p_channels bigint[], p_pts integer[])
    returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform doors.require_epoch(p_shard, p_epoch);
    insert into telegram_channel_states as s (account_id, channel_id, tenant_id, pts)
    select a.id, o.channel_id, a.tenant_id, o.pts
      from unnest(p_accounts, p_channels, p_pts) o (id, channel_id, pts)
      join telegram_accounts a on a.id = o.id and a.shard = p_shard
     order by a.id, o.channel_id
    on conflict (account_id, channel_id) do update set pts = excluded.pts;
end $$;

-- All unfinished messages of an account fail with one reason (its session is gone).
create function doors.fail_messages(p_shard integer, p_epoch bigint, p_account uuid, p_error_code text, p_error_detail text) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    perform doors.require_epoch(p_shard, p_epoch);
    with written as (
        update messages m set status = 'failed', error_code = p_error_code, error_detail = p_error_detail, finished_at = clock_timestamp()
         where m.account_id = p_account and m.shard = p_shard and m.status in ('pending', 'sending')
        returning m.*
    ), told as (
        insert into outbox (tenant_id, user_id, account_id, type, data)
        select w.tenant_id, a.user_id, w.account_id, 'message.updated',
               jsonb_build_object('id', w.id, 'dialog_id', w.dialog_id, 'account_id', w.account_id, 'direction', w.direction,
                                  'status', w.status, 'error_code', w.error_code, 'error_detail', w.error_detail)
          from written w join telegram_accounts a on a.id = w.account_id
         order by w.seq
    )
    select count(*) into v_count from written;
    return v_count;
end $$;

-- Gives outbox rows their position. One relay at a time: the lock is held until commit, so positions become visible in order.
create function doors.relay_events(p_limit integer) returns table (first_position bigint, last_position bigint)
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
        insert into events (position, tenant_id, user_id, account_id, type, data, occurred_at)
        select v_head + row_number() over (order by t.id), t.tenant_id, t.user_id, t.account_id, t.type, t.data, t.created_at from taken t
        returning 1
    )
    select count(*) into v_count from placed;
    if v_count > 0 then
        update event_head set position = v_head + v_count;
        return query select v_head + 1, v_head + v_count;
    end if;
end $$;

-- Forgets events up to the last one older than p_before and remembers how far.
create function doors.trim_events(p_before timestamptz) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_tail bigint;
begin
    select max(position) into v_tail from events where occurred_at < p_before;
    if v_tail is not null then
        delete from events where position <= v_tail;
        update event_head set tail = greatest(tail, v_tail);
    end if;
    return v_tail;
end $$;

-- accepted = delivered + failed + in flight, per tenant and channel; balance is the difference and must be 0.
create function doors.message_balance()
    returns table (tenant_id uuid, channel text, accepted bigint, delivered bigint, failed bigint, in_flight bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    with counted as (
        select c.tenant_id, c.channel, sum(c.accepted)::bigint as accepted from message_counters c group by 1, 2
    ), found as (
        select m.tenant_id, 'personal_telegram' as channel,
               count(*) filter (where m.status = 'delivered') as delivered,
               count(*) filter (where m.status = 'failed') as failed,
               count(*) filter (where m.status in ('pending', 'sending')) as in_flight
          from messages m where m.direction = 'personal_telegram_out' and m.accepted_at is not null group by 1
    )
    select coalesce(c.tenant_id, f.tenant_id), coalesce(c.channel, f.channel), coalesce(c.accepted, 0),
           coalesce(f.delivered, 0), coalesce(f.failed, 0), coalesce(f.in_flight, 0)
      from counted c full join found f on f.tenant_id = c.tenant_id and f.channel = c.channel;
$$;

-- What has expired goes, at most p_limit rows at a time so that no lock is held for long.
create function doors.forget_idempotency_keys(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from idempotency_keys k
     using (select tenant_id, user_id, route, key from idempotency_keys where expires_at < clock_timestamp()
             order by expires_at limit p_limit for update skip locked) gone
     where k.tenant_id = gone.tenant_id and k.user_id = gone.user_id and k.route = gone.route and k.key = gone.key;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

create function doors.forget_login_inputs(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from telegram_login_inputs
     where id in (select id from telegram_login_inputs where expires_at < clock_timestamp() limit p_limit for update skip locked);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

create function doors.forget_sessions(p_limit integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_count integer;
begin
    delete from console_sessions
     where token_hash in (select token_hash from console_sessions where expires_at < clock_timestamp() limit p_limit for update skip locked);
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Who is asking: the tenant is not known yet.

-- Whose session this is. Its life is prolonged at most once a minute: a session in use must not cost a write per request.
create function doors.resolve_session(p_token_hash bytea, p_lifetime interval)
    returns table (tenant_id uuid, id uuid, user_id integer, role text, email text, display_name text)
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update console_sessions s set last_seen_at = clock_timestamp(), expires_at = clock_timestamp() + p_lifetime
     where s.token_hash = p_token_hash and s.expires_at > clock_timestamp()
       and s.last_seen_at < clock_timestamp() - least(interval '1 minute', p_lifetime / 10);
    return query
    select u.tenant_id, u.id, u.user_id, u.role::text, u.email::text, u.display_name::text
      from console_sessions s join users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
     where s.token_hash = p_token_hash and s.expires_at > clock_timestamp() and u.is_active;
end $$;

create function doors.find_sign_in(p_email text)
    returns table (tenant_id uuid, id uuid, user_id integer, role text, email text, display_name text, password_hash text)
    language sql stable security definer set search_path = public, pg_temp as $$
    select u.tenant_id, u.id, u.user_id, u.role, u.email, u.display_name, u.password_hash
      from users u where lower(u.email) = lower(p_email) and u.password_hash is not null and u.is_active;
$$;

create function doors.has_owner() returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from users where role = 'owner' and password_hash is not null);
$$;

-- Stores a fresh one-time link, replacing unused ones. False when an owner exists already.
create function doors.issue_owner_link(p_token_hash bytea, p_lifetime interval) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7303);
    if doors.has_owner() then
        return false;
    end if;
    delete from owner_links where used_at is null;
    insert into owner_links (token_hash, expires_at) values (p_token_hash, clock_timestamp() + p_lifetime);
    return true;
end $$;

-- Uses a link once: makes the first tenant and its owner. Null when the link is unknown, lapsed or used.
-- Console users are numbered from 2000000001, far above the numbers that the customer's user service gives: its user 1 is
-- somebody else than our owner, and must never be taken for him.
create function doors.use_owner_link(p_token_hash bytea, p_tenant uuid, p_user uuid, p_email text, p_display_name text, p_password_hash text)
    returns uuid
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7303);
    update owner_links set used_at = clock_timestamp()
     where token_hash = p_token_hash and used_at is null and expires_at > clock_timestamp();
    if not found or doors.has_owner() then
        return null;
    end if;
    insert into tenants (id, name) values (p_tenant, coalesce(p_display_name, p_email));
    insert into users (id, tenant_id, user_id, subject, email, display_name, role, password_hash)
    values (p_user, p_tenant, 2000000001, 'console:2000000001', p_email, p_display_name, 'owner', p_password_hash);
    return p_tenant;
end $$;

-- Whether a tenant named by a verified token exists at all.
create function doors.tenant_exists(p_tenant uuid) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from tenants where id = p_tenant);
$$;

-- Whether the Telegram user is already live in this installation under another account.
create function doors.live_telegram_user(p_world text, p_telegram_user_id bigint, p_except uuid) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from telegram_accounts
                    where world = p_world and telegram_user_id = p_telegram_user_id and id <> p_except
                      and status in ('active', 'paused') and deleted_at is null);
$$;

reset role;

revoke all on all functions in schema doors from public;
grant execute on function doors.shard_lock_key(integer), doors.require_epoch(integer, bigint), doors.claim_shard(integer, uuid, interval),
    doors.renew_shards(uuid, integer[], bigint[], interval), doors.release_shard(integer, uuid, bigint), doors.accounts_of_shards(integer[], text),
    doors.recover_messages(integer, bigint), doors.return_messages(integer, bigint, uuid[]),
    doors.claim_messages(integer, bigint, text, integer, uuid[]),
    doors.save_positions(integer, bigint, uuid[], integer[], integer[], integer[], integer[]),
    doors.save_channel_positions(integer, bigint, uuid[], bigint[], integer[]),
    doors.record_outcomes(integer, bigint, uuid[], text[], integer[], timestamptz[], text[], text[], timestamptz[]),
    doors.fail_messages(integer, bigint, uuid, text, text), doors.live_telegram_user(text, bigint, uuid),
    doors.forget_idempotency_keys(integer), doors.forget_login_inputs(integer), doors.forget_sessions(integer)
    to integrations_worker;
grant execute on function doors.relay_events(integer), doors.trim_events(timestamptz), doors.message_balance()
    to integrations_api, integrations_worker;
grant execute on function doors.resolve_session(bytea, interval), doors.find_sign_in(text), doors.has_owner(), doors.issue_owner_link(bytea, interval),
    doors.use_owner_link(bytea, uuid, uuid, text, text, text), doors.tenant_exists(uuid)
    to integrations_api;
