-- The same ledger, faster. Near-duplicates are found in milliseconds among the drafts of a week, and the search no longer makes
-- other runs wait; budgets are held in a time that grows with the slots and not with their square.

-- One bit for each trigram of a text. The hash is the one that Postgres' own hash partitions rest on, so it does not change
-- from one version to the next. PL/pgSQL keeps its plan, an SQL function would be planned at every call.
create function clara.trigram_bits(p_trigrams text[]) returns bit(1024)
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return coalesce((
    select bit_or(set_bit(repeat('0', 1024)::bit(1024), (hashtextextended(trigram, 0) & 1023)::int, 1)) from unnest(p_trigrams) trigram
  ), repeat('0', 1024)::bit(1024));
end $$;

-- Grows in the order in which drafts are stored: whoever stores holds a lock until its row can be seen.
create sequence clara.draft_number;
alter table clara.draft
  add column number bigint not null default nextval('clara.draft_number'),
  add column trigrams bit(1024) generated always as (clara.trigram_bits(extensions.show_trgm(text))) stored;
create index draft_order on clara.draft (number);
create index draft_recent on clara.draft (stored_at);
drop index clara.draft_text;

-- The slot whose text is too close to a candidate: any client's of the last 7 days, or one of the client's own last 50, among
-- the drafts with numbers above p_after up to p_until. A fallback text may come back after 30 days, which the caller has
-- checked, so it is not compared with the client's own.
-- A bit that only one of two texts has stands for at least one trigram that only this text has. So of a trigrams of the
-- candidate at most a - (own bits - common bits) are shared, and 0.6 needs at least 0.6 * (a + other bits - common bits) of
-- them. Times five that is the condition below: it loses nothing, and rules out nearly all for a hundredth of the price.
create function clara.similar_draft(
  p_client text, p_slot text, p_candidate jsonb, p_own bit(1024), p_at timestamptz, p_after bigint, p_until bigint
) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted text := p_candidate->>'text'; twin text;
  needed bigint := 5 * bit_count(p_own) - 2 * cardinality(extensions.show_trgm(wanted));
begin
  -- "offset 0" keeps the dear comparison behind the cheap one, which the planner would have last.
  select near.slot into twin from (
    select d.slot, d.text, d.client, d.rehearsal from clara.draft d
    where d.stored_at > p_at - interval '7 days' and d.number > p_after and d.number <= p_until
      and 8 * bit_count(d.trigrams & p_own) - 3 * bit_count(d.trigrams) >= needed offset 0) near
    join clara.slot s on s.id = near.slot
  where near.client <> p_client and not near.rehearsal and extensions.similarity(near.text, wanted) >= 0.6
    and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted')
  limit 1;
  if twin is null and p_candidate->>'source' = 'model' then
    select near.slot into twin from (
      select recent.slot, recent.text from (
        select d.slot, d.text, d.number, d.trigrams from clara.draft d
        where d.client = p_client and d.slot <> p_slot order by d.stored_at desc limit 50) recent
      where number > p_after and number <= p_until and 8 * bit_count(trigrams & p_own) - 3 * bit_count(trigrams) >= needed offset 0) near
    where extensions.similarity(near.text, wanted) >= 0.6
    limit 1;
  end if;
  return twin;
end $$;

-- Moves what the model cost from held to spent, and renews the lease. A stored draft is never written again, so with
-- p_stored the calls that were held and not made are free. More calls than were held is a bug, and still counted.
create function clara.settle_draft(p_slot text, p_spent jsonb, p_stored boolean, p_at timestamptz, p_lease_seconds int) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold; calls int := (p_spent->>'completions')::int; cost numeric := (p_spent->>'usd')::numeric;
begin
  update clara.slot set completions = completions + calls, model_usd = model_usd + cost,
      input_tokens = input_tokens + (p_spent->'usage'->>'inputTokens')::bigint,
      cached_tokens = cached_tokens + (p_spent->'usage'->>'cachedTokens')::bigint,
      output_tokens = output_tokens + (p_spent->'usage'->>'outputTokens')::bigint,
      lease_until = p_at + make_interval(secs => p_lease_seconds), changed_at = p_at
    where id = p_slot;
  select * into h from clara.hold where slot = p_slot for update;
  if not found then return; end if;
  update clara.hold set completions = case when p_stored then 0 else greatest(completions - calls, 0) end,
    model_usd = case when p_stored then 0 else greatest(model_usd - cost, 0) end where slot = p_slot;
  -- Last, since all other runs wait from here until this transaction ends.
  perform clara.add_spend(h, 0, calls, cost, 0,
    -case when p_stored then h.completions else least(calls, h.completions) end,
    -case when p_stored then h.model_usd else least(cost, h.model_usd) end);
