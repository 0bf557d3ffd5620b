-- Runs that serve a part of the clients: others' sends stay free for the runs that may settle them.

-- Whether a run limited to p_only serves a client. p_only is {"client": id}, or the range {"from": hash, "to": hash}, both ends
-- included, of the first eight hex digits of the SHA-256 of an id; null serves everyone.
create function clara.is_served(p_only jsonb, p_client text) returns boolean
language sql immutable set search_path = '' as $$
  select case
    when p_only is null then true
    when p_only ? 'client' then p_client = p_only->>'client'
    else left(encode(sha256(convert_to(p_client, 'UTF8')), 'hex'), 8) collate "C" between p_only->>'from' and p_only->>'to' end
$$;

-- open_tick for a part of the clients: registers the run and takes the lease of their sends without an answer. The send to be
-- settled is the latest that may have left: a second one that X surely refused must not hide from the timeline's reader when
-- the first one left.
create function public.open_tick_only(p_run jsonb, p_at timestamptz, p_lease_seconds int, p_only jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare unsettled jsonb;
begin
  insert into clara.run (id, commit_sha, mode, started_at)
    values (p_run->>'id', p_run->>'commit', p_run->'mode', p_at) on conflict do nothing;
  with stale as (
    select id from clara.slot
    where state in ('armed', 'unknown') and (lease_until is null or lease_until <= p_at) and clara.is_served(p_only, client)
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
  join lateral (select * from clara.send s where s.slot = t.id
    order by coalesce(s.outcome, 'unknown') = 'unknown' desc, number desc limit 1) last on true;
  return clara.tick_state(p_at) || jsonb_build_object('unsettled', unsettled);
end $$;

create or replace function public.open_tick(p_run jsonb, p_at timestamptz, p_lease_seconds int) returns jsonb
language sql security definer set search_path = '' as $$
  select public.open_tick_only(p_run, p_at, p_lease_seconds, null)
$$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where (n.nspname = 'clara' and p.proname = 'is_served')
      or (n.nspname = 'public' and p.proname in ('open_tick', 'open_tick_only'))
  loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    if (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = f) = 'public' then
      execute format('grant execute on function %s to service_role', f);
    end if;
  end loop;
end $$;
