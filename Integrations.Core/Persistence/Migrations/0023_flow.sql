-- What many at once need: a cheap inbox, and a relay of events at the speed of those who publish them.

-- An order within a bot is asked for, never a number alone; each index is written twice for an update.
alter table telegram_bot_updates drop constraint telegram_bot_updates_seq_key;

set local role integrations_doors;

-- As before. The oldest are named first: a plan that is made once for every limit would rather walk through all that was ever deleted.
create or replace function doors.relay_events(p_limit integer) returns table (first_position bigint, last_position bigint)
    language plpgsql security definer set search_path = public, pg_temp as $$
declare v_head bigint; v_count bigint; v_ids bigint[];
begin
    if not pg_try_advisory_xact_lock(7302) then
        return;
    end if;
    v_ids := array(select o.id from outbox o order by o.id limit p_limit);
    if cardinality(v_ids) = 0 then
        return;
    end if;
    select position into v_head from event_head for update;
    with taken as (
        delete from outbox where id = any (v_ids) returning *
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

-- Whose webhooks these addresses are, all that are asked for in one moment together; nothing for what leads nowhere.
drop function doors.resolve_bot_hook(text);
create function doors.resolve_bot_hooks(p_hook_ids text[]) returns table (hook_id text, tenant_id uuid, bot_id uuid, shard integer, secret_hash bytea)
    language sql stable security definer set search_path = public, pg_temp as $$
    select b.hook_id, b.tenant_id, b.id, b.shard, b.hook_secret_hash
      from telegram_bots b where b.hook_id = any (p_hook_ids) and b.is_active and b.deleted_at is null;
$$;

reset role;

revoke all on function doors.resolve_bot_hooks(text[]) from public;
grant execute on function doors.resolve_bot_hooks(text[]) to integrations_api;
