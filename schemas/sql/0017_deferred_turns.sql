-- Who had a turn. Clients are served in the order of their last turns (tick_state's `lastTurnAt`), and a turn is one of these:
-- - a slot was sent, or ended while a run worked on it: posted, unknown, skipped, missed, dead;
-- - a run put its slot back to waiting for a reason of the client's own: it has no usable credentials, its model was asked and gave
--   no text, X keeps this client waiting. By posts and ends alone it would go first for ever, and take the only place each time;
-- - it was the one slot tried for a service that failed in a row, and was not sent, whatever the reason.
-- No turn is what says nothing of the client: a limiter without room, a halt, a min_gap, a budget that did not grant it, a run that
-- stops, a lost fence, a wait of everybody. Then it is still the one that has waited longest.

-- As before; and `ownTurn` in p_backoff says that what is deferred was a turn, as a back-off or a strike of the client itself does.
create or replace function public.record_outcome(
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
  if (select state from clara.slot where id = p_slot) = 'waiting' and (
      (p_backoff->>'ownTurn')::boolean or (p_backoff ? 'until' and p_backoff->>'scope' = 'client')
      or strikes @> '[{"scope": "client"}]'
      or exists (select from clara.breaker where probe = p_slot and probe_fence = p_fence)) then
    update clara.client set last_turn_at = p_at where id = s.client;
  end if;
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

-- As before; and the one slot tried for a service that failed in a row had its turn when it is not granted: else a client over its
-- budget, or without a prompt, is tried for ever, and every other one waits for the service until that client may be served.
create or replace function public.reserve_slots(p_run text, p_at timestamptz, p_slots jsonb, p_global jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare r jsonb; why text; rest jsonb := '[]'; answers jsonb := '[]'; tried text[];
begin
  perform clara.lock_breakers();
  select array_agg(s.id) into tried from clara.breaker b
    join clara.slot s on s.id = b.probe and s.fence = b.probe_fence and s.state = 'claimed';
  perform 1 from clara.client where id in (select client from clara.slot where id = any (tried)) order by id for update;
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
  answers := answers || clara.reserve_slots(p_run, p_at, rest, p_global);
  update clara.client set last_turn_at = p_at where id in (select client from clara.slot where id = any (tried) and state = 'waiting');
  return answers;
end $$;
