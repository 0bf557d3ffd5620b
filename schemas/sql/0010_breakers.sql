-- Waits that grow with every failure in a row, and breakers that open on a streak: see .github/decisions/0008-breakers.md.
-- Locks are taken in one order: breakers, clients, slots, spend. So whatever touches breakers begins with their lock.

-- One row for each cause in a scope: a client's id, '*x' for X or '*model' for the models. No client's id begins with '*'.
create table clara.breaker (
  scope text not null,
  cause text not null,
  -- In a row; where several clients must agree, the clients that failed, each once.
  failures int not null,
  clients text[] not null default '{}',
  reason text not null,
  since timestamptz not null,
  -- Nothing of the scope is sent before; null while a service's streak is too short to keep everybody waiting.
  until timestamptz,
  -- Null while the streak is short: then the wait simply ends. An open breaker is half open from `until` on: one slot is tried.
  opened_at timestamptz,
  -- The slot that is tried, under this fence.
  probe text,
  probe_fence int,
  -- The client's local day that a spend breaker is about. One that is not open says that a person let this day go on.
  day text,
  primary key (scope, cause)
);
alter table clara.breaker enable row level security;

create function clara.lock_breakers() returns void
language sql security definer set search_path = '' as $$
  select pg_advisory_xact_lock(hashtext('clara.breaker'))
$$;

-- base * 2^(turn - 1), a part of up to a quarter on top, and never more than the cap. So a wait is never below the base, and each is
-- longer than the one before it until the cap. The part on top is taken from a digest of what failed and how often: clients that
-- failed together come back apart, and a repeated simulation waits the same.
create function clara.wait_seconds(p_key text, p_turn int, p_base_minutes int, p_cap_minutes int) returns int
language sql immutable set search_path = '' as $$
  select floor(60 * least(p_cap_minutes, p_base_minutes * power(2::numeric, least(p_turn, 31) - 1) * (1 + part / 4)))::int
  from (select ('x' || substr(encode(sha256(convert_to(p_key || ' ' || p_turn, 'UTF8')), 'hex'), 1, 7))::bit(28)::int / 268435456.0 as part) p
$$;

-- Counts a failure. A client's wait begins with the first one, a service's when the breaker opens.
create function clara.strike(p_scope text, p_client text, p_rule jsonb, p_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
declare
  b clara.breaker; n int; turn int; rest_seconds int;
  opens int := (p_rule->>'opensAfter')::int; several boolean := coalesce((p_rule->>'severalClients')::boolean, false);
begin
  select * into b from clara.breaker where scope = p_scope and cause = p_rule->>'cause';
  -- What fails while the scope rests was on its way already, and says nothing new.
  if b.until > p_at then return; end if;
  -- The same client again proves nothing about the others: its dead token must neither stop them nor keep them stopped.
  if several and p_client = any (b.clients) then return; end if;
  n := coalesce(b.failures, 0) + 1;
  turn := case when p_scope like '*%' then n - opens + 1 else n end;
  rest_seconds := case when turn >= 1 then clara.wait_seconds(p_scope || ' ' || (p_rule->>'cause'), turn,
    (p_rule->>'baseMinutes')::int, (p_rule->>'capMinutes')::int) end;
  insert into clara.breaker as old (scope, cause, failures, clients, reason, since, until, opened_at)
    values (p_scope, p_rule->>'cause', n, case when several then array[p_client] else '{}' end, p_rule->>'reason', p_at,
      p_at + make_interval(secs => rest_seconds), case when n >= opens then p_at end)
    on conflict (scope, cause) do update set failures = n, clients = old.clients || excluded.clients, reason = excluded.reason,
      until = excluded.until, opened_at = coalesce(old.opened_at, excluded.opened_at), probe = null, probe_fence = null;
end $$;

-- True while a run works on the slot that is tried. A run that died holds nobody up for longer than its lease.
create function clara.is_tried(b clara.breaker, p_at timestamptz) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from clara.slot s
    where s.id = b.probe and s.fence = b.probe_fence and s.state in ('claimed', 'armed') and s.lease_until > p_at)
$$;

