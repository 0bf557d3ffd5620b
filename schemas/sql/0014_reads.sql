-- Counts what a read of X may cost before it is asked for: its answer, or the run, may be lost, and then nobody could tell any more.
-- The caller's next write takes back what X did not charge. p_keep_usd is the price of the post, which stays held. What is
-- held for reads goes first; more than that has to fit the budgets of p_limits, {"client": limits, "global": limits}.
create function public.count_read(
  p_slot text, p_fence int, p_at timestamptz, p_usd numeric, p_keep_usd numeric, p_limits jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare h clara.hold; taken numeric; why text;
begin
  perform 1 from clara.slot where id = p_slot and fence = p_fence and state in ('claimed', 'armed', 'unknown') for update;
  if not found then
    return '{"counted": false, "why": "fence-lost", "reason": "another run took this slot"}';
  end if;
  select * into h from clara.hold where slot = p_slot for update;
  if found then
    perform clara.lock_spend();
    taken := least(p_usd, greatest(h.x_usd - p_keep_usd, 0));
    if taken < p_usd then
      why := coalesce(
        clara.over_budget(h.client, h.day, h.month, 0, 0, p_usd - taken, p_limits->'client'),
        'all clients together: ' || clara.over_budget('*', h.global_day, h.global_month, 0, 0, p_usd - taken, p_limits->'global'));
      if why is not null then
        return jsonb_build_object('counted', false, 'why', 'over-budget', 'reason', 'budget: ' || why);
      end if;
    end if;
    perform clara.add_spend(h, 0, 0, p_usd, 0, 0, -taken);
    update clara.hold set x_usd = x_usd - taken where slot = p_slot;
  end if;
  update clara.slot set x_usd = x_usd + p_usd, changed_at = p_at where id = p_slot;
  return '{"counted": true}';
end $$;

revoke all on function public.count_read(text, int, timestamptz, numeric, numeric, jsonb) from public, anon, authenticated;
grant execute on function public.count_read(text, int, timestamptz, numeric, numeric, jsonb) to service_role;
