-- Compares a candidate with the drafts of the last 7 days only. Without the fence of a materialized list Postgres compares
-- it with every draft ever stored and looks at the dates afterwards, while all other runs wait to store theirs.
create index draft_stored on clara.draft (stored_at);

create or replace function clara.similar_slot(p_client text, p_slot text, p_candidate jsonb, p_at timestamptz) returns text
language sql stable security definer set search_path = '' set pg_trgm.similarity_threshold = 0.6 as $$
  with recent as materialized (
    select d.slot, d.text from clara.draft d join clara.slot s on s.id = d.slot
    where d.stored_at > p_at - interval '7 days' and d.client <> p_client and not d.rehearsal
      and s.state in ('waiting', 'claimed', 'armed', 'unknown', 'posted')
  ), own as materialized (
    select d.slot, d.text from clara.draft d
    where d.client = p_client and d.slot <> p_slot and p_candidate->>'source' = 'model'
    order by d.stored_at desc limit 50
  )
  select slot from (
    (select slot from recent where text operator(extensions.%) (p_candidate->>'text') limit 1)
    union all
    (select slot from own where extensions.similarity(text, p_candidate->>'text') >= 0.6 limit 1)
  ) twins limit 1
$$;
