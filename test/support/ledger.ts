import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { BudgetLimits, Ledger } from "../../src/ports.ts";
import { openEmbeddedLedger, supabaseRoles } from "../../src/sandbox/pglite.ts";
import { rpcFetch } from "../../src/sandbox/postgrest.ts";
import type { Draft, RunInfo } from "../../src/terms.ts";
import { applyMigrations, type Query, readMigrations, type SqlSession } from "../../src/vendors/migrations.ts";
import { openPostgres } from "../../src/vendors/postgres.ts";
import { openLedger, openRpc } from "../../src/vendors/supabase.ts";
import { type NativePostgres, type RpcServer, serveRpc, startPostgres } from "./postgres.ts";

export interface LedgerUnderTest {
  ledger: Ledger;
  /** Looks inside the database, past the functions. */
  sql: Query;
}

/** Gives a ledger with empty tables. */
export type OpenLedger = () => Promise<LedgerUnderTest>;

export const secretKey = "sb_secret_only-for-tests";

/** The ledger of a session, with its tables emptied; applied migrations stay known. */
export async function emptyLedger(
  session: SqlSession,
  endpoint: { url: string; fetch?: typeof fetch },
): Promise<LedgerUnderTest> {
  const sql: Query = (statement, parameters) => session.transaction((query) => query(statement, parameters));
  const tables = await sql("select tablename as name from pg_tables where schemaname = 'clara'");
  const names = tables.map(({ name }) => `clara.${name}`).filter((name) => name !== "clara.migration");
  await sql(`truncate ${names.join(", ")}`);
  return { ledger: openLedger(openRpc({ ...endpoint, secretKey })), sql };
}

/** An instant on the tests' clock, in seconds from 2026-11-21T09:00:00Z. */
export function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 10, 21, 9) + seconds * 1000);
}

export const day = 86_400;

export function runInfo(id = "run-1"): RunInfo {
  const sandbox = "sandbox" as const;
  return {
    id,
    commit: "c0ffee",
    mode: { ledger: sandbox, limiter: sandbox, model: sandbox, x: sandbox },
    startedAt: at(0),
  };
}

export function draftOf(text: string, over: Partial<Draft> = {}): Draft {
  const hash = createHash("sha256").update(text).digest("hex");
  const base = { text, hash, prompt: "tip", promptVersion: "1.0.0", topic: "tea", hasLink: false };
  return { ...base, source: "model", model: "openai/gpt-5-mini", ...over };
}

export const wide: BudgetLimits = { postsPerDay: 1000, completionsPerDay: 1000, usdPerMonth: 1000 };

/** The ledger's own migrations. */
export const migrations = await readMigrations(join(import.meta.dirname, "../../schemas/sql"));

/** PGlite in memory, one instance for the suite that calls this. */
export function embeddedSession(): () => SqlSession {
  let session: Awaited<ReturnType<typeof openEmbeddedLedger>>;
  beforeAll(async () => {
    session = await openEmbeddedLedger(undefined, migrations);
  });
  afterAll(() => session.close());
  return () => session;
}

/** The same behind supabase-js. */
export function embeddedLedgers(): OpenLedger {
  const session = embeddedSession();
  return () => emptyLedger(session(), { url: "http://ledger.invalid", fetch: rpcFetch(session(), { secretKey }) });
}

/** A clock that only moves when a test waits. */
export function movableClock(): { now: () => Date; wait: (seconds: number) => Promise<void> } {
  let seconds = 0;
  return {
    now: () => at(seconds),
    wait: async (more) => {
      seconds += more;
    },
  };
}

export interface NativeLedger {
  open: OpenLedger;
  /** The HTTP endpoint and the session behind it. */
  server(): RpcServer;
  session(): SqlSession;
}

/** A native Postgres 17 behind HTTP and supabase-js, one server for the file that calls this. */
export function nativeLedgers(options: { connections?: number } = {}): NativeLedger {
  let postgres: NativePostgres;
  let session: ReturnType<typeof openPostgres>;
  let server: RpcServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    session = openPostgres(await postgres.createDatabase(), { connections: options.connections ?? 4 });
    await session.transaction((query) => query(supabaseRoles));
    await applyMigrations(session, migrations);
    server = await serveRpc(session, secretKey);
  });
  afterAll(async () => {
    await server.close();
    await session.close();
    await postgres.stop();
  });
  return {
    open: () => emptyLedger(session, { url: server.url }),
    server: () => server,
    session: () => session,
  };
}
