-- What the ledger knows when a tick begins. p_at is the tick's clock, here and everywhere, so that simulated time works.
create function clara.tick_state(p_at timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'halted', (
      select coalesce(
        (select why from clara.halt where scope = '*'),
        (select format('until %s UTC: %s', to_char(until at time zone 'UTC', 'HH24:MI'), reason) from clara.backoff where scope = '*' and until > p_at))),
    'clients', (
      select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', c.id, 'plannedUntil', c.planned_until, 'lastSentAt', c.last_sent_at,
        'backoffUntil', b.until, 'backoffReason', b.reason, 'halted', h.why,
        'accounts', (select jsonb_object_agg(a.fingerprint, a.x_user_id) from clara.account a where a.client = c.id)))), '[]')
      from clara.client c
      left join clara.backoff b on b.scope = c.id and b.until > p_at
      left join clara.halt h on h.scope = c.id),
    'open', (
      select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', s.id, 'client', s.client, 'plannedAt', s.planned_at, 'state', s.state, 'leaseUntil', s.lease_until))), '[]')
      from clara.slot s where s.state in ('waiting', 'claimed', 'armed', 'unknown')))
$$;

-- Without taking anything: for plan and dry runs.
create function public.read_tick(p_at timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  select clara.tick_state(p_at) || '{"unsettled": []}'
$$;

-- Registers the run and takes the lease of every send without an answer. Two ticks never settle the same slot.
create function public.open_tick(p_run jsonb, p_at timestamptz, p_lease_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare unsettled jsonb;
begin
  insert into clara.run (id, commit_sha, mode, started_at)
    values (p_run->>'id', p_run->>'commit', p_run->'mode', p_at) on conflict do nothing;
  with stale as (
    select id from clara.slot
    where state in ('armed', 'unknown') and (lease_until is null or lease_until <= p_at)
    order by id for update skip locked
  ), taken as (
    update clara.slot s set fence = s.fence + 1, run = p_run->>'id',
      lease_until = p_at + make_interval(secs => p_lease_seconds), changed_at = p_at
    from stale where s.id = stale.id returning s.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
      'id', t.id, 'client', t.client, 'plannedAt', t.planned_at, 'fence', t.fence, 'absentReads', t.absent_reads,
      'draft', clara.draft_json(d), 'xUserId', last.x_user_id, 'armedAt', last.armed_at,
      'sends', (select count(*) from clara.send s where s.slot = t.id and coalesce(s.outcome, 'unknown') = 'unknown')
    ) order by t.planned_at, t.id), '[]') into unsettled
  from taken t
  join clara.draft d on d.slot = t.id
  join lateral (select * from clara.send s where s.slot = t.id order by number desc limit 1) last on true;
  return clara.tick_state(p_at) || jsonb_build_object('unsettled', unsettled);
end $$;

create function clara.draft_json(d clara.draft) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_strip_nulls(jsonb_build_object('text', d.text, 'hash', d.hash, 'source', d.source, 'model', d.model,
    'prompt', d.prompt, 'promptVersion', d.prompt_version, 'topic', d.topic, 'hasLink', d.has_link))
$$;

create function public.close_tick(p_run text, p_at timestamptz, p_report jsonb) returns void
language sql security definer set search_path = '' as $$
  update clara.run set finished_at = p_at, report = p_report where id = p_run
$$;
