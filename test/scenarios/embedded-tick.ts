import { afterEach } from "vitest";
import type { Query } from "../../src/vendors/migrations.ts";
import { embeddedSession, emptyLedger, secretKey } from "../support/ledger.ts";
import { serveRpc } from "../support/postgres.ts";
import { type Stage, stages } from "./whole-tick.ts";

export interface EmbeddedStage extends Stage {
  sql: Query;
}

/** Stages as `stages` opens them, with the ledger on PGlite. */
export function embeddedStages(): (options?: Parameters<ReturnType<typeof stages>>[0]) => Promise<EmbeddedStage> {
  const open = stages();
  const session = embeddedSession();
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  return async (options) => {
    const stage = await open(options);
    const ledger = await serveRpc(session(), secretKey);
    closers.push(ledger.close);
    const { sql } = await emptyLedger(session(), { url: ledger.url });
    const environment = { SUPABASE_URL: ledger.url, SUPABASE_SECRET_KEY: secretKey };
    return { ...stage, sql, tick: (minutesLater) => stage.tick(minutesLater, { environment }) };
  };
}

export async function statesOf(sql: Query, client: string): Promise<readonly unknown[]> {
  const rows = await sql("select state from clara.slot where client = $1 order by id", [client]);
  return rows.map(({ state }) => state);
}

export const timelineOf = (xUserId: string | undefined) => `/2/users/${xUserId}/tweets`;