-- What happened, since when, when it is tried again, and what a person can do; the same words for every slot that waits for it.
create function clara.breaker_reason(b clara.breaker, p_at timestamptz) returns text
language sql stable set search_path = '' as $$
  select format('%s; since %s UTC%s; %s; "resume%s" ends the wait', b.reason, to_char(b.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    case when cardinality(b.clients) > 1 then format(', %s clients in a row', cardinality(b.clients))
      when b.failures > 1 then format(', %s times in a row', b.failures) end,
    case when b.until > p_at then format('tried again after %s UTC', to_char(b.until at time zone 'UTC', 'YYYY-MM-DD HH24:MI'))
      else 'one post is tried first' end,
    case when b.scope like '*%' then '' else ' ' || b.scope end)
$$;

-- Breakers and waits of a scope that matter at an instant, those that keep everything back first.
create function clara.breakers_of(p_scopes text[], p_at timestamptz) returns setof clara.breaker
language sql stable security definer set search_path = '' as $$
  select b.* from clara.breaker b
  where b.scope = any (p_scopes) and (b.until > p_at or b.opened_at is not null)
  order by b.until > p_at desc, b.scope, b.cause
$$;

-- How many slots a scope lets through: none while it rests or a slot is tried, one to try, else any number.
create function clara.room(p_scope text, p_at timestamptz) returns int
language sql stable security definer set search_path = '' as $$
  select coalesce(min(case when b.until > p_at or clara.is_tried(b, p_at) then 0 else 1 end), 2147483647)
  from clara.breakers_of(array[p_scope], p_at) b
$$;

-- Why a client's slot is held back; a slot with a stored text needs no model.
create function clara.held_reason(p_client text, p_drafted boolean, p_at timestamptz) returns text
language sql stable security definer set search_path = '' as $$
  select clara.breaker_reason(b, p_at)
  from clara.breakers_of(case when p_drafted then array['*x', p_client] else array['*x', '*model', p_client] end, p_at) b limit 1
$$;

create or replace function clara.tick_state(p_at timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'halted', (
      select coalesce(
        (select why from clara.halt where scope = '*'),
        (select format('until %s UTC: %s', to_char(until at time zone 'UTC', 'HH24:MI'), reason) from clara.backoff where scope = '*' and until > p_at))),
    'breakers', (
      select coalesce(jsonb_agg(jsonb_build_object('scope', substr(b.scope, 2), 'clients', b.clients, 'reason', clara.breaker_reason(b, p_at),
        'state', case when b.until > p_at then 'open' when clara.is_tried(b, p_at) then 'tried' else 'half-open' end)), '[]')
      from clara.breakers_of(array['*x', '*model'], p_at) b),
    'clients', (
      select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', c.id, 'plannedUntil', c.planned_until, 'lastSentAt', c.last_sent_at,
        'backoffUntil', w.until, 'backoffReason', w.reason, 'halted', h.why,
        'accounts', (select jsonb_object_agg(a.fingerprint, a.x_user_id) from clara.account a where a.client = c.id)))), '[]')
      from clara.client c
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

-- The functions of the earlier files go on inside; these put the breakers in front of them.
alter function public.claim_slots(text, timestamptz, int, jsonb, jsonb, jsonb, jsonb) set schema clara;
alter function public.reserve_slots(text, timestamptz, jsonb, jsonb) set schema clara;
alter function public.arm_slot(text, text, int, timestamptz, int, text, text) set schema clara;
alter function public.record_outcome(text, text, int, timestamptz, text, text, text, numeric, jsonb) set schema clara;

