-- What the doctor compares with its checkout.

-- The migrations that this database has, and its clock. No other function may read the clock: a tick brings its own, so that
-- time can be simulated. This one measures how far the two are apart, and nothing is decided or written by it.
create function public.ledger_info() returns jsonb
language sql volatile security definer set search_path = '' as $$
  select jsonb_build_object('clock', clock_timestamp(), 'migrations',
    (select coalesce(jsonb_agg(jsonb_build_object('name', name, 'sha256', sha256) order by version), '[]') from clara.migration))
$$;

revoke all on function public.ledger_info() from public, anon, authenticated;
grant execute on function public.ledger_info() to service_role;
