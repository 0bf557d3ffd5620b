-- Near-duplicates are found in milliseconds among the drafts of a week, and the search no longer makes other runs wait.

-- One bit for each trigram of a text, at a place that its MD5 gives: the same on every Postgres, now and later.
create function clara.trigram_bits(p_text text) returns bit(1024)
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(bit_or(set_bit(repeat('0', 1024)::bit(1024), ('x' || left(md5(trigram), 8))::bit(32)::int & 1023, 1)), repeat('0', 1024)::bit(1024))
  from unnest(extensions.show_trgm(p_text)) trigram
$$;

-- Grows in the order in which drafts are stored: whoever stores holds a lock until its row can be seen.
create sequence clara.draft_number;
alter table clara.draft
  add column number bigint not null default nextval('clara.draft_number'),
  add column trigrams bit(1024) generated always as (clara.trigram_bits(text)) stored;
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
  p_client text, p_slot text, p_candidate jsonb, p_at timestamptz, p_after bigint, p_until bigint
) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted text := p_candidate->>'text'; own bit(1024) := clara.trigram_bits(wanted); twin text;
  needed bigint := 5 * bit_count(own) - 2 * cardinality(extensions.show_trgm(wanted));
begin
  -- "offset 0" keeps the dear comparison behind the cheap one, which the planner would have last.
  select near.slot into twin from (
    select d.slot, d.text, d.client, d.rehearsal from clara.draft d
    where d.stored_at > p_at - interval '7 days' and d.number > p_after and d.number <= p_until
      and 8 * bit_count(d.trigrams & own) - 3 * bit_count(d.trigrams) >= needed offset 0) near
    join clara.slot s on s.id = near.slot
  where near.client <> p_client and not near.rehearsal and extensions.similarity(near.text, wanted) >= 0.6
    and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted')
  limit 1;
  if twin is null and p_candidate->>'source' = 'model' then
    select near.slot into twin from (
      select recent.slot, recent.text from (
        select d.slot, d.text, d.number, d.trigrams from clara.draft d
        where d.client = p_client and d.slot <> p_slot order by d.stored_at desc limit 50) recent
      where number > p_after and number <= p_until and 8 * bit_count(trigrams & own) - 3 * bit_count(trigrams) >= needed offset 0) near
    where extensions.similarity(near.text, wanted) >= 0.6
    limit 1;
  end if;
  return twin;
end $$;

-- As before, but what was stored earlier is searched before the lock is taken; under the lock only what came meanwhile.
create or replace function public.store_draft(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_lease_seconds int,
  p_candidates jsonb, p_rehearsal boolean, p_spent jsonb, p_receipt jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  s clara.slot; c jsonb; n int; twin text; early text[] := '{}'; similar_to jsonb := '[]';
  seen bigint := coalesce((select max(number) from clara.draft), 0); owner text := (select client from clara.slot where id = p_slot);
begin
  for c in select value from jsonb_array_elements(p_candidates) loop
    twin := clara.similar_draft(owner, p_slot, c, p_at, 0, seen);
    early := early || twin;
    exit when twin is null;
  end loop;
  -- Drafts are stored one at a time, so that two runs cannot both store near-duplicates of each other.
  perform pg_advisory_xact_lock(hashtext('clara.store_draft'));
  select * into s from clara.slot where id = p_slot and fence = p_fence and state = 'claimed' for update;
  if not found then return null; end if;
  perform clara.settle_model(p_slot, p_spent);
  update clara.slot set lease_until = p_at + make_interval(secs => p_lease_seconds), changed_at = p_at where id = p_slot;
  for c, n in select value, ordinality - 1 from jsonb_array_elements(p_candidates) with ordinality loop
    twin := coalesce(early[n + 1], clara.similar_draft(owner, p_slot, c, p_at,
      case when n < cardinality(early) then seen else 0 end, 9223372036854775807));
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

drop function clara.similar_slot(text, text, jsonb, timestamptz);

do $$
declare f regprocedure;
begin
  for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'clara' loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
  end loop;
end $$;
revoke all on function public.store_draft(text, text, int, timestamptz, int, jsonb, boolean, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.store_draft(text, text, int, timestamptz, int, jsonb, boolean, jsonb, jsonb) to service_role;