-- What a breaker holds back is recorded as owed, so that it cannot be lost.
create function public.claim_slots(
  p_run text, p_at timestamptz, p_lease_seconds int, p_due jsonb, p_deferred jsonb, p_closed jsonb, p_planned jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare claims jsonb; due jsonb := p_due; held jsonb := '[]'; x_room int; model_room int;
begin
  if exists (select from clara.breaker where until is not null) then
    perform clara.lock_breakers();
    x_room := clara.room('*x', p_at);
    model_room := clara.room('*model', p_at);
    with listed as (
      select d, n, d->>'client' as client, exists (select from clara.draft t where t.slot = d->>'slot') as drafted
      from jsonb_array_elements(p_due) with ordinality l(d, n)
    ), free as (
      select listed.*, clara.room(client, p_at) > 0 and (drafted or model_room > 0) as may from listed
    ), turns as (
      select free.*, row_number() over (partition by may order by n) as x_turn, row_number() over (partition by may, drafted order by n) as model_turn from free
    ), judged as (
      select turns.*, may and x_turn <= x_room and (drafted or model_turn <= model_room) as chosen from turns
    )
    select coalesce(jsonb_agg(d order by n) filter (where chosen), '[]'),
      coalesce(jsonb_agg(d || jsonb_build_object('reason', clara.held_reason(client, drafted, p_at)) order by n) filter (where not chosen), '[]')
      into due, held from judged;
  end if;
  claims := clara.claim_slots(p_run, p_at, p_lease_seconds, due, p_deferred || held, p_closed, p_planned);
  update clara.breaker b set probe = s.id, probe_fence = s.fence
    from jsonb_array_elements(claims) c join clara.slot s on s.id = c->>'slot'
    where b.opened_at is not null and b.until <= p_at and (b.scope in ('*x', s.client) or (b.scope = '*model' and not c ? 'draft'));
  return claims;
end $$;

-- A day's spending far above the client's usual day: more than 4 times the median of its last 14 days with spending, of which there
-- are at least 5, and $0.50 above it. Then the client rests until its next day; the reason, or null when all is well.
create function clara.spend_strike(p_slot jsonb, p_at timestamptz) returns text
language plpgsql security definer set search_path = '' as $$
declare b clara.breaker; days int; usual numeric; today numeric; said text; name text := p_slot->>'client';
begin
  if exists (select from clara.breaker where scope = name and cause = 'spend' and day = p_slot->>'day' and opened_at is null) then return null; end if;
  select count(*), percentile_cont(0.5) within group (order by usd) into days, usual from (
    select usd from clara.spend where scope = name and length(period) = 10 and period < p_slot->>'day' and usd > 0 order by period desc limit 14) d;
  today := coalesce((select usd + held_usd from clara.spend where scope = name and period = p_slot->>'day'), 0)
    + (p_slot->>'modelUsd')::numeric + (p_slot->>'xUsd')::numeric;
  if days < 5 or today <= 4 * usual or today < usual + 0.50 then return null; end if;
  said := format('the next post could bring today to $%s, a usual day costs $%s: look in the summaries at what became dear', round(today, 2), round(usual, 2));
  insert into clara.breaker as old (scope, cause, failures, reason, since, until, opened_at, day)
    values (name, 'spend', 1, said, p_at, coalesce((p_slot->>'dayEndsAt')::timestamptz, p_at + interval '12 hours'), p_at, p_slot->>'day')
    on conflict (scope, cause) do update set reason = excluded.reason, until = excluded.until, day = excluded.day, probe = null, probe_fence = null,
      failures = case when old.opened_at is null then 1 else old.failures + 1 end, since = case when old.opened_at is null then p_at else old.since end,
      opened_at = coalesce(old.opened_at, p_at)
    returning * into b;
  return clara.breaker_reason(b, p_at);
end $$;

-- A slot that names why it is refused goes back to waiting with that reason, as one whose client has spent too much does.
create function public.reserve_slots(p_run text, p_at timestamptz, p_slots jsonb, p_global jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare r jsonb; why text; rest jsonb := '[]'; answers jsonb := '[]';
begin
  perform clara.lock_breakers();
  perform 1 from clara.slot where id in (select value->>'slot' from jsonb_array_elements(p_slots)) order by id for update;
  for r in select value from jsonb_array_elements(p_slots) loop
    perform 1 from clara.slot where id = r->>'slot' and fence = (r->>'fence')::int and state = 'claimed';
    if found then
      perform clara.drop_hold(r->>'slot');
      why := coalesce(r->>'refused', clara.spend_strike(r, p_at));
    else
      why := null;
    end if;
    if why is null then
      rest := rest || jsonb_build_array(r);
    else
      update clara.slot set state = 'waiting', reason = why, lease_until = null, changed_at = p_at where id = r->>'slot';
      answers := answers || jsonb_build_object('slot', r->>'slot', 'granted', false, 'reason', why,
        'cause', case when r ? 'refused' then 'config' else 'backing-off' end);
    end if;
  end loop;
  return answers || clara.reserve_slots(p_run, p_at, rest, p_global);
end $$;

-- Refuses while X or the client rests; when one slot is to be tried, this one is it unless another is being tried.
create function public.arm_slot(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_lease_seconds int, p_fingerprint text, p_x_user_id text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare owner text; b clara.breaker; answer jsonb;
begin
  select client into owner from clara.slot where id = p_slot;
  if not exists (select from clara.breaker where scope in ('*x', owner) and until is not null) then
    return clara.arm_slot(p_run, p_slot, p_fence, p_at, p_lease_seconds, p_fingerprint, p_x_user_id);
  end if;
  perform clara.lock_breakers();
  select o.* into b from clara.breakers_of(array['*x', owner], p_at) o
    where o.until > p_at or (clara.is_tried(o, p_at) and (o.probe, o.probe_fence) is distinct from (p_slot, p_fence)) limit 1;
  if found then
    return jsonb_build_object('armed', false, 'why', 'backing-off', 'reason', clara.breaker_reason(b, p_at));
  end if;
  answer := clara.arm_slot(p_run, p_slot, p_fence, p_at, p_lease_seconds, p_fingerprint, p_x_user_id);
  if (answer->>'armed')::boolean then
    update clara.breaker set probe = p_slot, probe_fence = p_fence where scope in ('*x', owner) and opened_at is not null;
  end if;
  return answer;
end $$;

-- p_backoff may also hold `strikes`, failures that count, and `modelAnswered`. Written twice they count once.
create function public.record_outcome(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_outcome text, p_reason text, p_post_id text, p_x_usd numeric, p_backoff jsonb
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare s clara.slot; written boolean; strikes jsonb := coalesce(p_backoff->'strikes', '[]'); r jsonb; is_new boolean;
begin
  if jsonb_array_length(strikes) > 0 or exists (select from clara.breaker) then perform clara.lock_breakers(); end if;
  select * into s from clara.slot where id = p_slot;
  is_new := s.state in ('claimed', 'armed', 'unknown') and not (s.state = 'unknown' and s.lease_until is null);
  written := clara.record_outcome(p_run, p_slot, p_fence, p_at, p_outcome, p_reason, p_post_id, p_x_usd,
    case when p_backoff ? 'until' then p_backoff end);
  if not (written and is_new) then return written; end if;
  -- A post ends a streak. An open breaker closes only by a send from after its wait: others were on their way before it opened.
  if p_outcome = 'posted' then
    delete from clara.breaker where scope in ('*x', s.client) and case when opened_at is null then cause <> 'spend'
      else until <= (select max(armed_at) from clara.send where slot = p_slot) end;
  end if;
  if (p_backoff->>'modelAnswered')::boolean then
    delete from clara.breaker where scope = '*model' and (opened_at is null or until <= p_at);
  end if;
  for r in select value from jsonb_array_elements(strikes) loop
    perform clara.strike(case r->>'scope' when 'client' then s.client else '*' || (r->>'scope') end, s.client, r, p_at);
  end loop;
  return true;
end $$;

-- Lifts a halt, and with it every wait and breaker of that scope: whoever resumes has seen to the cause.
-- Answers with the halts before and with what was ended besides.
create function public.release_scope(p_scope text, p_at timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare earlier jsonb := clara.halts(); ended jsonb; scopes text[] := case p_scope when '*' then array['*x', '*model'] else array[p_scope] end;
begin
  perform clara.lock_breakers();
  select coalesce(jsonb_agg(jsonb_build_object('since', since, 'reason', reason) order by since, reason), '[]') into ended from (
    select null::timestamptz as since, reason from clara.backoff where scope = p_scope and until > p_at
    union all select since, reason from clara.breakers_of(scopes, p_at)) e;
  delete from clara.halt where scope = p_scope;
  delete from clara.backoff where scope = p_scope;
  delete from clara.breaker where scope = any (scopes) and cause <> 'spend';
  -- Kept as a mark: else the next slot of the same day would open it again.
  update clara.breaker set until = null, opened_at = null, probe = null, probe_fence = null where scope = any (scopes);
  return jsonb_build_object('before', earlier, 'ended', ended);
end $$;

create or replace function public.resume_scope(p_scope text) returns jsonb
language sql security definer set search_path = '' as $$
  select public.release_scope(p_scope, now())->'before'
$$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'clara' or (n.nspname = 'public'
      and p.proname in ('open_tick', 'claim_slots', 'reserve_slots', 'arm_slot', 'record_outcome', 'release_scope', 'resume_scope'))
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', f);
    if (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = f) = 'public' then
      execute format('grant execute on function %s to service_role', f);
    end if;
  end loop;
end $$;
