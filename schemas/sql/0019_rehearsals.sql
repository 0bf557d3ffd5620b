-- A rehearsal never comes to X: it waits for no breaker of X and is not what X is tried with. An element of p_due says so with
-- "needsX": false. One without the word, as from older code, needs X.

-- Why a client's slot is held back: only by what it needs.
create function clara.held_reason(p_client text, p_drafted boolean, p_needs_x boolean, p_at timestamptz) returns text
language sql stable security definer set search_path = '' as $$
  select clara.breaker_reason(b, p_at)
  from clara.breakers_of(array_remove(array[case when p_needs_x then '*x' end, case when not p_drafted then '*model' end, p_client], null), p_at) b
  limit 1
$$;

-- As before; and what does not need X takes none of its room. X's room goes first: a slot that X keeps back takes no model's either.
create or replace function public.claim_slots(
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
      select d, n, d->>'client' as client, coalesce((d->>'needsX')::boolean, true) as needs_x,
        exists (select from clara.draft t where t.slot = d->>'slot') as drafted
      from jsonb_array_elements(p_due) with ordinality l(d, n)
    ), free as (
      select listed.*, clara.room(client, p_at) > 0 and (drafted or model_room > 0) as may from listed
    ), x_turns as (
      select free.*, row_number() over (partition by may, needs_x order by n) as x_turn from free
    ), past_x as (
      select x_turns.*, may and (not needs_x or x_turn <= x_room) as passes from x_turns
    ), turns as (
      select past_x.*, row_number() over (partition by passes, drafted order by n) as model_turn from past_x
    ), judged as (
      select turns.*, passes and (drafted or model_turn <= model_room) as chosen from turns
    )
    select coalesce(jsonb_agg(d order by n) filter (where chosen), '[]'),
      coalesce(jsonb_agg(d || jsonb_build_object('reason', clara.held_reason(client, drafted, needs_x, p_at)) order by n) filter (where not chosen), '[]')
      into due, held from judged;
  end if;
  claims := clara.claim_slots(p_run, p_at, p_lease_seconds, due, p_deferred || held, p_closed, p_planned);
  update clara.breaker b set probe = s.id, probe_fence = s.fence
    from jsonb_array_elements(claims) c join clara.slot s on s.id = c->>'slot' join jsonb_array_elements(due) d on d->>'slot' = s.id
    where b.opened_at is not null and b.until <= p_at and (b.scope = s.client
      or (b.scope = '*x' and coalesce((d->>'needsX')::boolean, true)) or (b.scope = '*model' and not c ? 'draft'));
  return claims;
end $$;

-- Nothing calls it any more.
drop function clara.held_reason(text, boolean, timestamptz);

revoke all on function clara.held_reason(text, boolean, boolean, timestamptz) from public, anon, authenticated, service_role;