end $$;

-- The same as before, as PL/pgSQL: it keeps its plans, and an SQL function is planned at every call.
create or replace function clara.add_spend(
  h clara.hold, p_posts int, p_completions int, p_usd numeric, p_held_posts int, p_held_completions int, p_held_usd numeric
) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtext('clara.spend'));
  insert into clara.spend as s (scope, period, posts, completions, usd, held_posts, held_completions, held_usd)
    select scope, period, p_posts, p_completions, p_usd, p_held_posts, p_held_completions, p_held_usd
    from (values ('*', h.global_month), ('*', h.global_day), (h.client, h.month), (h.client, h.day)) v(scope, period)
    on conflict (scope, period) do update set
      posts = s.posts + excluded.posts, completions = s.completions + excluded.completions, usd = s.usd + excluded.usd,
      held_posts = s.held_posts + excluded.held_posts, held_completions = s.held_completions + excluded.held_completions,
      held_usd = s.held_usd + excluded.held_usd;
end $$;

create function clara.over_limits(
  day clara.spend, month clara.spend, p_posts int, p_completions int, p_usd numeric, p_limits jsonb
) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when coalesce(day.posts + day.held_posts, 0) + p_posts > (p_limits->>'postsPerDay')::int
      then format('%s posts a day are used up', p_limits->>'postsPerDay')
    when coalesce(day.completions + day.held_completions, 0) + p_completions > (p_limits->>'completionsPerDay')::int
      then format('%s completions a day are used up', p_limits->>'completionsPerDay')
    when coalesce(month.usd + month.held_usd, 0) + p_usd > (p_limits->>'usdPerMonth')::numeric
      then format('$%s a month would be passed', p_limits->>'usdPerMonth')
  end;
end $$;

create or replace function clara.over_budget(
  p_scope text, p_day text, p_month text, p_posts int, p_completions int, p_usd numeric, p_limits jsonb
) returns text
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare day clara.spend; month clara.spend;
begin
  select * into day from clara.spend where scope = p_scope and period = p_day;
  select * into month from clara.spend where scope = p_scope and period = p_month;
  return clara.over_limits(day, month, p_posts, p_completions, p_usd, p_limits);
end $$;

-- What public.reserve_slots calls. The sums of all clients are kept in variables and written once: a row that one transaction
-- changes a thousand times is read through a thousand dead versions, and 4,000 slots took fifteen times as long as 1,000.
-- Without sequential scans, since a plan made while a table was nearly empty is kept while this very call fills it.
create or replace function clara.reserve_slots(p_run text, p_at timestamptz, p_slots jsonb, p_global jsonb) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  r jsonb; h clara.hold; total numeric; why text; answers jsonb[] := '{}'; day clara.spend; month clara.spend; owed clara.slot;
  all_posts int := 0; all_completions int := 0; all_usd numeric := 0;
