-- The ledger: the durable record of slots, drafts, sends, posts and spend. Only the functions of the later files touch it.
create schema if not exists extensions;
create extension if not exists pg_trgm with schema extensions;

create table clara.run (
  id text primary key,
  commit_sha text not null,
  mode jsonb not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  report jsonb
);

create table clara.client (
  id text primary key,
  -- Every slot planned up to here has its row; null until the first claim.
  planned_until timestamptz,
  -- When a text last may have left for X; min_gap counts from here.
  last_sent_at timestamptz
);

-- scope is a client's id, or '*' for every client.
create table clara.halt (
  scope text primary key,
  why text not null,
  halted_at timestamptz not null
);

create table clara.backoff (
  scope text primary key,
  until timestamptz not null,
  reason text not null
);

-- Credentials that X itself said belong to an account; the fingerprint is a digest, not a secret.
create table clara.account (
  fingerprint text primary key,
  client text not null,
  x_user_id text not null,
  verified_at timestamptz not null
);
create index account_client on clara.account (client);

create table clara.slot (
  id text primary key,
  client text not null,
  planned_at timestamptz not null,
  state text not null check (state in ('waiting', 'claimed', 'armed', 'unknown', 'posted', 'skipped', 'missed', 'dead')),
  reason text,
  -- Grows with every claim. A write that names an older fence changes nothing.
  fence int not null default 0,
  run text,
  lease_until timestamptz,
  absent_reads int not null default 0,
  last_read_at timestamptz,
  completions int not null default 0,
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  model_usd numeric not null default 0,
  x_usd numeric not null default 0,
  changed_at timestamptz not null
);
create index slot_open on clara.slot (client) where state in ('waiting', 'claimed', 'armed', 'unknown');

create table clara.draft (
  slot text primary key references clara.slot,
  client text not null,
  text text not null,
  hash text not null,
  source text not null check (source in ('model', 'fallback')),
  model text,
  prompt text not null,
  prompt_version text not null,
  topic text not null,
  has_link boolean not null,
  -- Never sent, so it does not stand in other clients' way.
  rehearsal boolean not null,
  receipt jsonb not null,
  run text not null,
  stored_at timestamptz not null
);
create index draft_client on clara.draft (client, stored_at desc);
create index draft_text on clara.draft using gin (text extensions.gin_trgm_ops);

-- One row each time a text was allowed to leave. outcome is null from arm until an answer is recorded.
create table clara.send (
  slot text not null references clara.slot,
  number int not null,
  run text not null,
  fence int not null,
  x_user_id text not null,
  armed_at timestamptz not null,
  outcome text,
  reason text,
  answered_at timestamptz,
  primary key (slot, number)
);

create table clara.post (
  slot text primary key references clara.slot,
  client text not null,
  -- Null when X only said that the text is posted already.
  post_id text unique,
  x_user_id text not null,
  posted_at timestamptz not null
);
create index post_client on clara.post (client, posted_at desc);

-- What a scope spent, and what is held for slots being worked on, in a day '2026-11-21' or a month '2026-11'.
create table clara.spend (
  scope text not null,
  period text not null,
  posts int not null default 0,
  completions int not null default 0,
  usd numeric not null default 0,
  held_posts int not null default 0,
  held_completions int not null default 0,
  held_usd numeric not null default 0,
  primary key (scope, period)
);

create table clara.hold (
  slot text primary key references clara.slot,
  client text not null,
  day text not null,
  month text not null,
  global_day text not null,
  global_month text not null,
  posts int not null,
  completions int not null,
  model_usd numeric not null,
  x_usd numeric not null
);

create table clara.bucket (
  key text primary key,
  tokens double precision not null,
  filled_at timestamptz not null
);

do $$
declare t text;
begin
  for t in select tablename from pg_tables where schemaname = 'clara' loop
    execute format('alter table clara.%I enable row level security', t);
  end loop;
end $$;
