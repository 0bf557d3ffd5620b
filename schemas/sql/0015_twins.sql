-- Near-duplicates are searched in a quarter of the time, and in one that no longer grows with the ledger's age.

-- What the search reads of every draft of a week. In rows of their own, for those of the draft are so wide that taking
-- them apart cost more than the comparison.
create table clara.draft_bits (
  number bigint primary key,
  stored_at timestamptz not null,
  trigrams bit(1024) not null
);
alter table clara.draft_bits enable row level security;
insert into clara.draft_bits select number, stored_at, trigrams from clara.draft;
create index draft_bits_recent on clara.draft_bits (stored_at);
drop index clara.draft_recent;

create function clara.keep_bits() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    delete from clara.draft_bits where number = old.number;
  else
    insert into clara.draft_bits values (new.number, new.stored_at, new.trigrams);
  end if;
  return null;
end $$;
create trigger keep_bits after insert or delete on clara.draft for each row execute function clara.keep_bits();

-- The slot whose text is too close to a candidate: any client's of the last 7 days, or one of the client's own last 50, among
-- the drafts with numbers above p_after up to p_until. A fallback text may come back after 30 days, which the caller has
-- checked, so it is not compared with the client's own.
-- A bit that only the candidate has stands for at least one trigram that only the candidate has, and of these 0.6 allows two
-- fifths of its trigrams. So the fewest bits that a twin has in common with it are all of its bits without so many: this loses
-- nothing, and rules out nearly all for a hundredth of the price.
-- Without sequential scans: a plan made while the tables were nearly empty would be kept, and read all that was ever stored.
create or replace function clara.similar_draft(
  p_client text, p_slot text, p_candidate jsonb, p_own bit(1024), p_at timestamptz, p_after bigint, p_until bigint
) returns text
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  wanted text := p_candidate->>'text'; twin text; close bigint[];
  fewest bigint := ceil(bit_count(p_own) - 0.4 * cardinality(extensions.show_trgm(wanted)));
begin
  if p_after = 0 then
    -- "+ 0": a plan made for any numbers would go by them, and through all that was ever stored.
    close := array(select b.number from clara.draft_bits b
      where b.stored_at > p_at - interval '7 days' and b.number + 0 <= p_until and bit_count(b.trigrams & p_own) >= fewest);
  else
    close := array(select b.number from clara.draft_bits b
      where b.number > p_after and b.number <= p_until and b.stored_at > p_at - interval '7 days' and bit_count(b.trigrams & p_own) >= fewest);
  end if;
  if cardinality(close) > 0 then
    select d.slot into twin from clara.draft d join clara.slot s on s.id = d.slot
    where d.number = any (close) and d.client <> p_client and not d.rehearsal and extensions.similarity(d.text, wanted) >= 0.6
      and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted')
    limit 1;
  end if;
  if twin is null and p_candidate->>'source' = 'model' then
    -- "offset 0" keeps the dear comparison behind the cheap one, which the planner would have last.
    select near.slot into twin from (
      select recent.slot, recent.text from (
        select d.slot, d.text, d.number, d.trigrams from clara.draft d
        where d.client = p_client and d.slot <> p_slot order by d.stored_at desc limit 50) recent
      where number > p_after and number <= p_until and bit_count(trigrams & p_own) >= fewest offset 0) near
    where extensions.similarity(near.text, wanted) >= 0.6
    limit 1;
  end if;
  return twin;
end $$;

revoke all on function clara.keep_bits() from public, anon, authenticated;
