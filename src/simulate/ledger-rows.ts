import type { SqlSession } from "../vendors/migrations.ts";

/** A slot as the ledger has it at the end. */
export interface SlotRow {
  id: string;
  client: string;
  plannedAt: Date;
  state: string;
  reason: string;
  /** The run that took or closed it last. */
  run: string;
  /** When it came into its state. */
  changedAt: Date;
  modelUsd: number;
  xUsd: number;
}

export interface Draft {
  slot: string;
  text: string;
  storedAt: Date;
}

/** One time that a text was allowed to leave. */
export interface Intent {
  slot: string;
  client: string;
  run: string;
  armedAt: Date;
}

/** What a scope spent and has held, in a day or a month. */
export interface SpendRow {
  scope: string;
  period: string;
  posts: number;
  completions: number;
  usd: number;
}

export async function readSlots(session: SqlSession): Promise<ReadonlyMap<string, SlotRow>> {
  const rows = await read<SlotRow>(
    session,
    `select id, client, planned_at as "plannedAt", state, coalesce(reason, '') as reason,
       coalesce(run, '') as run, changed_at as "changedAt",
       model_usd::float as "modelUsd", x_usd::float as "xUsd" from clara.slot order by id`,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export async function readDrafts(session: SqlSession): Promise<ReadonlyMap<string, Draft>> {
  const rows = await read<Draft>(session, `select slot, text, stored_at as "storedAt" from clara.draft order by slot`);
  return new Map(rows.map((row) => [row.slot, row]));
}

export function readIntents(session: SqlSession): Promise<readonly Intent[]> {
  return read<Intent>(
    session,
    `select x.slot, s.client, x.run, x.armed_at as "armedAt" from clara.send x join clara.slot s on s.id = x.slot
     order by x.armed_at, x.slot, x.number`,
  );
}

/** What is held counts: it is what a run that died may have spent. */
export function readSpend(session: SqlSession): Promise<readonly SpendRow[]> {
  return read<SpendRow>(
    session,
    `select scope, period, posts + held_posts as posts, completions + held_completions as completions,
       (usd + held_usd)::float as usd from clara.spend order by scope, period`,
  );
}

/** A halt, a wait or a breaker that the ledger has at the end; without `until` it lasts until a person acts. */
export interface Standing {
  /** A client's id; what concerns every client begins with a star. */
  scope: string;
  reason: string;
  until?: Date;
}

export async function readStanding(session: SqlSession): Promise<readonly Standing[]> {
  const rows = await read<{ scope: string; reason: string; until: Date | null }>(
    session,
    `select scope, why as reason, null::timestamptz as until from clara.halt
     union all select scope, reason, until from clara.backoff
     union all select scope, reason, until from clara.breaker where until is not null
     order by 1, 2`,
  );
  return rows.map(({ until, ...row }) => ({ ...row, ...(until !== null && { until }) }));
}

export async function countRows(session: SqlSession): Promise<number> {
  let rows = 0;
  for (const table of await tables(session)) {
    const [counted] = await read<{ count: number }>(session, `select count(*)::int as count from clara.${table}`);
    rows += counted?.count ?? 0;
  }
  return rows;
}

/** The tables in which one of the texts stands anywhere in a row. */
export async function tablesWith(session: SqlSession, texts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of await tables(session)) {
    const sql = `select count(*)::int as count from clara.${table} t
      where exists (select from unnest($1::text[]) form where strpos(to_jsonb(t)::text, form) > 0)`;
    const [counted] = await read<{ count: number }>(session, sql, [texts]);
    if ((counted?.count ?? 0) > 0) found.push(table);
  }
  return found;
}

async function tables(session: SqlSession): Promise<readonly string[]> {
  const sql = "select tablename as name from pg_tables where schemaname = 'clara' order by 1";
  return (await read<{ name: string }>(session, sql)).map(({ name }) => name);
}

async function read<Row>(session: SqlSession, sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]> {
  const rows = await session.transaction((query) => query(sql, parameters ?? []));
  return rows as unknown as readonly Row[];
}
