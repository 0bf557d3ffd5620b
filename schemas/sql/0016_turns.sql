-- Clients are served in the order of their last turns, and a turn may end without a post: by the last post alone, a client whose
-- texts are always refused would go first for ever.
alter table clara.client add column last_turn_at timestamptz;

create function clara.keep_turn() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update clara.client set last_turn_at = new.changed_at where id = new.client;
  return null;
end $$;
create trigger keep_turn after update of state on clara.slot for each row
  when (old.state in ('claimed', 'armed', 'unknown') and new.state in ('skipped', 'missed', 'dead')) execute function clara.keep_turn();

-- A client that was never served has no row in clara.client, and may be halted all the same. `restUntil` tells a wait that ends by
-- itself from a halt, which only a person lifts.
create or replace function clara.tick_state(p_at timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'halted', (
      select coalesce(
        (select why from clara.halt where scope = '*'),
        (select format('until %s UTC: %s', to_char(until at time zone 'UTC', 'HH24:MI'), reason) from clara.backoff where scope = '*' and until > p_at))),
    'restUntil', (
      select until from clara.backoff where scope = '*' and until > p_at and not exists (select from clara.halt where scope = '*')),
    'breakers', (
      select coalesce(jsonb_agg(jsonb_build_object('scope', substr(b.scope, 2), 'clients', b.clients, 'reason', clara.breaker_reason(b, p_at),
        'state', case when b.until > p_at then 'open' when clara.is_tried(b, p_at) then 'tried' else 'half-open' end)), '[]')
      from clara.breakers_of(array['*x', '*model'], p_at) b),
    'clients', (
      select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', c.id, 'plannedUntil', c.planned_until, 'lastSentAt', c.last_sent_at, 'lastTurnAt', greatest(c.last_turn_at, c.last_sent_at),
        'backoffUntil', w.until, 'backoffReason', w.reason, 'halted', h.why,
        'accounts', (select jsonb_object_agg(a.fingerprint, a.x_user_id) from clara.account a where a.client = c.id)))), '[]')
      from (select id, planned_until, last_sent_at, last_turn_at from clara.client
        union all select scope, null, null, null from clara.halt where scope <> '*' and scope not in (select id from clara.client)) c
      left join lateral (
        select until, reason from clara.backoff where scope = c.id and until > p_at
        union all select b.until, clara.breaker_reason(b, p_at) from clara.breaker b where b.scope = c.id and b.until > p_at
        order by until desc limit 1) w on true
      left join clara.halt h on h.scope = c.id),
    'open', (
      select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', s.id, 'client', s.client, 'plannedAt', s.planned_at, 'state', s.state, 'leaseUntil', s.lease_until,
        'drafted', case when s.state in ('waiting', 'claimed') and exists (select from clara.draft d where d.slot = s.id) then true end))), '[]')
      from clara.slot s where s.state in ('waiting', 'claimed', 'armed', 'unknown')))
$$;

revoke all on function clara.tick_state(timestamptz) from public, anon, authenticated, service_role;
revoke all on function clara.keep_turn() from public, anon, authenticated, service_role;
