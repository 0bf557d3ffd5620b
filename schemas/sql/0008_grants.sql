-- Only the secret key may call the ledger, and only through these functions.
do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'clara' or (n.nspname = 'public' and p.proname in ('read_tick', 'open_tick', 'close_tick', 'claim_slots',
      'reserve_slots', 'store_draft', 'arm_slot', 'record_outcome', 'record_absence', 'take_tokens'))
  loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    if (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = f) = 'public' then
      execute format('grant execute on function %s to service_role', f);
    end if;
  end loop;
end $$;
