-- Counts a failure. A client's wait begins with the first one, a service's when the breaker opens. New is `anyoneTries`: a service
-- that is down fails whoever is tried, and while all of these had failed before, its wait never grew.
create or replace function clara.strike(p_scope text, p_client text, p_rule jsonb, p_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
declare
  b clara.breaker; n int; turn int; rest_seconds int;
  opens int := (p_rule->>'opensAfter')::int; several boolean := coalesce((p_rule->>'severalClients')::boolean, false);
  anyone_tries boolean := coalesce((p_rule->>'anyoneTries')::boolean, false);
begin
  select * into b from clara.breaker where scope = p_scope and cause = p_rule->>'cause';
  -- What fails while the scope rests was on its way already, and says nothing new.
  if b.until > p_at then return; end if;
  -- The same client again proves nothing about the others: its dead token must neither stop them nor keep them stopped.
  if several and p_client = any (b.clients) and not (anyone_tries and b.opened_at is not null) then return; end if;
  n := coalesce(b.failures, 0) + 1;
  turn := case when p_scope like '*%' then n - opens + 1 else n end;
  rest_seconds := case when turn >= 1 then clara.wait_seconds(p_scope || ' ' || (p_rule->>'cause'), turn,
    (p_rule->>'baseMinutes')::int, (p_rule->>'capMinutes')::int) end;
  insert into clara.breaker as old (scope, cause, failures, clients, reason, since, until, opened_at)
    values (p_scope, p_rule->>'cause', n, case when several then array[p_client] else '{}' end, p_rule->>'reason', p_at,
      p_at + make_interval(secs => rest_seconds), case when n >= opens then p_at end)
    on conflict (scope, cause) do update set failures = n, reason = excluded.reason, until = excluded.until,
      clients = old.clients || case when excluded.clients <@ old.clients then '{}' else excluded.clients end,
      opened_at = coalesce(old.opened_at, excluded.opened_at), probe = null, probe_fence = null;
end $$;
