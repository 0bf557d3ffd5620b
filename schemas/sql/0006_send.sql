-- Stores the intent to send. Read last, right before the send: a halt works on running jobs within one send.
create function public.arm_slot(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_lease_seconds int, p_fingerprint text, p_x_user_id text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare s clara.slot; why text; may_have_left int;
begin
  select * into s from clara.slot where id = p_slot;
  perform 1 from clara.client where id = s.client for update;
  select * into s from clara.slot where id = p_slot and fence = p_fence and state in ('claimed', 'armed', 'unknown') for update;
  if not found or not exists (select from clara.draft where slot = p_slot) then
    return '{"armed": false, "why": "fence-lost", "reason": "another run took this slot"}';
  end if;
  select h.why into why from clara.halt h where scope in ('*', s.client) limit 1;
  if found then return jsonb_build_object('armed', false, 'why', 'halted', 'reason', 'halted: ' || why); end if;
  select reason into why from clara.backoff where scope in ('*', s.client) and until > p_at limit 1;
  if found then return jsonb_build_object('armed', false, 'why', 'backing-off', 'reason', why); end if;
  -- A run so slow that its lease has ended must not post into the gap that another slot of the client keeps.
  if s.lease_until <= p_at and exists (select from clara.slot other where other.client = s.client and other.id <> p_slot
      and (other.state in ('armed', 'unknown') or (other.state = 'claimed' and other.lease_until > p_at))) then
    return '{"armed": false, "why": "fence-lost", "reason": "the lease has ended, and another slot of this client is being served"}';
  end if;
  select count(*) into may_have_left from clara.send where slot = p_slot and coalesce(outcome, 'unknown') = 'unknown';
  if may_have_left >= 2 or (may_have_left = 1 and s.absent_reads < 2) then
    return '{"armed": false, "why": "sent-twice", "reason": "the text may have left already"}';
  end if;
  insert into clara.account values (p_fingerprint, s.client, p_x_user_id, p_at)
    on conflict (fingerprint) do update set client = excluded.client, x_user_id = excluded.x_user_id;
  insert into clara.send (slot, number, run, fence, x_user_id, armed_at)
    values (p_slot, 1 + (select count(*) from clara.send where slot = p_slot), p_run, p_fence, p_x_user_id, p_at);
  update clara.slot set state = 'armed', absent_reads = 0, last_read_at = null, changed_at = p_at,
    lease_until = p_at + make_interval(secs => p_lease_seconds) where id = p_slot;
  -- A client that left rehearsal in the meantime: this text goes out, so it stands in other clients' way.
  update clara.draft set rehearsal = false where slot = p_slot and rehearsal;
  update clara.client set last_sent_at = greatest(last_sent_at, p_at) where id = s.client;
  return '{"armed": true}';
end $$;

-- Ends a run's work on a slot. False when the fence is lost. Written twice it stands once: a lost answer may be asked again.
create function public.record_outcome(
  p_run text, p_slot text, p_fence int, p_at timestamptz, p_outcome text, p_reason text, p_post_id text, p_x_usd numeric, p_backoff jsonb
) returns boolean
language plpgsql security definer set search_path = '' as $$
declare s clara.slot; next text := case p_outcome when 'deferred' then 'waiting' else p_outcome end; armed boolean;
begin
  if next not in ('waiting', 'unknown', 'posted', 'skipped', 'missed', 'dead') then
    raise exception 'unknown outcome %', p_outcome using errcode = '22023';
  end if;
  select * into s from clara.slot where id = p_slot;
  perform 1 from clara.client where id = s.client for update;
  select * into s from clara.slot where id = p_slot and fence = p_fence for update;
  if not found then return false; end if;
  if next in ('unknown', 'posted') and not exists (select from clara.send where slot = p_slot) then
    raise exception '% needs a send', p_outcome using errcode = '22023';
  end if;
  -- Deferred says that this run's last send did not leave; it says nothing about one that was left unclear before.
  if next = 'waiting' and exists (
    select from clara.send where slot = p_slot and coalesce(outcome, 'unknown') = 'unknown'
      and (fence <> p_fence or number < (select max(number) from clara.send where slot = p_slot))) then
    next := 'unknown';
  end if;
  if s.state not in ('claimed', 'armed', 'unknown') or (s.state = 'unknown' and s.lease_until is null) then return s.state = next; end if;
  armed := s.state in ('armed', 'unknown');
  update clara.slot set state = next, reason = p_reason, lease_until = null, x_usd = x_usd + p_x_usd, changed_at = p_at where id = p_slot;
  if armed then
    update clara.send set outcome = p_outcome, reason = p_reason, answered_at = p_at
      where slot = p_slot and number = (select max(number) from clara.send where slot = p_slot)
        and (p_outcome <> 'deferred' or fence = p_fence);
  end if;
  if next = 'posted' then
    insert into clara.post (slot, client, post_id, x_user_id, posted_at)
      select p_slot, s.client, p_post_id, x_user_id, armed_at from clara.send where slot = p_slot order by number desc limit 1;
  elsif next <> 'unknown' and armed then
    -- The text did not go out, so it does not count for min_gap.
    update clara.client c set last_sent_at = (select max(posted_at) from clara.post where client = c.id) where id = s.client;
  end if;
  perform clara.settle_x(p_slot, next, p_x_usd);
  if p_backoff is not null then
    insert into clara.backoff values (case p_backoff->>'scope' when 'all' then '*' else s.client end, (p_backoff->>'until')::timestamptz, p_backoff->>'reason')
      on conflict (scope) do update set until = greatest(backoff.until, excluded.until), reason = excluded.reason;
  end if;
  return true;
end $$;

-- Moves what X charged from held to spent; the rest stays held while the outcome is unknown, and is free once it is known.
create function clara.settle_x(p_slot text, p_state text, p_x_usd numeric) returns void
language plpgsql security definer set search_path = '' as $$
declare h clara.hold; posted int := case p_state when 'posted' then 1 else 0 end;
begin
  select * into h from clara.hold where slot = p_slot for update;
  if not found then return; end if;
  if p_state = 'unknown' then
    perform clara.add_spend(h, 0, 0, p_x_usd, 0, 0, -least(p_x_usd, h.x_usd));
    update clara.hold set x_usd = greatest(x_usd - p_x_usd, 0) where slot = p_slot;
  else
    perform clara.add_spend(h, posted, 0, p_x_usd, -h.posts, -h.completions, -(h.model_usd + h.x_usd));
    delete from clara.hold where slot = p_slot;
  end if;
end $$;

-- The text was not on the timeline. Only reads 60 s after the send, and 60 s after each other, count: X may show a post late.
-- Below two the lease ends, so that the next tick can read again; at two the caller decides, still holding it.
-- Below two the read is paid for here; at two the caller's next write pays for it.
create function public.record_absence(p_slot text, p_fence int, p_at timestamptz, p_x_usd numeric) returns int
language plpgsql security definer set search_path = '' as $$
declare s clara.slot; sent_at timestamptz; reads int;
begin
  select * into s from clara.slot where id = p_slot and fence = p_fence and state in ('armed', 'unknown') for update;
  if not found then return null; end if;
  select max(armed_at) into sent_at from clara.send where slot = p_slot;
  reads := s.absent_reads;
  if p_at - greatest(s.last_read_at, sent_at) >= interval '60 seconds' then
    reads := reads + 1;
    update clara.slot set last_read_at = p_at where id = p_slot;
  end if;
  update clara.slot set state = 'unknown', absent_reads = reads, changed_at = p_at,
    lease_until = case when reads >= 2 then lease_until end,
    x_usd = x_usd + case when reads >= 2 then 0 else p_x_usd end where id = p_slot;
  if reads < 2 then perform clara.settle_x(p_slot, 'unknown', p_x_usd); end if;
  return reads;
end $$;
