-- Every change of spend waits here for the one before it, so that no cap can be passed and parallel runs never deadlock:
-- a run that touches several days, months or clients would need their rows in an order that it does not know yet.
create function clara.lock_spend() returns void
language sql security definer set search_path = '' as $$
  select pg_advisory_xact_lock(hashtext('clara.spend'))
$$;

-- Adds to what was spent and to what is held, for the client and for all, by day and by month.
create function clara.add_spend(
  h clara.hold, p_posts int, p_completions int, p_usd numeric, p_held_posts int, p_held_completions int, p_held_usd numeric
) returns void
language sql security definer set search_path = '' as $$
  select clara.lock_spend();
  insert into clara.spend as s (scope, period, posts, completions, usd, held_posts, held_completions, held_usd)
    select scope, period, p_posts, p_completions, p_usd, p_held_posts, p_held_completions, p_held_usd
    from (values ('*', h.global_month), ('*', h.global_day), (h.client, h.month), (h.client, h.day)) v(scope, period)
    on conflict (scope, period) do update set
      posts = s.posts + excluded.posts, completions = s.completions + excluded.completions, usd = s.usd + excluded.usd,
      held_posts = s.held_posts + excluded.held_posts, held_completions = s.held_completions + excluded.held_completions,
      held_usd = s.held_usd + excluded.held_usd
$$;

-- Ends a slot's hold. Held completions without a stored draft belong to a run that died: they may have been billed,
-- so they count as spent. An overcount defers a post; an undercount breaks the cap.
create function clara.drop_hold(p_slot text) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold;
begin
  delete from clara.hold where slot = p_slot returning * into h;
  if found then
    perform clara.add_spend(h, 0, h.completions, h.model_usd, -h.posts, -h.completions, -(h.model_usd + h.x_usd));
  end if;
end $$;

-- Why a slot does not fit its budgets, or null when it does.
create function clara.over_budget(
  p_scope text, p_day text, p_month text, p_posts int, p_completions int, p_usd numeric, p_limits jsonb
) returns text
language sql stable security definer set search_path = '' as $$
  with day as (select * from clara.spend where scope = p_scope and period = p_day),
    month as (select * from clara.spend where scope = p_scope and period = p_month),
    room as (
      select coalesce((select posts + held_posts from day), 0) + p_posts <= (p_limits->>'postsPerDay')::int as posts,
        coalesce((select completions + held_completions from day), 0) + p_completions <= (p_limits->>'completionsPerDay')::int as completions,
        coalesce((select usd + held_usd from month), 0) + p_usd <= (p_limits->>'usdPerMonth')::numeric as usd)
  select case
    when not posts then format('%s posts a day are used up', p_limits->>'postsPerDay')
    when not completions then format('%s completions a day are used up', p_limits->>'completionsPerDay')
    when not usd then format('$%s a month would be passed', p_limits->>'usdPerMonth')
  end from room
$$;

-- Holds the worst case of each slot, in the order given. What does not fit goes back to waiting with the reason.
create function public.reserve_slots(p_run text, p_at timestamptz, p_slots jsonb, p_global jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare r jsonb; h clara.hold; total numeric; why text; answers jsonb := '[]';
begin
  perform 1 from clara.slot where id in (select value->>'slot' from jsonb_array_elements(p_slots)) order by id for update;
  perform clara.lock_spend();
  for r in select value from jsonb_array_elements(p_slots) loop
    perform 1 from clara.slot where id = r->>'slot' and fence = (r->>'fence')::int and state = 'claimed';
    if not found then
      answers := answers || jsonb_build_object('slot', r->>'slot', 'granted', false, 'reason', 'another run took this slot');
      continue;
    end if;
    perform clara.drop_hold(r->>'slot');
    total := (r->>'modelUsd')::numeric + (r->>'xUsd')::numeric;
    why := coalesce(
      clara.over_budget(r->>'client', r->>'day', r->>'month', (r->>'posts')::int, (r->>'completions')::int, total, r->'limits'),
      'all clients together: ' || clara.over_budget('*', p_global->>'day', p_global->>'month', (r->>'posts')::int, (r->>'completions')::int, total, p_global));
    if why is null then
      insert into clara.hold values (r->>'slot', r->>'client', r->>'day', r->>'month', p_global->>'day', p_global->>'month',
        (r->>'posts')::int, (r->>'completions')::int, (r->>'modelUsd')::numeric, (r->>'xUsd')::numeric) returning * into h;
      perform clara.add_spend(h, 0, 0, 0, h.posts, h.completions, total);
      answers := answers || jsonb_build_object('slot', r->>'slot', 'granted', true);
    else
      update clara.slot set state = 'waiting', reason = 'budget: ' || why, lease_until = null, changed_at = p_at where id = r->>'slot';
      answers := answers || jsonb_build_object('slot', r->>'slot', 'granted', false, 'reason', 'budget: ' || why);
    end if;
  end loop;
  return answers;
end $$;
