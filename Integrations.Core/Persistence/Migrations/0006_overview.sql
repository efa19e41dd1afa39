-- What those ask for who look after the whole: traffic by the hour, the hosts, and a log whose lines lead to their traces.

-- ---------------------------------------------------------------------------------------------------------------
-- The log. A line carries the trace of the request that it is about, so that it can be found in logs and traces.

alter table integration_logs add column trace_id varchar(32);
create index idx_integration_logs_account on integration_logs (tenant_id, account_id, seq desc) where account_id is not null;
create index idx_integration_logs_errors on integration_logs (tenant_id, seq desc) where status = 'error';

-- The trace of the request that accepted the message, or asked for it once more.
alter table messages add column trace_id varchar(32);

-- ---------------------------------------------------------------------------------------------------------------
-- Traffic. Charts over 30 days of a million messages cannot be counted at each look (over a second), so whole hours are counted once
-- and added up. A counter in the sending and receiving transactions would be always right, but it would make them wait for each other's
-- row; here the worker with shard 0 counts afterwards, and the reader counts what is younger than traffic_head itself.

-- One measure of one account in one hour (UTC): 0 received, 1 sent, 2 failed of those sent; 100 + n: delivered with a delay of bucket n.
create table message_hours (
    tenant_id      uuid        not null references tenants (id),
    hour           timestamptz not null,
    account_id     uuid        not null,
    measure        smallint    not null,
    count          bigint      not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, account_id, hour, measure),
    foreign key (tenant_id, account_id) references telegram_accounts (tenant_id, id) on delete cascade
);
create index idx_message_hours_hour on message_hours (hour);

-- The same of all accounts of a tenant together, for those who see them all: ten times fewer rows where there are many accounts.
create table tenant_hours (
    tenant_id      uuid        not null references tenants (id),
    hour           timestamptz not null,
    measure        smallint    not null,
    count          bigint      not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, hour, measure)
);
create index idx_tenant_hours_hour on tenant_hours (hour);

