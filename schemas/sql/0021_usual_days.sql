-- Two sums that told less than what happened.

-- As before; and where a post is asked for, only days with posts are usual days. A rehearsal costs a tenth of a post, so the first days
-- of a client that begins to post looked like trouble after days of rehearsals.
create or replace function clara.spend_strike(p_slot jsonb, p_at timestamptz) returns text
language plpgsql security definer set search_path = '' as $$
declare b clara.breaker; days int; usual numeric; today numeric; said text; name text := p_slot->>'client';
begin
  if exists (select from clara.breaker where scope = name and cause = 'spend' and day = p_slot->>'day' and opened_at is null) then return null; end if;
  select count(*), percentile_cont(0.5) within group (order by usd) into days, usual from (
    select usd from clara.spend where scope = name and length(period) = 10 and period < p_slot->>'day' and usd > 0
      and (posts > 0 or (p_slot->>'posts')::int = 0) order by period desc limit 14) d;
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

-- As before; and what a run that died may have spent on writing counts for its slot as well, so that the receipts of a day add up to
-- what its budget lost.
create or replace function clara.drop_hold(p_slot text) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold;
begin
  delete from clara.hold where slot = p_slot returning * into h;
  if found then
    update clara.slot set completions = completions + h.completions, model_usd = model_usd + h.model_usd where id = p_slot;
    perform clara.add_spend(h, 0, h.completions, h.model_usd, -h.posts, -h.completions, -(h.model_usd + h.x_usd));
  end if;
end $$;
