-- Ends, defers and takes slots for a run, in one call for the whole batch.
-- Client rows are locked first, in the order of their ids, so that two runs never hold slots of one client at once.
-- Everywhere locks are taken in one order, clients, slots, spend, and slots by their ids: parallel runs queue and never deadlock.
create function public.claim_slots(
  p_run text, p_at timestamptz, p_lease_seconds int, p_due jsonb, p_deferred jsonb, p_closed jsonb, p_planned jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare claims jsonb; named text[]; listed jsonb := p_due || p_deferred || p_closed;
begin
  select array_agg(distinct client) into named from (
    select value->>'client' as client from jsonb_array_elements(listed) union select jsonb_array_elements_text(p_planned)) c;
  insert into clara.client (id) select unnest(named) as id order by id on conflict do nothing;
  perform 1 from clara.client where id = any (named) order by id for update;
  perform 1 from clara.slot where id in (select value->>'slot' from jsonb_array_elements(listed)) order by id for update;
  update clara.client set planned_until = greatest(planned_until, p_at)
    where id in (select jsonb_array_elements_text(p_planned));

  perform clara.close_slots(p_run, p_at, p_closed);
  insert into clara.slot as s (id, client, planned_at, state, reason, changed_at)
    select d->>'slot', d->>'client', (d->>'plannedAt')::timestamptz, 'waiting', d->>'reason', p_at
    from jsonb_array_elements(p_deferred) d
    on conflict (id) do update set reason = excluded.reason, changed_at = p_at where s.state = 'waiting';

  -- Every owed slot has its row before anyone races for it, so that losing the race cannot lose the slot.
  insert into clara.slot (id, client, planned_at, state, changed_at)
    select d->>'slot', d->>'client', (d->>'plannedAt')::timestamptz, 'waiting', p_at from jsonb_array_elements(p_due) d
    order by 1 on conflict do nothing;
  with wanted as (
    select d->>'slot' as id, n
    from jsonb_array_elements(p_due) with ordinality as due(d, n)
    join clara.client c on c.id = d->>'client'
    where (c.last_sent_at is null or c.last_sent_at + make_interval(secs => (d->>'minGapSeconds')::int) <= p_at)
      and not exists (select from clara.halt h where h.scope in ('*', c.id))
      and not exists (select from clara.backoff b where b.scope in ('*', c.id) and b.until > p_at)
      and not exists (
        select from clara.slot other where other.client = c.id and other.id <> d->>'slot'
          and (other.state in ('armed', 'unknown') or (other.state = 'claimed' and other.lease_until > p_at)))
  ), won as (
    update clara.slot s set state = 'claimed', fence = s.fence + 1, run = p_run, reason = null,
      lease_until = p_at + make_interval(secs => p_lease_seconds), changed_at = p_at
    from wanted where s.id = wanted.id and (s.state = 'waiting' or (s.state = 'claimed' and s.lease_until <= p_at))
    returning s.id, s.client, s.fence
  )
  select coalesce(jsonb_agg(clara.claim_json(won.id, won.client, won.fence, p_at) order by n), '[]') into claims
  from won join wanted using (id);
  return claims;
end $$;

create function clara.claim_json(p_slot text, p_client text, p_fence int, p_at timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'slot', p_slot, 'fence', p_fence,
    'draft', (select clara.draft_json(d) from clara.draft d where d.slot = p_slot),
    'recentTexts', (select coalesce(jsonb_agg(text order by stored_at desc), '[]') from (
      select text, stored_at from clara.draft where client = p_client and slot <> p_slot order by stored_at desc limit 50) t),
    'recentFallbacks', (select coalesce(jsonb_agg(text), '[]') from clara.draft
      where client = p_client and slot <> p_slot and source = 'fallback' and stored_at > p_at - interval '30 days'),
    'recentLinks', (select count(*) from clara.draft d join clara.slot s on s.id = d.slot
      where d.client = p_client and d.slot <> p_slot and d.has_link and d.stored_at > p_at - interval '7 days'
        and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted'))))
$$;

-- Slots that end without work: missed, or skipped. A slot that a run holds, or that ended already, is left alone.
create function clara.close_slots(p_run text, p_at timestamptz, p_closed jsonb) returns void
language plpgsql security definer set search_path = '' as $$
declare ended text;
begin
  for ended in
    insert into clara.slot as s (id, client, planned_at, state, reason, run, changed_at)
      select c->>'slot', c->>'client', (c->>'plannedAt')::timestamptz, c->>'outcome', c->>'reason', p_run, p_at
      from jsonb_array_elements(p_closed) c
      on conflict (id) do update set state = excluded.state, reason = excluded.reason, run = p_run,
        fence = s.fence + 1, lease_until = null, changed_at = p_at
        where s.state = 'waiting' or (s.state = 'claimed' and s.lease_until <= p_at)
      returning s.id
  loop
    perform clara.drop_hold(ended);
  end loop;
end $$;
