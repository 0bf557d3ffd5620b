-- Token buckets, for when Upstash is not there. Takes from every bucket or from none.
create function public.take_tokens(p_at timestamptz, p_buckets jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare b jsonb; full_tokens float; refill_ms float; have float; wait_ms float; worst_ms float := 0; denied text;
begin
  insert into clara.bucket
    select distinct on (value->>'key') value->>'key', (value->>'capacity')::float, p_at
    from jsonb_array_elements(p_buckets) order by value->>'key'
    on conflict do nothing;
  perform 1 from clara.bucket where key in (select value->>'key' from jsonb_array_elements(p_buckets)) order by key for update;
  for b in select value from jsonb_array_elements(p_buckets) loop
    full_tokens := (b->>'capacity')::float;
    if (b->>'cost')::float not between 0 and full_tokens then
      raise exception 'cost % outside 0..%', b->>'cost', full_tokens using errcode = '22023';
    end if;
    refill_ms := (b->>'refill')::float / ((b->>'intervalSeconds')::float * 1000);
    update clara.bucket set filled_at = greatest(filled_at, p_at),
      tokens = least(full_tokens, tokens + greatest(0, extract(epoch from p_at - filled_at)::float) * 1000 * refill_ms)
      where key = b->>'key' returning tokens into have;
    wait_ms := ((b->>'cost')::float - have) / refill_ms;
    if wait_ms > worst_ms then worst_ms := wait_ms; denied := b->>'key'; end if;
  end loop;
  if denied is not null then
    return jsonb_build_object('allowed', false, 'key', denied, 'retryAt', p_at + make_interval(secs => ceil(worst_ms) / 1000));
  end if;
  update clara.bucket set tokens = tokens - (value->>'cost')::float
    from jsonb_array_elements(p_buckets) where key = value->>'key';
  return '{"allowed": true}';
end $$;