-- Everything before counted_until stands in these two, nothing after it does.
create table traffic_head (
    id             boolean primary key default true check (id),
    counted_until  timestamptz not null default '-infinity',
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
insert into traffic_head default values;

-- Four buckets to each doubling of the milliseconds: a percentile read from them is a tenth off at worst, and they add up over hours.
create function delay_bucket(p_from timestamptz, p_to timestamptz) returns smallint language sql immutable parallel safe
    return floor(4 * ln(greatest(1, 1000 * extract(epoch from p_to - p_from)::float8)) / ln(2::float8))::smallint;

-- What a tenant's messages of a time add up to, straight from the rows.
create function traffic_of(p_tenant uuid, p_from timestamptz, p_to timestamptz)
    returns table (hour timestamptz, account_id uuid, measure smallint, count bigint) language sql stable parallel safe as $$
    select g.hour, g.account_id, v.measure, sum(g.count)::bigint
      from (select date_trunc('hour', m.created_at, 'UTC') as hour, m.account_id, m.direction, m.status,
                   case when m.status = 'delivered' then delay_bucket(m.accepted_at, m.finished_at) end as bucket, count(*) as count
              from messages m
             where m.tenant_id = p_tenant and m.created_at >= p_from and m.created_at < p_to
             group by 1, 2, 3, 4, 5) g
     cross join lateral (
            select (case g.direction when 'personal_telegram_in' then 0 else 1 end)::smallint
            union all select 2::smallint where g.direction = 'personal_telegram_out' and g.status = 'failed'
            union all select (100 + g.bucket)::smallint where g.bucket is not null) v (measure)
     group by 1, 2, 3
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Hosts. Workers are in their own table with their leases; these are the others, so that one sees what runs.

alter table workers add column version varchar(50);

create table hosts (
    id             uuid primary key,
    kind           varchar(20) not null check (kind in ('api', 'web')),
    name           varchar(253) not null,
    version        varchar(50) not null,
    started_at     timestamptz not null,
    heartbeat_at   timestamptz not null default clock_timestamp(),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

do $$
declare t text;
begin
    foreach t in array array['message_hours', 'tenant_hours', 'traffic_head', 'hosts'] loop
        execute format('alter table %I owner to integrations_owner', t);
        execute format('create trigger set_updated_at before update on %I for each row execute function update_updated_at_column()', t);
        execute format('grant select, insert, update, delete on %I to integrations_doors', t);
    end loop;
end $$;

alter table message_hours enable row level security;
alter table message_hours force row level security;
create policy tenant on message_hours using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
alter table tenant_hours enable row level security;
alter table tenant_hours force row level security;
create policy tenant on tenant_hours using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());

grant select on message_hours, tenant_hours, traffic_head to integrations_api;
grant select, insert, update, delete on hosts to integrations_api;
grant execute on function delay_bucket(timestamptz, timestamptz), traffic_of(uuid, timestamptz, timestamptz) to integrations_api, integrations_doors;

-- ---------------------------------------------------------------------------------------------------------------
-- Doors.

set local role integrations_doors;

-- Counts the next whole hours, at most a day of them, and once more those of p_again before now: a message that waited or was sent again
-- has changed its state since. Returns until when everything is counted. What is younger than p_keep is kept.
create function doors.count_traffic(p_again interval, p_keep interval) returns timestamptz
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_hour timestamptz := date_trunc('hour', clock_timestamp(), 'UTC');
    v_head timestamptz;
    v_from timestamptz;
    v_to   timestamptz;
begin
    select counted_until into v_head from traffic_head for update;
    v_from := date_trunc('hour', least(greatest(v_head, v_hour - p_keep), v_hour - p_again), 'UTC');
    v_to := least(v_from + interval '1 day', v_hour);
    delete from message_hours where hour < v_hour - p_keep;
    delete from tenant_hours where hour < v_hour - p_keep;
    delete from message_hours where hour >= v_from and hour < v_to;
    delete from tenant_hours where hour >= v_from and hour < v_to;
    insert into message_hours (tenant_id, hour, account_id, measure, count)
    select t.id, c.hour, c.account_id, c.measure, c.count from tenants t cross join lateral traffic_of(t.id, v_from, v_to) c;
    insert into tenant_hours (tenant_id, hour, measure, count)
    select m.tenant_id, m.hour, m.measure, sum(m.count)::bigint from message_hours m where m.hour >= v_from and m.hour < v_to group by 1, 2, 3;
    v_head := greatest(v_head, v_to);
    update traffic_head set counted_until = v_head;
    return v_head;
end $$;

-- How many accounts that are connected each shard carries, of all tenants together.
create function doors.accounts_per_shard() returns table (shard integer, accounts bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    select a.shard, count(*) from telegram_accounts a where a.deleted_at is null and a.status = 'active' group by a.shard;
$$;

-- How many messages of all tenants together wait to be sent, by how long they have been waiting already.
create function doors.queue_by_age() returns table (below_1_s bigint, below_10_s bigint, below_1_min bigint, below_10_min bigint, older bigint, oldest double precision)
    language sql stable security definer set search_path = public, pg_temp as $$
    select count(*) filter (where w.age < 1), count(*) filter (where w.age >= 1 and w.age < 10), count(*) filter (where w.age >= 10 and w.age < 60),
           count(*) filter (where w.age >= 60 and w.age < 600), count(*) filter (where w.age >= 600), max(w.age)
      from (select greatest(0, extract(epoch from clock_timestamp() - coalesce(m.accepted_at, m.created_at)))::float8 as age
              from messages m where m.status in ('pending', 'sending')) w;
$$;

-- How many events of all tenants together are not yet visible to readers, and for how many seconds the oldest.
create function doors.relay_backlog() returns table (waiting bigint, oldest double precision)
    language sql stable security definer set search_path = public, pg_temp as $$
    select count(*), greatest(0, extract(epoch from clock_timestamp() - min(o.created_at)))::float8 from outbox o;
$$;

-- As before; now each line carries the trace of the request that accepted its message.
create or replace function doors.record_outcomes(p_shard integer, p_epoch bigint, p_ids uuid[], p_status text[], p_telegram_ids integer[],
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
        insert into integration_logs (id, tenant_id, user_id, account_id, integration_type, action, status, details, error_code, error_message, trace_id)
        select gen_random_uuid(), w.tenant_id, coalesce(w.sent_by, a.user_id), w.account_id, 'telegram', 'personal.send_message',
               case w.status when 'delivered' then 'success' when 'failed' then 'error' else 'pending' end,
               jsonb_build_object('message_id', w.id, 'attempts', w.attempts), w.error_code, w.error_detail, w.trace_id
          from written w join telegram_accounts a on a.id = w.account_id
    )
    select w.id from written w;
end $$;

reset role;

revoke all on function doors.count_traffic(interval, interval), doors.accounts_per_shard(), doors.queue_by_age(), doors.relay_backlog() from public;
grant execute on function doors.count_traffic(interval, interval) to integrations_worker;
grant execute on function doors.accounts_per_shard(), doors.queue_by_age(), doors.relay_backlog() to integrations_api;
