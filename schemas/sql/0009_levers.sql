-- What a person does from outside a tick: stops and goes on, takes a dead letter up again, reads a receipt.

-- A person's decision that a dead letter is owed again. None of the slot's first `sends` sends has reached X.
create table clara.retry (
  slot text not null references clara.slot,
  number int not null,
  retried_at timestamptz not null,
  sends int not null,
  -- The draft that X had refused, when it was dropped so that another text is written.
  dropped jsonb,
  primary key (slot, number)
);
alter table clara.retry enable row level security;
create index slot_dead on clara.slot (changed_at) where state = 'dead';

create function clara.halts() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('scope', scope, 'why', why, 'haltedAt', halted_at) order by scope), '[]') from clara.halt
$$;

-- Answers with every halt that there was before. arm_slot reads halts right before each send, so running jobs obey too.
create function public.halt_scope(p_scope text, p_why text, p_at timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare earlier jsonb := clara.halts();
begin
  insert into clara.halt (scope, why, halted_at) values (p_scope, p_why, p_at)
    on conflict (scope) do update set why = excluded.why, halted_at = excluded.halted_at;
  return earlier;
end $$;

create function public.resume_scope(p_scope text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare earlier jsonb := clara.halts();
begin
  delete from clara.halt where scope = p_scope;
  return earlier;
end $$;

-- How many sends of a dead letter may have reached X. Only the run that sent has X's answer: an end that was written under
-- a later fence is what a later tick made of a send without an answer.
create function clara.may_have_left(s clara.slot) returns int
language sql stable security definer set search_path = '' as $$
  select count(*)::int from clara.send x
  where x.slot = s.id and x.number > coalesce((select max(r.sends) from clara.retry r where r.slot = s.id), 0)
    and not (coalesce(x.outcome, 'unknown') = 'deferred' or (coalesce(x.outcome, 'unknown') = 'dead' and x.fence = s.fence))
$$;

-- What a run's report says of a slot; null when the run has left no report, or none of this slot.
create function clara.reported(p_run text, p_slot text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select told from clara.run r
    cross join lateral jsonb_array_elements(case jsonb_typeof(r.report->'slots') when 'array' then r.report->'slots' else '[]' end) told
  where r.id = p_run and told->>'slot' = p_slot limit 1
$$;

-- What a retry does with the stored draft. refused: X does not take this text, so another one must be written.
-- unclear: X refused something, and the run has left no report that says what.
create function clara.draft_fate(s clara.slot) returns text
language sql stable security definer set search_path = '' as $$
  select case
    when not exists (select from clara.draft d where d.slot = s.id) then 'none'
    when latest.outcome is distinct from 'dead' then 'kept'
    when clara.reported(latest.run, s.id)->>'cause' is null then 'unclear'
    when clara.reported(latest.run, s.id)->>'cause' = 'content' then 'refused'
    else 'kept' end
  from (select 1) one left join lateral (
    select x.outcome, x.run from clara.send x
    where x.slot = s.id
      and x.number > coalesce((select max(r.sends) from clara.retry r where r.slot = s.id and r.dropped is not null), 0)
    order by x.number desc limit 1) latest on true
$$;

create function clara.dead_letter_json(s clara.slot) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_strip_nulls(jsonb_build_object('slot', s.id, 'client', s.client, 'plannedAt', s.planned_at, 'state', s.state,
    'endedAt', s.changed_at, 'reason', s.reason, 'cause', clara.reported(s.run, s.id)->>'cause',
    'mayHaveLeft', clara.may_have_left(s), 'hasPost', exists (select from clara.post p where p.slot = s.id),
    'draft', clara.draft_fate(s)))
$$;

-- Every dead letter, newest first; with ids, these slots in whatever state they are.
create function public.dead_letters(p_slots jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(clara.dead_letter_json(s) order by s.changed_at desc, s.id), '[]') from clara.slot s
  where case when p_slots is null then s.state = 'dead' else s.id in (select jsonb_array_elements_text(p_slots)) end
$$;

-- Puts dead letters back to waiting when no text of theirs can have reached X. Everything is judged again under the locks.
create function public.retry_slots(p_slots jsonb, p_at timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare s clara.slot; fate text; answers jsonb := '[]';
begin
  perform 1 from clara.client where id in (select client from clara.slot where id in (select jsonb_array_elements_text(p_slots)))
    order by id for update;
  for s in select * from clara.slot where id in (select jsonb_array_elements_text(p_slots)) order by id for update loop
    if s.state <> 'dead' or clara.may_have_left(s) > 0 or exists (select from clara.post p where p.slot = s.id) then
      answers := answers || jsonb_build_object('slot', s.id, 'retried', false);
      continue;
    end if;
    fate := clara.draft_fate(s);
    insert into clara.retry (slot, number, retried_at, sends, dropped) values (
      s.id, 1 + (select count(*) from clara.retry r where r.slot = s.id), p_at,
      (select count(*) from clara.send x where x.slot = s.id),
      (select clara.draft_json(d) from clara.draft d where d.slot = s.id and fate = 'refused'));
    if fate = 'refused' then delete from clara.draft where slot = s.id; end if;
    -- The fence grows, so that a run that still holds the old one writes nothing any more.
    update clara.slot set state = 'waiting', reason = 'a person took this dead letter up again', fence = fence + 1,
      lease_until = null, absent_reads = 0, last_read_at = null, changed_at = p_at where id = s.id;
    answers := answers || jsonb_build_object('slot', s.id, 'retried', true, 'draft', fate);
  end loop;
  return answers;
end $$;

-- Everything that is known of a slot, found by its own id or by its post's; an empty object when there is none.
create function public.explain_slot(p_key text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce((
    select jsonb_strip_nulls(jsonb_build_object(
      'slot', s.id, 'client', s.client, 'plannedAt', s.planned_at, 'state', s.state, 'reason', s.reason, 'changedAt', s.changed_at,
      'cause', told->>'cause', 'link', told->>'link',
      'completions', s.completions, 'inputTokens', s.input_tokens, 'cachedTokens', s.cached_tokens, 'outputTokens', s.output_tokens,
      'modelUsd', s.model_usd, 'xUsd', s.x_usd,
      'draft', (select clara.draft_json(d) from clara.draft d where d.slot = s.id),
      'receipt', (select d.receipt from clara.draft d where d.slot = s.id),
      'post', (select jsonb_build_object('id', p.post_id, 'xUserId', p.x_user_id, 'postedAt', p.posted_at) from clara.post p where p.slot = s.id),
      'run', (select jsonb_build_object('id', r.id, 'commit', r.commit_sha, 'mode', r.mode, 'startedAt', r.started_at, 'finishedAt', r.finished_at)
        from clara.run r where r.id = s.run),
      'sends', (select coalesce(jsonb_agg(jsonb_build_object('number', x.number, 'run', x.run, 'armedAt', x.armed_at, 'outcome', x.outcome,
        'reason', x.reason, 'answeredAt', x.answered_at) order by x.number), '[]') from clara.send x where x.slot = s.id),
      'retries', (select coalesce(jsonb_agg(jsonb_build_object('retriedAt', r.retried_at, 'dropped', r.dropped) order by r.number), '[]')
        from clara.retry r where r.slot = s.id)))
    from clara.slot s left join lateral (select clara.reported(s.run, s.id) as told) report on true
    where s.id = p_key or s.id = (select p.slot from clara.post p where p.post_id = p_key)
    limit 1), '{}')
$$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'clara' or (n.nspname = 'public'
      and p.proname in ('halt_scope', 'resume_scope', 'dead_letters', 'retry_slots', 'explain_slot'))
  loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    if (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = f) = 'public' then
      execute format('grant execute on function %s to service_role', f);
    end if;
  end loop;
end $$;