begin
  perform 1 from clara.slot where id in (select value->>'slot' from jsonb_array_elements(p_slots)) order by id for update;
  perform clara.lock_spend();
  perform clara.drop_hold(held.slot) from jsonb_array_elements(p_slots) j
    join clara.hold held on held.slot = j->>'slot'
    join clara.slot s on s.id = held.slot and s.fence = (j->>'fence')::int and s.state = 'claimed';
  select * into day from clara.spend where scope = '*' and period = p_global->>'day';
  select * into month from clara.spend where scope = '*' and period = p_global->>'month';
  for r in select value from jsonb_array_elements(p_slots) loop
    select * into owed from clara.slot where id = r->>'slot';
    if owed.fence is distinct from (r->>'fence')::int or owed.state <> 'claimed' then
      answers := array_append(answers, jsonb_build_object('slot', r->>'slot', 'granted', false, 'reason', 'another run took this slot'));
      continue;
    end if;
    total := (r->>'modelUsd')::numeric + (r->>'xUsd')::numeric;
    why := coalesce(
      clara.over_budget(r->>'client', r->>'day', r->>'month', (r->>'posts')::int, (r->>'completions')::int, total, r->'limits'),
      'all clients together: ' || clara.over_limits(day, month, all_posts + (r->>'posts')::int, all_completions + (r->>'completions')::int, all_usd + total, p_global));
    if why is null then
      insert into clara.hold values (r->>'slot', r->>'client', r->>'day', r->>'month', p_global->>'day', p_global->>'month',
        (r->>'posts')::int, (r->>'completions')::int, (r->>'modelUsd')::numeric, (r->>'xUsd')::numeric) returning * into h;
      insert into clara.spend as s (scope, period, held_posts, held_completions, held_usd)
        values (h.client, h.month, h.posts, h.completions, total), (h.client, h.day, h.posts, h.completions, total)
        on conflict (scope, period) do update set held_posts = s.held_posts + excluded.held_posts,
          held_completions = s.held_completions + excluded.held_completions, held_usd = s.held_usd + excluded.held_usd;
      all_posts := all_posts + h.posts;
      all_completions := all_completions + h.completions;
      all_usd := all_usd + total;
      answers := array_append(answers, jsonb_build_object('slot', r->>'slot', 'granted', true));
    else
      update clara.slot set state = 'waiting', reason = 'budget: ' || why, lease_until = null, changed_at = p_at where id = r->>'slot';
      answers := array_append(answers, jsonb_build_object('slot', r->>'slot', 'granted', false, 'reason', 'budget: ' || why));
    end if;
  end loop;
  if h.slot is not null then
    insert into clara.spend as s (scope, period, held_posts, held_completions, held_usd)
      values ('*', h.global_month, all_posts, all_completions, all_usd), ('*', h.global_day, all_posts, all_completions, all_usd)
      on conflict (scope, period) do update set held_posts = s.held_posts + excluded.held_posts,
        held_completions = s.held_completions + excluded.held_completions, held_usd = s.held_usd + excluded.held_usd;
  end if;
  return to_jsonb(answers);
end $$;

-- As before, but what was stored earlier is searched before the lock is taken; under the lock only what came meanwhile.
create or replace function public.store_draft(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_lease_seconds int,
  p_candidates jsonb, p_rehearsal boolean, p_spent jsonb, p_receipt jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  s clara.slot; c jsonb; n int; twin text; twins text[] := '{}'; bits bit(1024)[] := '{}'; similar_to jsonb := '[]';
  owner text := (select client from clara.slot where id = p_slot); seen bigint := coalesce((select max(number) from clara.draft), 0);
begin
  for c in select value from jsonb_array_elements(p_candidates) loop
    bits := array_append(bits, clara.trigram_bits(extensions.show_trgm(c->>'text')));
    twins := array_append(twins, clara.similar_draft(owner, p_slot, c, bits[cardinality(bits)], p_at, 0, seen));
    exit when twins[cardinality(twins)] is null;
  end loop;
  -- Drafts are stored one at a time, so that two runs cannot both store near-duplicates of each other.
  perform pg_advisory_xact_lock(hashtext('clara.store_draft'));
  select * into s from clara.slot where id = p_slot and fence = p_fence and state = 'claimed' for update;
  if not found then return null; end if;
  for c, n in select value, ordinality - 1 from jsonb_array_elements(p_candidates) with ordinality loop
    twin := twins[n + 1];
    if n >= cardinality(bits) then
      twin := clara.similar_draft(owner, p_slot, c, clara.trigram_bits(extensions.show_trgm(c->>'text')), p_at, 0, 9223372036854775807);
    elsif twin is null then
      twin := clara.similar_draft(owner, p_slot, c, bits[n + 1], p_at, seen, 9223372036854775807);
    end if;
    if twin is null then
      insert into clara.draft values (p_slot, s.client, c->>'text', c->>'hash', c->>'source', c->>'model', c->>'prompt',
        c->>'promptVersion', c->>'topic', (c->>'hasLink')::boolean, p_rehearsal, p_receipt, p_run, p_at);
      perform clara.settle_draft(p_slot, p_spent, true, p_at, p_lease_seconds);
      return jsonb_build_object('stored', n, 'similarTo', similar_to);
    end if;
    similar_to := similar_to || jsonb_build_object('candidate', n, 'slot', twin);
  end loop;
  perform clara.settle_draft(p_slot, p_spent, false, p_at, p_lease_seconds);
  return jsonb_build_object('similarTo', similar_to);
end $$;

drop function clara.similar_slot(text, text, jsonb, timestamptz);
drop function clara.settle_model(text, jsonb);
drop function clara.release_model(text);

do $$
declare f regprocedure;
begin
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'clara' loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
  end loop;
end $$;
revoke all on function public.store_draft(text, text, int, timestamptz, int, jsonb, boolean, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.store_draft(text, text, int, timestamptz, int, jsonb, boolean, jsonb, jsonb) to service_role;
