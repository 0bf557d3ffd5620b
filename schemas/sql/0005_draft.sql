-- Stores the first candidate that is not too similar, settles what the model cost, and renews the lease.
-- Null when the fence is lost. 0.6: two texts that share three of five trigrams read as the same post;
-- X forbids near-duplicates across accounts.
create function public.store_draft(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_lease_seconds int,
  p_candidates jsonb, p_rehearsal boolean, p_spent jsonb, p_receipt jsonb
) returns jsonb
language plpgsql security definer set search_path = '' set pg_trgm.similarity_threshold = 0.6 as $$
declare s clara.slot; c jsonb; n int; twin text; similar_to jsonb := '[]';
begin
  -- Drafts are stored one at a time, so that two runs cannot both store near-duplicates of each other.
  perform pg_advisory_xact_lock(hashtext('clara.store_draft'));
  select * into s from clara.slot where id = p_slot and fence = p_fence and state = 'claimed' for update;
  if not found then return null; end if;
  perform clara.settle_model(p_slot, p_spent);
  update clara.slot set lease_until = p_at + make_interval(secs => p_lease_seconds), changed_at = p_at where id = p_slot;
  for c, n in select value, ordinality - 1 from jsonb_array_elements(p_candidates) with ordinality loop
    twin := clara.similar_slot(s.client, p_slot, c, p_at);
    if twin is null then
      insert into clara.draft values (p_slot, s.client, c->>'text', c->>'hash', c->>'source', c->>'model', c->>'prompt',
        c->>'promptVersion', c->>'topic', (c->>'hasLink')::boolean, p_rehearsal, p_receipt, p_run, p_at);
      perform clara.release_model(p_slot);
      return jsonb_build_object('stored', n, 'similarTo', similar_to);
    end if;
    similar_to := similar_to || jsonb_build_object('candidate', n, 'slot', twin);
  end loop;
  return jsonb_build_object('similarTo', similar_to);
end $$;

-- The slot whose text is too close to a candidate: any client's of the last 7 days, or one of the client's own last 50.
-- A fallback text may come back after 30 days, which the caller has checked, so it is not compared with the client's own.
create function clara.similar_slot(p_client text, p_slot text, p_candidate jsonb, p_at timestamptz) returns text
language sql stable security definer set search_path = '' set pg_trgm.similarity_threshold = 0.6 as $$
  select slot from (
    (select d.slot from clara.draft d join clara.slot s on s.id = d.slot
      where d.text operator(extensions.%) (p_candidate->>'text') and d.client <> p_client and not d.rehearsal
        and d.stored_at > p_at - interval '7 days' and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted')
      limit 1)
    union all
    (select recent.slot from (
        select d.slot, d.text from clara.draft d
        where d.client = p_client and d.slot <> p_slot and p_candidate->>'source' = 'model'
        order by d.stored_at desc limit 50) recent
      where extensions.similarity(recent.text, p_candidate->>'text') >= 0.6
      limit 1)
  ) twins limit 1
$$;

-- Moves what the model cost from held to spent. More calls than were held is a bug, and still counted.
create function clara.settle_model(p_slot text, p_spent jsonb) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold; calls int := (p_spent->>'completions')::int; cost numeric := (p_spent->>'usd')::numeric;
begin
  update clara.slot set completions = completions + calls, model_usd = model_usd + cost,
      input_tokens = input_tokens + (p_spent->'usage'->>'inputTokens')::bigint,
      cached_tokens = cached_tokens + (p_spent->'usage'->>'cachedTokens')::bigint,
      output_tokens = output_tokens + (p_spent->'usage'->>'outputTokens')::bigint
    where id = p_slot;
  select * into h from clara.hold where slot = p_slot for update;
  if found then
    perform clara.add_spend(h, 0, calls, cost, 0, -least(calls, h.completions), -least(cost, h.model_usd));
    update clara.hold set completions = greatest(completions - calls, 0), model_usd = greatest(model_usd - cost, 0) where slot = p_slot;
  end if;
end $$;

-- A stored draft is never written again, so the calls that were held and not made are free.
create function clara.release_model(p_slot text) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold;
begin
  select * into h from clara.hold where slot = p_slot for update;
  if found then
    perform clara.add_spend(h, 0, 0, 0, 0, -h.completions, -h.model_usd);
    update clara.hold set completions = 0, model_usd = 0 where slot = p_slot;
  end if;
end $$;
